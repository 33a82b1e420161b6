-- The keys that personal data is sealed under, each wrapped by a key-encryption key that stands elsewhere.

-- The data key of an application, and by what its applicant is found. To remove a row is to erase: nothing else
-- opens what was sealed.
CREATE TABLE data_keys (
    application_id    TEXT  COLLATE "C" NOT NULL PRIMARY KEY,
    -- Keyed hashes of applicant.reference and applicant.national_id.
    applicant_index   BYTEA NOT NULL,
    national_id_index BYTEA,
    -- The id of the key-encryption key.
    kek               TEXT  COLLATE "C" NOT NULL,
    wrapped           BYTEA NOT NULL,
    -- The sequence of the first decision's entry, divided by SEGMENT_ENTRIES of src/audit.rs.
    segment           BIGINT NOT NULL
);

-- A keyed hash falls anywhere: an index over all of them would be written on as many pages as there are decisions. Within
-- a segment they share a few, however long the log is; who looks for an applicant asks every segment.
CREATE INDEX data_keys_by_applicant ON data_keys (segment, applicant_index);
CREATE INDEX data_keys_by_national_id ON data_keys (segment, national_id_index)
    WHERE national_id_index IS NOT NULL;

-- Keys of the whole service: the secret of the blind index.
CREATE TABLE wrapped_keys (
    name    TEXT  COLLATE "C" NOT NULL PRIMARY KEY,
    kek     TEXT  COLLATE "C" NOT NULL,
    wrapped BYTEA NOT NULL
);

-- Applicants whose data must be kept. `subject` is how the audit log names them: a keyed hash.
CREATE TABLE legal_holds (
    applicant_index BYTEA  NOT NULL PRIMARY KEY,
    subject         TEXT   COLLATE "C" NOT NULL,
    -- The entry that placed the hold.
    audit_sequence  BIGINT NOT NULL
);
