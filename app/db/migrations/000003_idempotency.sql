-- The first answer to a request that carried an Idempotency-Key, for whoever sends it again within a day.
CREATE TABLE idempotency (
  token         bytea PRIMARY KEY,      -- keyed hash of credential, method, route and key
  fingerprint   bytea NOT NULL,         -- keyed hash of the request
  claim         uuid NOT NULL,          -- who is at it, or was
  claimed_until timestamptz NOT NULL,   -- after that without an answer, whoever had it is taken for dead
  slot          bigint,
  sealed_answer bytea,                  -- null while the request is in flight; written in the transaction of its effect
  expires_at    timestamptz NOT NULL
);
COMMENT ON TABLE idempotency IS 'memplane: data';
CREATE INDEX idempotency_by_age ON idempotency (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO :service_role;
