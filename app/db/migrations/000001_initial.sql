-- Every table says by its comment whether a restore may turn it back (data) or never does (monotonic).
-- What is personal or content is sealed before it gets here; the columns in clear are what queries need.
-- :service_role is the role that the service logs in with; it owns nothing.

-- Who a memory belongs to. A slot names the key that seals the person's rows; slots are never reused.
CREATE SEQUENCE user_slot AS bigint START 16 MINVALUE 16;
CREATE TABLE users (
  slot       bigint PRIMARY KEY,
  ref        uuid NOT NULL UNIQUE,      -- random: what other rows carry in place of the person's id
  token      bytea NOT NULL UNIQUE,     -- keyed hash of the person's id: how it is looked up
  sealed_id  bytea NOT NULL,            -- the person's id, sealed under the person's slot
  created_at timestamptz NOT NULL,
  mac        bytea NOT NULL
);
COMMENT ON TABLE users IS 'memplane: monotonic';

-- Agents, sessions, applications, teams and organizations, sealed under the person's slot they appear with, else slot 0.
CREATE TABLE entities (
  ref       uuid PRIMARY KEY,
  kind      smallint NOT NULL,          -- 1 agent 2 session 3 app 4 team 5 organization
  slot      bigint NOT NULL,
  token     bytea NOT NULL,
  sealed_id bytea NOT NULL,
  UNIQUE (kind, token, slot)
);
COMMENT ON TABLE entities IS 'memplane: data';

CREATE TABLE api_keys (
  id           uuid PRIMARY KEY,
  token        bytea NOT NULL UNIQUE,   -- keyed hash of the key's text
  hint         text NOT NULL,           -- the first letters, for people who look for a key in a list
  sealed_name  bytea NOT NULL,
  role         text NOT NULL CHECK (role IN ('admin', 'user', 'service', 'readonly')),
  user_ref     uuid REFERENCES users (ref),
  team_refs    uuid[] NOT NULL DEFAULT '{}',
  organization_refs uuid[] NOT NULL DEFAULT '{}',
  bootstrap    boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  mac          bytea NOT NULL
);
COMMENT ON TABLE api_keys IS 'memplane: monotonic';

CREATE TABLE memories (
  id              uuid PRIMARY KEY,
  version         integer NOT NULL,
  slot            bigint NOT NULL,
  sealed          boolean NOT NULL,     -- false: FIELD_ENCRYPTION is off and the envelope is its plaintext
  envelope        bytea NOT NULL,
  content_hash    bytea NOT NULL,       -- keyed: equal contents of one slot are found, nothing else is
  user_ref        uuid,
  agent_ref       uuid,
  session_ref     uuid,
  app_ref         uuid,
  team_ref        uuid,
  organization_ref uuid,
  scope           smallint NOT NULL,    -- 0 user 1 team 2 organization 3 global
  status          smallint NOT NULL,    -- 0 active 1 quarantined 2 superseded 3 expired 4 forgotten
  vector_status   smallint NOT NULL,    -- 0 pending 1 succeeded 2 failed 3 skipped
  confidence      real NOT NULL,
  importance      real NOT NULL,
  source_kind     smallint NOT NULL,    -- 0 api 1 conversation 2 import 3 mcp 4 sync 5 tool
  trust_class     smallint NOT NULL,    -- 0 unknown 1 user 2 agent 3 tool 4 document 5 derived
  trust_score     real NOT NULL,
  legal_hold      boolean NOT NULL DEFAULT false,
  contradictions  integer NOT NULL DEFAULT 0,
  pii             text[] NOT NULL DEFAULT '{}',      -- kinds of what was redacted before it was sealed
  pii_counts      integer[] NOT NULL DEFAULT '{}',   -- how many of each, in the same order
  supersedes      uuid[] NOT NULL DEFAULT '{}',
  superseded_by   uuid,
  evidence        uuid[] NOT NULL DEFAULT '{}',
  expires_at      timestamptz,
  valid_from      timestamptz,
  valid_to        timestamptz,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL
);
COMMENT ON TABLE memories IS 'memplane: data';
CREATE INDEX memories_by_user ON memories (user_ref, created_at DESC, id DESC);
CREATE INDEX memories_shared ON memories (scope, created_at DESC, id DESC) WHERE scope > 0;
CREATE INDEX memories_without_vector ON memories (user_ref, created_at DESC) WHERE vector_status = 0;

-- The durable copy of a vector, sealed. An index in memory follows a partition by (change_xid, change): rows become visible
-- in commit order, not in number order, so a reader goes on from the oldest transaction that was still running when it
-- last looked, never from the highest number it saw. Transaction ids belong to one cluster: a restore elsewhere must set
-- change_xid to its default again.
CREATE SEQUENCE change_number AS bigint;
CREATE TABLE vectors (
  memory_id  uuid PRIMARY KEY,
  version    integer NOT NULL,
  slot       bigint NOT NULL,
  partition  uuid NOT NULL,             -- user, team or organization ref; all zeros for the whole tenant
  model      text NOT NULL,
  sealed     boolean NOT NULL,
  vector     bytea NOT NULL,
  change     bigint NOT NULL DEFAULT nextval('change_number'),
  change_xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE vectors IS 'memplane: data';
CREATE INDEX vectors_by_change ON vectors (partition, change_xid, change);

CREATE TABLE vector_tombstones (
  memory_id  uuid NOT NULL,
  partition  uuid NOT NULL,
  change     bigint NOT NULL DEFAULT nextval('change_number'),
  change_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  deleted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE vector_tombstones IS 'memplane: data';
CREATE INDEX vector_tombstones_by_change ON vector_tombstones (partition, change_xid, change);
CREATE INDEX vector_tombstones_by_age ON vector_tombstones (deleted_at);

-- Work that a committed write still owes. Carries ids only.
CREATE TABLE outbox (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         smallint NOT NULL,       -- 1 embed
  memory_id    uuid NOT NULL,
  version      integer NOT NULL,
  attempts     smallint NOT NULL DEFAULT 0,
  run_at       timestamptz NOT NULL DEFAULT now(),
  failed       boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE outbox IS 'memplane: data';
CREATE INDEX outbox_due ON outbox (run_at, id) WHERE NOT failed;

-- Counters for quotas: one row a person, and a few rows for the tenant so that writers do not queue behind one.
CREATE TABLE user_usage (
  user_ref uuid PRIMARY KEY,
  memories bigint NOT NULL
);
COMMENT ON TABLE user_usage IS 'memplane: data';
CREATE TABLE tenant_usage (
  shard    smallint PRIMARY KEY,
  memories bigint NOT NULL
);
COMMENT ON TABLE tenant_usage IS 'memplane: data';
INSERT INTO tenant_usage SELECT shard, 0 FROM generate_series(0, 15) AS shard;

GRANT USAGE ON SEQUENCE user_slot, change_number TO :service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, entities, memories, vectors, vector_tombstones, outbox, user_usage TO :service_role;
GRANT SELECT, INSERT, UPDATE ON api_keys TO :service_role;
GRANT SELECT, UPDATE ON tenant_usage TO :service_role;
