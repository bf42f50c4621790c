-- What happened to a memory, event by event. A memory that nobody has changed has no rows here: its one event is its own
-- row. The first change writes that event down too. A seal is bound to the event's own id and version.

ALTER TABLE memories ADD COLUMN created_by uuid;  -- the API key that wrote version 1; null before this migration

CREATE TABLE memory_history (
  seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id               uuid NOT NULL UNIQUE,
  memory_id        uuid NOT NULL,
  version          integer NOT NULL,      -- the version that the event made; of a delete the one after the last
  event            smallint NOT NULL,     -- 0 add 1 update 2 delete
  slot             bigint NOT NULL,
  sealed_state     bytea NOT NULL,        -- what the memory said after the event, and the reason given
  actor            uuid,                  -- the API key
  at               timestamptz NOT NULL,
  -- Whose the memory was: who may read about it once it is gone.
  scope            smallint NOT NULL,
  user_ref         uuid,
  team_ref         uuid,
  organization_ref uuid
);
COMMENT ON TABLE memory_history IS 'memplane: data';
CREATE INDEX memory_history_by_memory ON memory_history (memory_id, seq);

-- No UPDATE: an event that was written stays as it is.
GRANT SELECT, INSERT, DELETE ON memory_history TO :service_role;
