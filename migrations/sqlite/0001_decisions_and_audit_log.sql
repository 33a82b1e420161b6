-- Applications, their decisions, idempotency keys and the audit log.
--
-- The same numbers and names stand in every database's folder; texts differ where types do.
-- Times are RFC 3339 in UTC with microseconds, of one width, so that their order as text is their order in time.
--
-- What a decision writes has no foreign keys: each would look for a row that the same transaction has just put there.
-- `audit verify` holds every table against the log.

-- An application as it stands, by what it is found. What was received stands in the entry of its first decision, with
-- the applicant sealed, and nowhere else.
CREATE TABLE applications (
    id                 TEXT    NOT NULL PRIMARY KEY,
    external_reference TEXT,
    -- Role and subject, as in `service:los-1`.
    submitted_by       TEXT    NOT NULL,
    received_at        TEXT    NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('decided', 'awaiting_review')),
    outcome            TEXT    NOT NULL CHECK (outcome IN ('approve', 'review', 'decline')),
    version            INTEGER NOT NULL CHECK (version >= 1),
    amount_minor       INTEGER NOT NULL,
    currency           TEXT    NOT NULL,
    -- The sequence of the first decision's entry, divided by SEGMENT_ENTRIES of src/audit.rs.
    segment            INTEGER NOT NULL,
    -- When its data key was destroyed, since when nobody can read the applicant.
    erased_at          TEXT
) STRICT, WITHOUT ROWID;

-- Identifiers begin with the time of receipt, so that each of these lists newest first, page by page.
CREATE INDEX applications_by_outcome ON applications (outcome, id);
CREATE INDEX applications_by_submitter ON applications (submitted_by, id);
-- A sender's reference may fall anywhere: an index over all of them would be written on as many pages as there are
-- decisions. Within a segment of the log they share a few, however long the log is; who looks for one asks every segment.
CREATE INDEX applications_by_reference ON applications (segment, external_reference)
    WHERE external_reference IS NOT NULL;

-- The audit log. `entry` is the entry's canonical JSON; the columns beside it repeat what is searched for.
CREATE TABLE audit_entries (
    sequence    INTEGER NOT NULL PRIMARY KEY,
    leaf_hash   BLOB    NOT NULL,
    recorded_at TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    -- Role and subject, as in `service:los-1`.
    actor       TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    entry       TEXT    NOT NULL
) STRICT;

-- Times never go back, so one entry of every 256 leads to the others.
CREATE INDEX audit_entries_by_time ON audit_entries (recorded_at, sequence) WHERE sequence % 256 = 0;
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, sequence);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor, sequence);
CREATE INDEX audit_entries_by_request ON audit_entries (request_id, sequence);
-- The entries that are no decision by model and policy: far fewer, and searched for by what they are.
CREATE INDEX audit_entries_by_rare_action ON audit_entries (action, sequence)
    WHERE action <> 'application.decided';

-- Hashes inside the Merkle tree: of every complete subtree of 256^level leaves, the `position`th of its level.
CREATE TABLE audit_nodes (
    level    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

-- One row: how many entries there are, the root of their tree, and the roots of its complete subtrees, widest
-- first, from which the next entry goes on.
CREATE TABLE audit_head (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size       INTEGER NOT NULL CHECK (size >= 0),
    root_hash  BLOB    NOT NULL,
    frontier   BLOB    NOT NULL,
    updated_at TEXT,
    -- How many checkpoints were signed: shows when the last of them are removed.
    checkpoints INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The root of the empty tree is the SHA-256 of nothing (RFC 6962, section 2.1).
INSERT INTO audit_head (id, size, root_hash, frontier, updated_at)
VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', x'', NULL);

-- Every decision on an application: its first by model and policy, the later ones by people. What was decided, and the
-- record that repeats it, is the payload of its audit entry.
CREATE TABLE decisions (
    audit_sequence INTEGER NOT NULL PRIMARY KEY,
    leaf_hash      BLOB    NOT NULL,
    application_id TEXT    NOT NULL,
    -- The application's version that this decision made.
    number         INTEGER NOT NULL CHECK (number >= 1),
    id             TEXT    NOT NULL,
    decided_at     TEXT    NOT NULL,
    outcome        TEXT    NOT NULL CHECK (outcome IN ('approve', 'review', 'decline')),
    automatic      INTEGER NOT NULL CHECK (automatic IN (0, 1)),
    score          INTEGER NOT NULL,
    UNIQUE (application_id, number)
) STRICT;

-- What was answered under an Idempotency-Key, kept for a day at least.
CREATE TABLE idempotency_keys (
    caller         TEXT    NOT NULL,
    route          TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    -- HMAC-SHA-256: a plain hash of a request would let guesses of what it said be checked.
    request_mac    BLOB    NOT NULL,
    status         INTEGER NOT NULL,
    application_id TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    -- Sealed under the application's data key, without the decision's place in the log.
    response       BLOB    NOT NULL,
    created_at     TEXT    NOT NULL,
    PRIMARY KEY (caller, route, key)
) STRICT;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
