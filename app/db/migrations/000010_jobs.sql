-- Work that takes longer than a request may: asked for, done by any replica, looked at by whoever asked.
CREATE TABLE jobs (
  id            uuid PRIMARY KEY,
  kind          text NOT NULL,
  slot          bigint NOT NULL,
  user_ref      uuid,                  -- whose; null: the tenant's
  sealed_input  bytea NOT NULL,        -- who asked, and what for
  sealed_result bytea,                 -- what came of it, or why nothing did
  status        smallint NOT NULL DEFAULT 0,  -- 0 pending 1 running 2 succeeded 3 partial 4 failed 5 cancelled
  total         integer NOT NULL DEFAULT 0,
  done          integer NOT NULL DEFAULT 0,
  failed        integer NOT NULL DEFAULT 0,
  attempts      smallint NOT NULL DEFAULT 0,
  cancelling    boolean NOT NULL DEFAULT false,
  run_at        timestamptz NOT NULL DEFAULT now(),  -- due then; of a running job the end of its lease
  created_by    uuid NOT NULL,
  created_at    timestamptz NOT NULL,
  started_at    timestamptz,
  finished_at   timestamptz
);
COMMENT ON TABLE jobs IS 'memplane: data';
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE status IN (0, 1);
CREATE INDEX jobs_by_time ON jobs (created_at DESC, id DESC);

GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO :service_role;
