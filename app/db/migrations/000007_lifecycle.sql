-- The life of a memory: what it contradicts, what holds it, who must look at it, when it ends, what belongs to it.

-- Two rows of one owner with equal fact_token and different object_token contradict each other. Both are keyed hashes, so
-- that they work on sealed rows; null without subject and predicate, or without an object.
ALTER TABLE memories
  ADD COLUMN fact_token   bytea,
  ADD COLUMN object_token bytea;
CREATE INDEX memories_by_fact ON memories (fact_token) WHERE fact_token IS NOT NULL;
-- Equal contents are found by eight bytes of their keyed hash; the row itself decides.
CREATE INDEX memories_by_content ON memories (substring(content_hash FROM 1 FOR 8)) WHERE status = 0;
-- Who builds on whom, for whoever deletes a memory with what was derived from it.
CREATE INDEX memories_by_evidence ON memories USING gin (evidence) WHERE evidence <> '{}';
-- What one writer did in a stretch of time, for whoever undoes it.
CREATE INDEX memory_history_by_actor ON memory_history (actor, at) WHERE actor IS NOT NULL;
-- Times of expiry follow the times of writing, so a summary for each range of pages is enough and costs a writer nothing.
CREATE INDEX memories_by_expiry ON memories USING brin (expires_at) WITH (autosummarize = on);

-- A legal hold on one memory, on all of a person's, or on the whole tenant. Never deleted; its MAC covers every column.
CREATE TABLE holds (
  id             uuid PRIMARY KEY,
  scope          smallint NOT NULL CHECK (scope IN (0, 1, 2)),  -- 0 memory 1 user 2 tenant
  memory_id      uuid,                    -- by value: a hold outlives what it held
  user_ref       uuid,
  slot           bigint NOT NULL,
  sealed_detail  bytea NOT NULL,          -- matter and reason, under the tenant's slot: an erasure must not destroy them
  placed_by      uuid NOT NULL,
  placed_at      timestamptz NOT NULL,
  until          timestamptz,
  released_by    uuid,                    -- null while it stands; all zeros when its own end was reached
  released_at    timestamptz,
  sealed_release bytea,
  mac            bytea NOT NULL,
  CHECK ((scope = 0) = (memory_id IS NOT NULL) AND (scope = 1) = (user_ref IS NOT NULL))
);
COMMENT ON TABLE holds IS 'memplane: monotonic';
CREATE INDEX holds_by_memory ON holds (memory_id) WHERE memory_id IS NOT NULL;
CREATE INDEX holds_by_user ON holds (user_ref) WHERE user_ref IS NOT NULL;
CREATE INDEX holds_of_tenant ON holds (placed_at) WHERE scope = 2;

-- What waits for a second pair of eyes: a memory in quarantine, or one that is to be seen by more people.
CREATE TABLE reviews (
  id            uuid PRIMARY KEY,
  kind          smallint NOT NULL,        -- 0 quarantine 1 promotion
  memory_id     uuid NOT NULL,
  slot          bigint NOT NULL,
  status        smallint NOT NULL DEFAULT 0,  -- 0 pending 1 approved 2 rejected
  reasons       text[] NOT NULL,          -- codes of ours, never content
  sealed_detail bytea,                    -- of a promotion: where to, and why
  requested_by  uuid NOT NULL,
  requester_ref uuid,                     -- the person whose credential asked
  created_at    timestamptz NOT NULL,
  decided_by    uuid,
  decided_at    timestamptz,
  sealed_decision bytea
);
COMMENT ON TABLE reviews IS 'memplane: data';
CREATE INDEX reviews_by_status ON reviews (status, created_at, id);
CREATE INDEX reviews_by_memory ON reviews (memory_id);

-- When each task of the lifecycle runs next, and what its runs did.
CREATE TABLE lifecycle_tasks (
  name        text PRIMARY KEY,
  next_run_at timestamptz NOT NULL,
  leased_until timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE lifecycle_tasks IS 'memplane: data';
INSERT INTO lifecycle_tasks (name, next_run_at) VALUES
  ('expiry', now() + interval '1 minute'), ('forgetting', now() + interval '1 day'), ('holds', now() + interval '1 minute');
CREATE TABLE lifecycle_runs (
  id          uuid PRIMARY KEY,
  task        text NOT NULL REFERENCES lifecycle_tasks (name),
  trigger     text NOT NULL,              -- schedule | request
  status      text NOT NULL,              -- pending | running | succeeded | failed
  counts      jsonb NOT NULL DEFAULT '{}',
  error       text,
  created_at  timestamptz NOT NULL,
  started_at  timestamptz,
  finished_at timestamptz
);
COMMENT ON TABLE lifecycle_runs IS 'memplane: data';
CREATE INDEX lifecycle_runs_by_task ON lifecycle_runs (task, created_at DESC);
CREATE INDEX lifecycle_runs_open ON lifecycle_runs (task) WHERE status IN ('pending', 'running');

-- Files that belong to memories. The bytes lie sealed in a bucket; a memory that goes leaves its artifacts, without the link.
CREATE TABLE artifacts (
  id          uuid PRIMARY KEY,
  slot        bigint NOT NULL,
  scope       smallint NOT NULL,
  user_ref    uuid,
  team_ref    uuid,
  organization_ref uuid,
  memory_id   uuid REFERENCES memories (id) ON DELETE SET NULL,
  bytes       bigint NOT NULL,
  sha256_token bytea NOT NULL,            -- keyed: equal files of one person are found, nothing else is
  object_name text NOT NULL,
  sealed_key  bytea NOT NULL,             -- the key that the object is encrypted with
  sealed_manifest bytea NOT NULL,         -- name, type, SHA-256 and the signature over them
  created_by  uuid NOT NULL,
  created_at  timestamptz NOT NULL
);
COMMENT ON TABLE artifacts IS 'memplane: data';
CREATE INDEX artifacts_by_memory ON artifacts (memory_id) WHERE memory_id IS NOT NULL;
CREATE INDEX artifacts_by_user ON artifacts (user_ref, created_at DESC, id DESC);

GRANT SELECT, INSERT, UPDATE ON holds TO :service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON reviews, lifecycle_runs, artifacts TO :service_role;
GRANT SELECT, INSERT, UPDATE ON lifecycle_tasks TO :service_role;
