-- Signed heads of the log (C2SP tlog-checkpoint): written at an interval and when the server stops.
--
-- Numbered from 1 without gaps. Rows are added and never changed; `audit verify` holds each against the entries.
CREATE TABLE audit_checkpoints (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number >= 1),
    -- How many entries it covers.
    size   INTEGER NOT NULL UNIQUE CHECK (size >= 1),
    note   TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_checkpoints_are_not_changed BEFORE UPDATE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is never changed');
END;

CREATE TRIGGER audit_checkpoints_are_not_removed BEFORE DELETE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is never removed');
END;
