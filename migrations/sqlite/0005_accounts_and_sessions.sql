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
