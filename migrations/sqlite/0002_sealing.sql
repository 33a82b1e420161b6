-- The keys that personal data is sealed under, each wrapped by a key-encryption key that stands elsewhere.

-- The data key of an application, and by what its applicant is found. To remove a row is to erase: nothing else
-- opens what was sealed. It has row numbers, which are shorter in the indexes than the name of an application.
CREATE TABLE data_keys (
    application_id    TEXT NOT NULL PRIMARY KEY,
    -- Keyed hashes of applicant.reference and applicant.national_id.
    applicant_index   BLOB NOT NULL,
    national_id_index BLOB,
    -- The id of the key-encryption key.
    kek               TEXT NOT NULL,
    wrapped           BLOB NOT NULL,
    -- The sequence of the first decision's entry, divided by SEGMENT_ENTRIES of src/audit.rs.
    segment           INTEGER NOT NULL
) STRICT;

-- A keyed hash falls anywhere: an index over all of them would be written on as many pages as there are decisions. Within
-- a segment they share a few, however long the log is; who looks for an applicant asks every segment.
CREATE INDEX data_keys_by_applicant ON data_keys (segment, applicant_index);
CREATE INDEX data_keys_by_national_id ON data_keys (segment, national_id_index)
    WHERE national_id_index IS NOT NULL;

-- Keys of the whole service: the secret of the blind index.
CREATE TABLE wrapped_keys (
    name    TEXT NOT NULL PRIMARY KEY,
    kek     TEXT NOT NULL,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Applicants whose data must be kept. `subject` is how the audit log names them: a keyed hash.
CREATE TABLE legal_holds (
    applicant_index BLOB    NOT NULL PRIMARY KEY,
    subject         TEXT    NOT NULL,
    -- The entry that placed the hold.
    audit_sequence  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
