-- How far an index outside Postgres has followed the vectors. A position is that of the last change it was given; only
-- changes of transactions that every reader sees are given, so nothing ever comes in behind it.
CREATE TABLE vector_index (
  name       text PRIMARY KEY,
  xid        xid8 NOT NULL DEFAULT '0',
  change     bigint NOT NULL DEFAULT 0,
  fed_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE vector_index IS 'memplane: data';

GRANT SELECT, INSERT, UPDATE, DELETE ON vector_index TO :service_role;
