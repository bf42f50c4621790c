import type { Queryable } from '../db/pool.js';
import { selectTenantUsage } from '../memories/quota.js';
import { SCOPES, STATUSES, VECTOR_STATUSES } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import { VISIBLE, type Viewer, viewerValues } from '../memories/store.js';
import { formatTime } from '../memories/time.js';
import { tagsOfViewer } from '../memories/touched.js';
import { resolveViewerOfOne, seesWholeTenant } from '../memories/viewer.js';

interface Row {
  readonly status: number;
  readonly scope: number;
  readonly vector_status: number;
  readonly n: number;
  readonly held: number;
  readonly contradicted: number;
}

export interface MemoryStats {
  readonly total: number;
  readonly by_status: Readonly<Record<string, number>>;
  readonly by_scope: Readonly<Record<string, number>>;
  readonly by_vector_status: Readonly<Record<string, number>>;
  readonly held: number;
  readonly contradicted: number;
  readonly users: number;
  /** Of the whole tenant; only for who may see all of it. */
  readonly quota: { readonly used: number; readonly memories: number | null } | null;
  readonly at: string;
}

/**
 * Counts of what the caller may see: a person's key counts that person's world, a key of the tenant all of it. Counted once
 * until a memory among them changes; `at` says when.
 */
export const countStats = async (deps: MemoryServiceDeps, caller: Caller): Promise<MemoryStats> => {
  const { db, people, policies, cache } = deps;
  const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
  const name = JSON.stringify(viewerValues(viewer));
  const { rows, users, at } = await cache.rememberOf('stats', name, tagsOfViewer(viewer), () =>
    selectCounts(db, viewer),
  );
  const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  const by = (names: readonly string[], code: (row: Row) => number) =>
    Object.fromEntries(names.map((one, index) => [one, sum((row) => (code(row) === index ? row.n : 0))]));
  return {
    total: sum(({ n }) => n),
    by_status: by(STATUSES, ({ status }) => status),
    by_scope: by(SCOPES, ({ scope }) => scope),
    by_vector_status: by(VECTOR_STATUSES, ({ vector_status }) => vector_status),
    held: sum(({ held }) => held),
    contradicted: sum(({ contradicted }) => contradicted),
    users,
    quota: seesWholeTenant(viewer) ? { used: await selectTenantUsage(db), memories: policies().quotas.memories } : null,
    at,
  };
};

const selectCounts = async (db: Queryable, viewer: Viewer) => {
  const at = formatTime(new Date());
  const { rows } = await db.query<Row>(
    `SELECT CASE WHEN status = 0 AND expires_at <= now() THEN 3 ELSE status END AS status, scope, vector_status,
       count(*) AS n, count(*) FILTER (WHERE legal_hold) AS held, count(*) FILTER (WHERE contradictions > 0) AS contradicted
     FROM memories WHERE ${VISIBLE} GROUP BY 1, 2, 3`,
    [...viewerValues(viewer)],
  );
  const users = await db.query<{ n: number }>(
    `SELECT count(DISTINCT user_ref) AS n FROM memories WHERE ${VISIBLE} AND user_ref IS NOT NULL`,
    [...viewerValues(viewer)],
  );
  return { rows, users: users.rows[0]?.n ?? 0, at };
};
