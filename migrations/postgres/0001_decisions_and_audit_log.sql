-- Applications, their decisions, idempotency keys and the audit log.
--
-- The same numbers and names stand in every database's folder; texts differ where types do.
-- Times are RFC 3339 in UTC with microseconds, of one width, so that their order as text is their order in time.
-- Text is compared by its bytes (COLLATE "C"), whatever the database's own collation, so that an order never
-- changes with the operating system's libraries. Whole numbers are BIGINT, as they are bound and read.
--
-- What a decision writes has no foreign keys: PostgreSQL checks each of them, row by row, with a query and a lock that is
-- written to disk, for rows that one transaction has just put there. `audit verify` holds every table against the log.
-- Rows stay whole on a page where they fit (toast_tuple_target), so that a decision is not written in pieces.

-- An application as it stands, by what it is found. What was received stands in the entry of its first decision, with
-- the applicant sealed, and nowhere else.
CREATE TABLE applications (
    id                 TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    external_reference TEXT   COLLATE "C",
    -- Role and subject, as in `service:los-1`.
    submitted_by       TEXT   COLLATE "C" NOT NULL,
    received_at        TEXT   COLLATE "C" NOT NULL,
    status             TEXT   COLLATE "C" NOT NULL CHECK (status IN ('decided', 'awaiting_review')),
    outcome            TEXT   COLLATE "C" NOT NULL CHECK (outcome IN ('approve', 'review', 'decline')),
    version            BIGINT NOT NULL CHECK (version >= 1),
    amount_minor       BIGINT NOT NULL,
    currency           TEXT   COLLATE "C" NOT NULL,
    -- The sequence of the first decision's entry, divided by SEGMENT_ENTRIES of src/audit.rs.
    segment            BIGINT NOT NULL,
    -- When its data key was destroyed, since when nobody can read the applicant.
    erased_at          TEXT   COLLATE "C"
);

-- Identifiers begin with the time of receipt, so that each of these lists newest first, page by page.
CREATE INDEX applications_by_outcome ON applications (outcome, id);
CREATE INDEX applications_by_submitter ON applications (submitted_by, id);
-- A sender's reference may fall anywhere: an index over all of them would be written on as many pages as there are
-- decisions. Within a segment of the log they share a few, however long the log is; who looks for one asks every segment.
CREATE INDEX applications_by_reference ON applications (segment, external_reference)
    WHERE external_reference IS NOT NULL;

-- The audit log. `entry` is the entry's canonical JSON; the columns beside it repeat what is searched for.
CREATE TABLE audit_entries (
    sequence    BIGINT NOT NULL PRIMARY KEY,
    leaf_hash   BYTEA  NOT NULL,
    recorded_at TEXT   COLLATE "C" NOT NULL,
    action      TEXT   COLLATE "C" NOT NULL,
    -- Role and subject, as in `service:los-1`.
    actor       TEXT   COLLATE "C" NOT NULL,
    request_id  TEXT   COLLATE "C" NOT NULL,
    subject     TEXT   COLLATE "C" NOT NULL,
    entry       TEXT   COLLATE "C" NOT NULL
) WITH (toast_tuple_target = 4080);

-- Entries that are too long for that are compressed, by the quick method where the server was built with it.
DO $$ BEGIN
    ALTER TABLE audit_entries ALTER COLUMN entry SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    NULL;
END $$;

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
    level    BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash     BYTEA  NOT NULL,
    PRIMARY KEY (level, position)
);

-- One row: how many entries there are, the root of their tree, and the roots of its complete subtrees, widest
-- first, from which the next entry goes on. Whoever writes locks it first, so that there is one log however many
-- processes write. It is written with every commit: the free space on its page keeps that cheap.
CREATE TABLE audit_head (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size       BIGINT NOT NULL CHECK (size >= 0),
    root_hash  BYTEA  NOT NULL,
    frontier   BYTEA  NOT NULL,
    updated_at TEXT   COLLATE "C",
    -- How many checkpoints were signed: shows when the last of them are removed.
    checkpoints BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- The root of the empty tree is the SHA-256 of nothing (RFC 6962, section 2.1).
INSERT INTO audit_head (id, size, root_hash, frontier, updated_at)
VALUES (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', NULL);

-- Every decision on an application: its first by model and policy, the later ones by people. What was decided, and the
-- record that repeats it, is the payload of its audit entry.
CREATE TABLE decisions (
    audit_sequence BIGINT NOT NULL PRIMARY KEY,
    leaf_hash      BYTEA  NOT NULL,
    application_id TEXT   COLLATE "C" NOT NULL,
    -- The application's version that this decision made.
    number         BIGINT NOT NULL CHECK (number >= 1),
    id             TEXT   COLLATE "C" NOT NULL,
    decided_at     TEXT   COLLATE "C" NOT NULL,
    outcome        TEXT   COLLATE "C" NOT NULL CHECK (outcome IN ('approve', 'review', 'decline')),
    automatic      BIGINT NOT NULL CHECK (automatic IN (0, 1)),
    score          BIGINT NOT NULL,
    UNIQUE (application_id, number)
);

-- What was answered under an Idempotency-Key, kept for a day at least.
CREATE TABLE idempotency_keys (
    caller         TEXT   COLLATE "C" NOT NULL,
    route          TEXT   COLLATE "C" NOT NULL,
    key            TEXT   COLLATE "C" NOT NULL,
    -- HMAC-SHA-256: a plain hash of a request would let guesses of what it said be checked.
    request_mac    BYTEA  NOT NULL,
    status         BIGINT NOT NULL,
    application_id TEXT   COLLATE "C" NOT NULL,
    version        BIGINT NOT NULL,
    -- Sealed under the application's data key, without the decision's place in the log.
    response       BYTEA  NOT NULL,
    created_at     TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (caller, route, key)
) WITH (toast_tuple_target = 8160);

-- What is sealed cannot be made shorter.
ALTER TABLE idempotency_keys ALTER COLUMN response SET STORAGE EXTERNAL;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
