-- What happened to memories and their vectors, a row a statement and in the transaction of the change: a replica that has
-- memories open asks here whether they are still what they were. Whoever reads goes by snapshots, never by numbers: a row
-- whose transaction the last look did not see is news. Nothing here is worth keeping: a server that was started anew is known
-- by its time, and readers then begin anew too.
CREATE UNLOGGED TABLE memory_changes (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  ids uuid[]                            -- what was changed or deleted; none: something is new; null: more than are listed
);
COMMENT ON TABLE memory_changes IS 'memplane: data';
CREATE INDEX memory_changes_by_xid ON memory_changes (xid);
GRANT SELECT ON memory_changes TO :service_role;

-- They run as the owner, and find their table whoever changes a row and wherever from.
CREATE FUNCTION memory_changes_new() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO memory_changes (ids) VALUES ('{}');
  RETURN NULL;
END $$;
CREATE FUNCTION memory_changes_old() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO memory_changes (ids)
    SELECT CASE WHEN count(*) <= 200 THEN array_agg(id) END FROM old_rows HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE FUNCTION memory_changes_all() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO memory_changes (ids) VALUES (NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER memories_told_new AFTER INSERT ON memories FOR EACH STATEMENT EXECUTE FUNCTION memory_changes_new();
CREATE TRIGGER memories_told_update AFTER UPDATE ON memories REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memory_changes_old();
CREATE TRIGGER memories_told_delete AFTER DELETE ON memories REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memory_changes_old();
CREATE TRIGGER memories_told_empty AFTER TRUNCATE ON memories FOR EACH STATEMENT EXECUTE FUNCTION memory_changes_all();
CREATE TRIGGER vectors_told AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vectors
  FOR EACH STATEMENT EXECUTE FUNCTION memory_changes_new();

-- What every living reader has seen: those before `before` had ended some minutes ago.
CREATE FUNCTION memory_changes_forget(before xid8) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  DELETE FROM memory_changes WHERE xid < least(before, pg_snapshot_xmin(pg_current_snapshot()));
$$;
REVOKE ALL ON FUNCTION memory_changes_forget(xid8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION memory_changes_forget(xid8) TO :service_role;
