-- What a key of the plane (a KMS) signed beside the log's own key: a line of a checkpoint's note each. The note itself is
-- there at once; a KMS that is away delays these alone.
CREATE TABLE audit_countersignatures (
  size      bigint NOT NULL,
  name      text NOT NULL,
  key_id    bytea NOT NULL CHECK (octet_length(key_id) = 4),
  signature bytea NOT NULL,
  at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (size, name, key_id)
);
COMMENT ON TABLE audit_countersignatures IS 'memplane: monotonic';
CREATE TRIGGER audit_countersignatures_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_countersignatures
  EXECUTE FUNCTION audit_refuse();
GRANT SELECT, INSERT ON audit_countersignatures TO :service_role;
