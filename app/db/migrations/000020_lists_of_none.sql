-- Four lists of a memory are empty in nearly every row and took 13 bytes each: null is an empty list from now on, and one row
-- more lies on each page. Rows of before stay as they are; both say the same, to the row's MAC as well. A replica of the
-- version before cannot show the rows that the new ones write: a rollout is over when it is gone.
ALTER TABLE memories
  ALTER COLUMN pii DROP NOT NULL, ALTER COLUMN pii DROP DEFAULT,
  ALTER COLUMN pii_counts DROP NOT NULL, ALTER COLUMN pii_counts DROP DEFAULT,
  ALTER COLUMN supersedes DROP NOT NULL, ALTER COLUMN supersedes DROP DEFAULT,
  ALTER COLUMN evidence DROP NOT NULL, ALTER COLUMN evidence DROP DEFAULT;

-- What auditors see has lists still.
CREATE OR REPLACE VIEW auditor_memories WITH (security_barrier) AS
  SELECT id, version, user_ref AS person, agent_ref AS agent, session_ref AS session, app_ref AS app, team_ref AS team,
    organization_ref AS organization,
    (ARRAY['user', 'team', 'organization', 'global'])[scope + 1] AS scope,
    (ARRAY['active', 'quarantined', 'superseded', 'expired', 'forgotten'])[status + 1] AS status,
    (ARRAY['pending', 'succeeded', 'failed', 'skipped'])[vector_status + 1] AS vector_status,
    (ARRAY['api', 'conversation', 'import', 'mcp', 'sync', 'tool'])[source_kind + 1] AS source,
    (ARRAY['unknown', 'user', 'agent', 'tool', 'document', 'derived'])[trust_class + 1] AS trust_class,
    trust_score, confidence, importance, legal_hold, contradictions, coalesce(pii, '{}') AS redacted_kinds,
    coalesce(pii_counts, '{}') AS redacted_counts,
    sealed, octet_length(envelope) AS sealed_bytes, key_token IS NOT NULL AS has_key,
    ARRAY(SELECT jsonb_object_keys(clear_metadata)) AS clear_metadata_keys,
    mac IS NOT NULL AS has_mac, coalesce(supersedes, '{}') AS supersedes, superseded_by,
    coalesce(evidence, '{}') AS evidence, expires_at, valid_from, valid_to, created_at, updated_at,
    created_by, audit_event
  FROM memories;
