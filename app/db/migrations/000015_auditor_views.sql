-- What an auditor may see of a tenant, and all of it: who did what and when, what there is and how far it is trusted, what is
-- held, erased and waiting. No content, sealed or clear, no id of a person from outside, no hash that a guess could be tried
-- on. People, agents and sessions are the random references that the rows carry. The views run as their owner, so who may
-- read them needs no right on a table; `migrate` grants them to the role <schema>_auditor that the operator makes.
-- A migration that changes a column that is named here makes its view anew.

CREATE VIEW auditor_events WITH (security_barrier) AS
  SELECT seq, id, at, type, actor, resource, leaf, bytes FROM audit_events;
CREATE VIEW auditor_checkpoints WITH (security_barrier) AS
  SELECT size, root, note, at FROM audit_checkpoints;
CREATE VIEW auditor_countersignatures WITH (security_barrier) AS
  SELECT size, name, key_id, signature, at FROM audit_countersignatures;

CREATE VIEW auditor_memories WITH (security_barrier) AS
  SELECT id, version, user_ref AS person, agent_ref AS agent, session_ref AS session, app_ref AS app, team_ref AS team,
    organization_ref AS organization,
    (ARRAY['user', 'team', 'organization', 'global'])[scope + 1] AS scope,
    (ARRAY['active', 'quarantined', 'superseded', 'expired', 'forgotten'])[status + 1] AS status,
    (ARRAY['pending', 'succeeded', 'failed', 'skipped'])[vector_status + 1] AS vector_status,
    (ARRAY['api', 'conversation', 'import', 'mcp', 'sync', 'tool'])[source_kind + 1] AS source,
    (ARRAY['unknown', 'user', 'agent', 'tool', 'document', 'derived'])[trust_class + 1] AS trust_class,
    trust_score, confidence, importance, legal_hold, contradictions, pii AS redacted_kinds, pii_counts AS redacted_counts,
    sealed, octet_length(envelope) AS sealed_bytes, key_token IS NOT NULL AS has_key,
    ARRAY(SELECT jsonb_object_keys(clear_metadata)) AS clear_metadata_keys,
    mac IS NOT NULL AS has_mac, supersedes, superseded_by, evidence, expires_at, valid_from, valid_to, created_at, updated_at,
    created_by, audit_event
  FROM memories;
CREATE VIEW auditor_history WITH (security_barrier) AS
  SELECT seq, id, memory_id, version,
    (ARRAY['add', 'update', 'delete', 'supersede', 'hold', 'restore', 'release', 'feedback', 'expire', 'forget', 'review'])[event + 1] AS event,
    actor, at, (ARRAY['user', 'team', 'organization', 'global'])[scope + 1] AS scope, user_ref AS person, audit_event
  FROM memory_history;
CREATE VIEW auditor_people WITH (security_barrier) AS
  SELECT ref AS person, slot, created_at FROM users;

CREATE VIEW auditor_holds WITH (security_barrier) AS
  SELECT id, (ARRAY['memory', 'user', 'tenant'])[scope + 1] AS scope, memory_id, user_ref AS person, placed_by, placed_at, until,
    released_by, released_at, released_at IS NULL AND (until IS NULL OR until > now()) AS standing
  FROM holds;
CREATE VIEW auditor_erasures WITH (security_barrier) AS
  SELECT id, slot, user_ref AS person, (ARRAY['held', 'running', 'completed'])[status + 1] AS status, facts - 'logical' AS facts,
    certificate IS NOT NULL AS certified, requested_by, requested_at, completed_at, final_at
  FROM erasures;
CREATE VIEW auditor_reviews WITH (security_barrier) AS
  SELECT id, (ARRAY['quarantine', 'promotion'])[kind + 1] AS kind, memory_id,
    (ARRAY['pending', 'approved', 'rejected'])[status + 1] AS status, reasons, requested_by, requester_ref AS requester, created_at,
    decided_by, decided_at
  FROM reviews;
CREATE VIEW auditor_jobs WITH (security_barrier) AS
  SELECT id, kind, user_ref AS person,
    (ARRAY['pending', 'running', 'succeeded', 'partial', 'failed', 'cancelled'])[status + 1] AS status,
    total, done, failed, created_by, created_at, started_at, finished_at
  FROM jobs;
CREATE VIEW auditor_lifecycle_runs WITH (security_barrier) AS
  SELECT id, task, trigger, status, counts, created_at, started_at, finished_at FROM lifecycle_runs;

CREATE VIEW auditor_keys WITH (security_barrier) AS
  SELECT id, role, user_ref AS person, bootstrap, created_at, expires_at, revoked_at, replaces, last_used_at FROM api_keys;
CREATE VIEW auditor_roles WITH (security_barrier) AS
  SELECT name, permissions, updated_at, updated_by FROM roles;
