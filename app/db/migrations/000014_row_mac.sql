-- The MAC of what decides about a memory: trust, scope, owner, hold, status. Whoever can write to this table and has no keys
-- can change none of it unseen. Rows of before this migration have none until a worker has computed it; once it is through,
-- which the audit log remembers, a row without one is refused as a forged one is.
ALTER TABLE memories ADD COLUMN mac bytea;
CREATE INDEX memories_unmarked ON memories (id) WHERE mac IS NULL;

-- A replica of the version before changes rows and knows of no MAC: those go back to the worker instead of being refused.
CREATE FUNCTION memories_unmark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.mac := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER memories_unmark BEFORE UPDATE ON memories FOR EACH ROW
  WHEN (NEW.mac = OLD.mac AND (NEW.version, NEW.status, NEW.legal_hold) IS DISTINCT FROM (OLD.version, OLD.status, OLD.legal_hold))
  EXECUTE FUNCTION memories_unmark();
