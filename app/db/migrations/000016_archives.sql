-- How far the log is in the locked bucket. A hint for the next run, which asks the bucket whether it is so.
CREATE TABLE audit_archives (
  size         bigint PRIMARY KEY,
  objects      integer NOT NULL,
  retain_until timestamptz NOT NULL,
  at           timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE audit_archives IS 'memplane: monotonic';
CREATE TRIGGER audit_archives_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_archives EXECUTE FUNCTION audit_refuse();
GRANT SELECT, INSERT ON audit_archives TO :service_role;
