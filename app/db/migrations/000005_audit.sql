-- The audit log: one RFC 6962 tree. A write leaves its event among the pending ones in its own transaction; the sequencer
-- puts them in order afterwards. The service's role can add to what is pending, and nothing else: numbers, hashes of the
-- event before and the head are made here, by a function that runs as the owner. Memories are named by value: what is
-- deleted or erased takes no event with it.

-- The bytes of an event around the two members that only the sequencer knows: head, prev, middle, seq, tail.
CREATE TABLE audit_pending (
  n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id       uuid NOT NULL,
  at       timestamptz NOT NULL,
  type     text NOT NULL,
  actor    text NOT NULL,
  resource text,
  head     bytea NOT NULL,
  middle   bytea NOT NULL,
  tail     bytea NOT NULL,
  CHECK (octet_length(head) + octet_length(middle) + octet_length(tail) <= 65000)
);
COMMENT ON TABLE audit_pending IS 'memplane: monotonic';

CREATE TABLE audit_events (
  seq      bigint PRIMARY KEY,     -- the index of the leaf: from 0, without gaps
  id       uuid NOT NULL,
  at       timestamptz NOT NULL,
  type     text NOT NULL,
  actor    text NOT NULL,
  resource text,
  leaf     bytea NOT NULL CHECK (octet_length(leaf) = 32),
  bytes    bytea NOT NULL CHECK (octet_length(bytes) <= 65535)   -- exactly what was hashed
);
COMMENT ON TABLE audit_events IS 'memplane: monotonic';
CREATE INDEX audit_events_by_id ON audit_events (id);
CREATE INDEX audit_events_by_time ON audit_events (at);
CREATE INDEX audit_events_by_actor ON audit_events (actor, seq);
CREATE INDEX audit_events_by_resource ON audit_events (resource, seq) WHERE resource IS NOT NULL;
CREATE INDEX audit_events_by_type ON audit_events (type, seq) WHERE type NOT LIKE 'memory.%' AND type <> 'access.batch';

-- What the root of an event's batch is made of. 1: the facts of a write, 53 bytes each. 2: reads, a line of JSON each.
CREATE TABLE audit_batches (
  event uuid PRIMARY KEY,
  kind  smallint NOT NULL,
  body  bytea NOT NULL,
  ids   uuid[] NOT NULL DEFAULT '{}'   -- of reads: the memories and the credentials; of a write its rows tell
);
ALTER TABLE audit_batches ALTER COLUMN body SET STORAGE EXTERNAL;   -- hashes do not compress
COMMENT ON TABLE audit_batches IS 'memplane: monotonic';
CREATE INDEX audit_batches_by_read ON audit_batches USING gin (ids) WHERE kind = 2;

-- What is personal of an event, sealed under the key of the person it is about: erased with that key.
CREATE TABLE audit_details (
  event  uuid NOT NULL,
  n      integer NOT NULL,   -- 0 of the event itself; of a batch of reads the read's own number
  slot   bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (event, n)
);
COMMENT ON TABLE audit_details IS 'memplane: monotonic';

-- Roots of full subtrees of 256^level leaves: what proofs and tiles above the leaves are read from.
CREATE TABLE audit_tree (
  level smallint NOT NULL CHECK (level > 0),
  n     bigint NOT NULL,
  hash  bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (level, n)
);
COMMENT ON TABLE audit_tree IS 'memplane: monotonic';

CREATE TABLE audit_checkpoints (
  size bigint PRIMARY KEY,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  note bytea NOT NULL,             -- a C2SP signed note
  at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE audit_checkpoints IS 'memplane: monotonic';

CREATE TABLE audit_head (
  one  boolean PRIMARY KEY DEFAULT true CHECK (one),
  size bigint NOT NULL,
  hash bytea NOT NULL              -- the leaf hash of the last event; 32 zeros before the first
);
COMMENT ON TABLE audit_head IS 'memplane: monotonic';
INSERT INTO audit_head (size, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: the audit log only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER audit_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_batches_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_batches EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_details_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_details EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_tree_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tree EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoints_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints EXECUTE FUNCTION audit_refuse();

-- Orders up to `most` pending events; how many, or null while another connection is at it. The lock is the transaction's,
-- so it works through a pooler, and each statement in here sees what was committed before it: what was missed by one run is
-- there for the next, whatever number it drew, because it goes by what is pending and never by the highest number seen.
CREATE FUNCTION audit_sequence(most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  item  record;
  size_ bigint;
  prev  bytea;
  entry bytea;
  taken bigint[] := '{}';
BEGIN
  IF NOT pg_try_advisory_xact_lock(28001, hashtext(current_schema())) THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT FROM audit_pending) THEN RETURN 0; END IF;
  SELECT h.size, h.hash INTO STRICT size_, prev FROM audit_head h FOR UPDATE;
  FOR item IN SELECT * FROM audit_pending ORDER BY n LIMIT most LOOP
    entry := item.head || convert_to('"prev":"' || encode(prev, 'base64') || '",', 'UTF8')
      || item.middle || convert_to('"seq":"' || size_ || '",', 'UTF8') || item.tail;
    prev := sha256('\x00'::bytea || entry);
    INSERT INTO audit_events (seq, id, at, type, actor, resource, leaf, bytes)
      VALUES (size_, item.id, item.at, item.type, item.actor, item.resource, prev, entry);
    size_ := size_ + 1;
    taken := taken || item.n;
  END LOOP;
  DELETE FROM audit_pending WHERE n = ANY (taken);
  UPDATE audit_head h SET size = size_, hash = prev;
  RETURN cardinality(taken);
END $$;
-- A caller's own search path, or its temporary tables, must not stand in for ours.
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION audit_sequence(integer) SET search_path = %I, pg_catalog, pg_temp', current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION audit_sequence(integer) FROM PUBLIC;

-- The event that a version came from, by value.
ALTER TABLE memories ADD COLUMN audit_event uuid;
ALTER TABLE memory_history ADD COLUMN audit_event uuid;

GRANT INSERT ON audit_pending TO :service_role;
GRANT SELECT ON audit_events, audit_head TO :service_role;
GRANT SELECT, INSERT ON audit_batches, audit_details, audit_tree, audit_checkpoints TO :service_role;
GRANT EXECUTE ON FUNCTION audit_sequence(integer) TO :service_role;
