-- Who signs in to the console, and the sessions that are open.

-- An account's name is the subject of what it does in the audit log. Accounts are disabled, never removed.
CREATE TABLE accounts (
    name          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    role          TEXT COLLATE "C" NOT NULL CHECK (role IN ('officer', 'manager', 'risk', 'auditor', 'privacy', 'service', 'admin')),
    -- Argon2id, as a PHC string. None for the accounts that development mode makes, which sign in there alone.
    password_hash TEXT COLLATE "C",
    created_at    TEXT COLLATE "C" NOT NULL,
    disabled_at   TEXT COLLATE "C"
);

-- A session is known by the SHA-256 of its token; the token itself is kept by the browser alone. Its role is its
-- account's, read at every request.
CREATE TABLE sessions (
    token_hash   BYTEA NOT NULL PRIMARY KEY,
    -- What a person calls it by to end it.
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    account      TEXT COLLATE "C" NOT NULL REFERENCES accounts (name),
    started_at   TEXT COLLATE "C" NOT NULL,
    last_seen_at TEXT COLLATE "C" NOT NULL,
    -- The browser and system, as a person would say them.
    client       TEXT COLLATE "C" NOT NULL
);

CREATE INDEX sessions_by_account ON sessions (account, started_at);
CREATE INDEX sessions_by_age ON sessions (started_at);

-- Browsers that somebody signed in from, so that guessing elsewhere does not keep their owner out.
CREATE TABLE known_browsers (
    -- SHA-256 of the browser's token.
    token_hash BYTEA NOT NULL,
    account    TEXT COLLATE "C" NOT NULL REFERENCES accounts (name),
    known_at   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (token_hash, account)
);

CREATE INDEX known_browsers_by_account ON known_browsers (account);

-- How often somebody was not signed in, by what it is counted under: a keyed hash of an account's name, of a known
-- browser, or of an address. Whoever fails waits, longer each time.
CREATE TABLE sign_in_failures (
    tag      BYTEA    NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL CHECK (failures >= 1),
    last_at  TEXT COLLATE "C"    NOT NULL
);

CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);

-- Lists with their filters, under a name that their owner gave them.
CREATE TABLE saved_views (
    account  TEXT COLLATE "C" NOT NULL REFERENCES accounts (name),
    name     TEXT COLLATE "C" NOT NULL,
    -- The list's address from its question mark on.
    query    TEXT COLLATE "C" NOT NULL,
    saved_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, name)
);

-- What model and policy decided, by the day on which the console counts it: made of the decisions, in their order, and
-- good for nothing but showing. Removing every row has them counted anew.
CREATE TABLE daily_tallies (
    day      TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    approved BIGINT NOT NULL,
    reviewed BIGINT NOT NULL,
    declined BIGINT NOT NULL,
    -- How often each score was given: a JSON object.
    scores   TEXT COLLATE "C"    NOT NULL
);

-- One row: the last decision that was counted.
CREATE TABLE tallied (
    id               BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    through_sequence BIGINT NOT NULL
);

INSERT INTO tallied (id, through_sequence) VALUES (1, -1);
