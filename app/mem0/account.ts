import { Type } from '@sinclair/typebox';
import { selectDetails } from '../audit/event-search.js';
import type { Detail } from '../audit/leaves.js';
import type { Core } from '../core.js';
import type { Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import type { Caller } from '../memories/service.js';
import { isErased } from '../tenancy/vault.js';

const OrNull = Type.Union([Type.String(), Type.Null()]);
export const PingSchema = Type.Object({
  status: Type.Literal('ok'),
  org_id: Type.String(),
  project_id: Type.String(),
  user_email: Type.String(),
});

/** mem0's client sends `user_email` to its makers unless it is told not to: what it gets says nothing to anybody. */
export const ping = ({ vault, tenant }: Core, { principal }: Caller) => ({
  status: 'ok' as const,
  org_id: `org-${hash(vault, 'mem0 organization', tenant.id)}`,
  project_id: `proj-${hash(vault, 'mem0 project', tenant.id)}`,
  user_email: hash(vault, 'mem0 telemetry', principal.keyId),
});

const hash = (vault: Core['vault'], kind: string, id: string): string =>
  vault.lookupToken(kind, id).toString('hex').slice(0, 32);

export const ProjectSchema = Type.Object({
  custom_instructions: Type.Optional(OrNull),
  custom_categories: Type.Optional(Type.Union([Type.Array(Type.Unknown()), Type.Null()])),
});
export interface Project {
  readonly custom_instructions: string | null;
  readonly custom_categories: readonly Json[] | null;
}

const TYPE = 'data.mem0_project';
const NOTHING: Project = { custom_instructions: null, custom_categories: null };
const TENANT_SLOT = 0;

/** The settings are what the last event of the audit log that set them says: who changed them when needs no second place. */
export const readProject = async ({ db, vault }: Core): Promise<Project> => {
  const id = await selectLast(db);
  const [stored] = id === undefined ? [] : await selectDetails(db, [id]);
  if (!stored) return NOTHING;
  await vault.prepare([TENANT_SLOT]);
  const place = { slot: stored.slot, table: 'audit_details', rowId: stored.event, version: stored.n };
  try {
    return (vault.openDetail(place, stored.sealed) as Detail).detail as unknown as Project;
  } catch (cause) {
    if (isErased(cause)) return NOTHING;
    throw cause;
  }
};

const selectLast = async (db: Queryable): Promise<string | undefined> => {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM audit_events WHERE type = $1 AND type NOT LIKE 'memory.%' AND type <> 'access.batch' ORDER BY seq DESC LIMIT 1`,
    [TYPE],
  );
  return rows[0]?.id;
};

const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/** Answers when the log has numbered the change: whoever reads next reads it. */
export const changeProject = async (core: Core, change: Partial<Project>): Promise<Project> => {
  const project: Project = { ...(await readProject(core)), ...change };
  const id = await core.audit.record(core.db, {
    type: TYPE,
    slot: TENANT_SLOT,
    detail: project as unknown as { readonly [key: string]: Json },
  });
  const deadline = Date.now() + PATIENCE_MS;
  while ((await isNumbered(core.db, id)) === false) {
    if (Date.now() > deadline) throw problem('store_unavailable', 'The audit log does not take the change up now.');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return project;
};

const isNumbered = async (db: Queryable, id: string): Promise<boolean> => {
  const { rowCount } = await db.query('SELECT 1 FROM audit_events WHERE id = $1', [id]);
  return rowCount !== null && rowCount > 0;
};

export const pickFields = (project: Project, fields: string | undefined): Partial<Project> => {
  const wanted = fields?.split(',').filter((name) => name !== '') ?? [];
  if (wanted.length === 0) return project;
  return Object.fromEntries(Object.entries(project).filter(([name]) => wanted.includes(name)));
};
