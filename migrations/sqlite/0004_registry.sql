-- The models and policies that have decided, whole, under the SHA-256 by which decisions name them: what it takes
-- to repeat a decision years later. A row is never changed. Which of them is in force the audit log says.
CREATE TABLE kept_models (
    sha256       TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    version      TEXT NOT NULL,
    kept_at      TEXT NOT NULL,
    -- The bytes of the files, in gzip.
    model_json   BLOB NOT NULL,
    parity_jsonl BLOB NOT NULL,
    card_md      BLOB NOT NULL,
    report_html  BLOB
) STRICT;

CREATE TABLE kept_policies (
    sha256      TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    kept_at     TEXT NOT NULL,
    -- The bytes of the file, in gzip.
    policy_toml BLOB NOT NULL
) STRICT;

CREATE INDEX kept_models_by_version ON kept_models (name, version, kept_at);
CREATE INDEX kept_policies_by_version ON kept_policies (name, version, kept_at);
