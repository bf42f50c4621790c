-- Roles of a tenant's own beside the predefined four, keys that replace one another, and what was used a day.

ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check;
ALTER TABLE api_keys
  ADD COLUMN replaces     uuid UNIQUE REFERENCES api_keys (id),  -- the key that this one was made from by a rotation
  ADD COLUMN last_used_at timestamptz;                           -- to within some seconds; decides nothing, so no MAC covers it
CREATE INDEX api_keys_by_age ON api_keys (created_at, id);

CREATE TABLE roles (
  name        text PRIMARY KEY,
  permissions text[] NOT NULL,
  updated_at  timestamptz NOT NULL,
  updated_by  uuid NOT NULL,            -- the credential that last changed it
  mac         bytea NOT NULL
);
COMMENT ON TABLE roles IS 'memplane: monotonic';

-- Counts the changes of keys and roles: a replica that sees another number forgets what it knew of them.
CREATE TABLE access_epoch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch    bigint NOT NULL
);
COMMENT ON TABLE access_epoch IS 'memplane: monotonic';
INSERT INTO access_epoch (epoch) VALUES (0);

CREATE TABLE usage_daily (
  day   date NOT NULL,                  -- in UTC
  kind  text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (day, kind)
);
COMMENT ON TABLE usage_daily IS 'memplane: data';

GRANT SELECT, INSERT, UPDATE ON roles, usage_daily TO :service_role;
GRANT SELECT, UPDATE ON access_epoch TO :service_role;
