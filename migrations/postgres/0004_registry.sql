-- The models and policies that have decided, whole, under the SHA-256 by which decisions name them: what it takes
-- to repeat a decision years later. A row is never changed. Which of them is in force the audit log says.
CREATE TABLE kept_models (
    sha256       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    version      TEXT COLLATE "C" NOT NULL,
    kept_at      TEXT COLLATE "C" NOT NULL,
    -- The bytes of the files, in gzip.
    model_json   BYTEA NOT NULL,
    parity_jsonl BYTEA NOT NULL,
    card_md      BYTEA NOT NULL,
    report_html  BYTEA
);

CREATE TABLE kept_policies (
    sha256      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL,
    version     TEXT COLLATE "C" NOT NULL,
    kept_at     TEXT COLLATE "C" NOT NULL,
    -- The bytes of the file, in gzip.
    policy_toml BYTEA NOT NULL
);

CREATE INDEX kept_models_by_version ON kept_models (name, version, kept_at);
CREATE INDEX kept_policies_by_version ON kept_policies (name, version, kept_at);
