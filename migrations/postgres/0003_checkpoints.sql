-- Signed heads of the log (C2SP tlog-checkpoint): written at an interval and when the server stops.
--
-- Numbered from 1 without gaps. Rows are added and never changed; `audit verify` holds each against the entries.
CREATE TABLE audit_checkpoints (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number >= 1),
    -- How many entries it covers.
    size   BIGINT NOT NULL UNIQUE CHECK (size >= 1),
    note   TEXT   COLLATE "C" NOT NULL
);

CREATE FUNCTION refuse_change_of_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a checkpoint is never changed or removed';
END;
$$;

CREATE TRIGGER audit_checkpoints_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_checkpoint();
