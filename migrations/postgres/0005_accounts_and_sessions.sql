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
