-- Who signs in to the console, and the sessions that are open.

-- An account's name is the subject of what it does in the audit log. Accounts are disabled, never removed.
CREATE TABLE accounts (
    name          TEXT NOT NULL PRIMARY KEY,
    role          TEXT NOT NULL CHECK (role IN ('officer', 'manager', 'risk', 'auditor', 'privacy', 'service', 'admin')),
    -- Argon2id, as a PHC string. None for the accounts that development mode makes, which sign in there alone.
    password_hash TEXT,
    created_at    TEXT NOT NULL,
    disabled_at   TEXT
) STRICT, WITHOUT ROWID;

-- A session is known by the SHA-256 of its token; the token itself is kept by the browser alone. Its role is its
-- account's, read at every request.
CREATE TABLE sessions (
    token_hash   BLOB NOT NULL PRIMARY KEY,
    -- What a person calls it by to end it.
    id           TEXT NOT NULL UNIQUE,
    account      TEXT NOT NULL REFERENCES accounts (name),
    started_at   TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    -- The browser and system, as a person would say them.
    client       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account, started_at);
CREATE INDEX sessions_by_age ON sessions (started_at);

-- Browsers that somebody signed in from, so that guessing elsewhere does not keep their owner out.
CREATE TABLE known_browsers (
    -- SHA-256 of the browser's token.
    token_hash BLOB NOT NULL,
    account    TEXT NOT NULL REFERENCES accounts (name),
    known_at   TEXT NOT NULL,
    PRIMARY KEY (token_hash, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_browsers_by_account ON known_browsers (account);

-- How often somebody was not signed in, by what it is counted under: a keyed hash of an account's name, of a known
-- browser, or of an address. Whoever fails waits, longer each time.
CREATE TABLE sign_in_failures (
    tag      BLOB    NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures >= 1),
    last_at  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);

-- Lists with their filters, under a name that their owner gave them.
CREATE TABLE saved_views (
    account  TEXT NOT NULL REFERENCES accounts (name),
    name     TEXT NOT NULL,
    -- The list's address from its question mark on.
    query    TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

-- What model and policy decided, by the day on which the console counts it: made of the decisions, in their order, and
-- good for nothing but showing. Removing every row has them counted anew.
CREATE TABLE daily_tallies (
    day      TEXT    NOT NULL PRIMARY KEY,
    approved INTEGER NOT NULL,
    reviewed INTEGER NOT NULL,
    declined INTEGER NOT NULL,
    -- How often each score was given: a JSON object.
    scores   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: the last decision that was counted.
CREATE TABLE tallied (
    id               INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    through_sequence INTEGER NOT NULL
) STRICT;

INSERT INTO tallied (id, through_sequence) VALUES (1, -1);
