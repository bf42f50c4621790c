-- People's rights and moving data: erasures and who has acknowledged them, and what an export or an import in the
-- background is about.

-- What was asked, how far it is, and the certificate. Never deleted: whoever restores a backup erases these slots again.
CREATE TABLE erasures (
  id             uuid PRIMARY KEY,
  slot           bigint NOT NULL UNIQUE,
  user_ref       uuid NOT NULL,
  token          bytea,                 -- keyed hash of the person's id, for whoever asks again; null once it is final
  status         smallint NOT NULL,     -- 0 held 1 running 2 completed
  request_commit bytea NOT NULL,        -- salted hash of the id that was asked for: who has the salt can show whom it was about
  facts          jsonb NOT NULL,        -- counts, times, names of keys: nothing personal
  certificate    bytea,                 -- a DSSE envelope
  requested_by   uuid NOT NULL,
  requested_at   timestamptz NOT NULL,
  completed_at   timestamptz,
  final_at       timestamptz
);
COMMENT ON TABLE erasures IS 'memplane: monotonic';
CREATE INDEX erasures_by_token ON erasures (token) WHERE token IS NOT NULL;

-- The keyring's epoch as each replica knows it: an erasure waits until every living one has let go of the key.
CREATE TABLE replicas (
  id      uuid PRIMARY KEY,
  epoch   bigint NOT NULL,
  seen_at timestamptz NOT NULL
);
COMMENT ON TABLE replicas IS 'memplane: data';

-- The file of an export or an import that a job is about, in sealed pieces, until a day after it was made.
CREATE TABLE transfer_parts (
  transfer   uuid NOT NULL,
  n          integer NOT NULL,
  slot       bigint NOT NULL,
  user_ref   uuid,
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer, n)
);
ALTER TABLE transfer_parts ALTER COLUMN sealed SET STORAGE EXTERNAL;   -- what is sealed does not compress
COMMENT ON TABLE transfer_parts IS 'memplane: data';
CREATE INDEX transfer_parts_by_age ON transfer_parts (created_at);

GRANT SELECT, INSERT, UPDATE ON erasures TO :service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON replicas, transfer_parts TO :service_role;
