-- Who is told of what happens. A webhook's address and secret are sealed; its MAC covers every column but the position.
CREATE TABLE webhooks (
  id          uuid PRIMARY KEY,
  sealed      bytea NOT NULL,            -- name, address, secret, and the secret before it for a day
  version     integer NOT NULL,
  event_types text[] NOT NULL,
  active      boolean NOT NULL,
  created_by  uuid NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  mac         bytea NOT NULL
);
COMMENT ON TABLE webhooks IS 'memplane: monotonic';

-- How far each has been told: the number of the last event of the log that was looked at for it.
CREATE TABLE webhook_positions (
  webhook_id uuid PRIMARY KEY REFERENCES webhooks (id) ON DELETE CASCADE,
  seq        bigint NOT NULL
);
COMMENT ON TABLE webhook_positions IS 'memplane: monotonic';

-- One event for one webhook. What is sent is made anew from the log each time: nothing of it is kept here.
CREATE TABLE webhook_deliveries (
  id           uuid PRIMARY KEY,
  webhook_id   uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  seq          bigint NOT NULL,
  type         text NOT NULL,
  status       smallint NOT NULL DEFAULT 0,   -- 0 pending 1 delivered 2 failed
  attempts     smallint NOT NULL DEFAULT 0,
  run_at       timestamptz NOT NULL DEFAULT now(),
  response     smallint,                      -- the last answer's status; null without an answer
  error        text,                          -- why there was none
  created_at   timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz,
  UNIQUE (webhook_id, seq)
);
COMMENT ON TABLE webhook_deliveries IS 'memplane: data';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (run_at) WHERE status = 0;
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (webhook_id, created_at DESC, id DESC);

GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks, webhook_positions, webhook_deliveries TO :service_role;
