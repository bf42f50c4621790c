import type { Queryable } from '../db/pool.js';
import { ENTITY_KINDS } from '../tenancy/people.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { ENTITY_TYPES } from './life-schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { VISIBLE, type Viewer, viewerValues } from './store.js';
import { formatTime } from './time.js';
import { tagsOfViewer } from './touched.js';
import { resolveViewerOfOne } from './viewer.js';

export type EntityType = (typeof ENTITY_TYPES)[number];

export interface Entity {
  readonly id: string;
  readonly type: EntityType;
  readonly total_memories: number;
  readonly created_at: string;
  readonly updated_at: string;
}

interface EntityGroup {
  readonly kind: number;
  readonly token: string;
  readonly ref: string;
  readonly total: number;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
}

const KINDS: Readonly<Record<EntityType, number>> = { user: 0, ...ENTITY_KINDS };
const TYPES = Object.entries(KINDS) as readonly (readonly [EntityType, number])[];

/** Who and what the memories name that may be seen. One outside id is one entity, with however many people it appears. */
export const listEntities = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  query: { readonly type?: EntityType | undefined; readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ readonly results: readonly Entity[]; readonly next_cursor: string | null }> => {
  const { db, vault, people } = deps;
  const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
  const list = { key: caller.principal.keyId, viewer, entities: query.type ?? null };
  const after = decodeCursor(vault, list, query.cursor);
  const kinds = query.type === undefined ? TYPES.map(([, kind]) => kind) : [KINDS[query.type]];
  const asked = { after: after?.id ?? null, limit: query.limit + 1 };
  const name = JSON.stringify([viewerValues(viewer), kinds, asked]);
  const groups = await deps.cache.rememberOf('session', name, tagsOfViewer(viewer), () =>
    selectEntities(db, viewer, kinds, asked),
  );
  const page = groups.slice(0, query.limit);
  const names = await people.names(
    db,
    page.map(({ ref }) => ref),
  );
  const results = page.flatMap(({ kind, ref, total, first, last }): readonly Entity[] => {
    const [type] = TYPES.find(([, known]) => known === kind) ?? [];
    const id = names.get(ref);
    if (type === undefined || id === undefined) return [];
    return [{ id, type, total_memories: total, created_at: first, updated_at: last }];
  });
  const end = groups.length > query.limit ? page.at(-1) : undefined;
  const position = end && { createdAt: new Date(0).toISOString(), id: end.token };
  return { results, next_cursor: position ? encodeCursor(vault, list, position) : null };
};

/** Ordered by the keyed token of the outside id, which says nothing and stays: 128 of its bits, as a UUID. */
const selectEntities = async (
  db: Queryable,
  viewer: Viewer,
  kinds: readonly number[],
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly EntityGroup[]> => {
  const { rows } = await db.query<Omit<EntityGroup, 'first' | 'last'> & { first: Date; last: Date }>(
    `WITH named AS (
       SELECT 0 AS kind, user_ref AS ref, created_at, updated_at FROM memories WHERE ${VISIBLE} AND user_ref IS NOT NULL AND 0 = ANY ($6)
       UNION ALL SELECT 1, agent_ref, created_at, updated_at FROM memories WHERE ${VISIBLE} AND agent_ref IS NOT NULL AND 1 = ANY ($6)
       UNION ALL SELECT 2, session_ref, created_at, updated_at FROM memories WHERE ${VISIBLE} AND session_ref IS NOT NULL AND 2 = ANY ($6)
       UNION ALL SELECT 3, app_ref, created_at, updated_at FROM memories WHERE ${VISIBLE} AND app_ref IS NOT NULL AND 3 = ANY ($6)
       UNION ALL SELECT 4, team_ref, created_at, updated_at FROM memories WHERE ${VISIBLE} AND team_ref IS NOT NULL AND 4 = ANY ($6)
       UNION ALL SELECT 5, organization_ref, created_at, updated_at FROM memories WHERE ${VISIBLE} AND organization_ref IS NOT NULL AND 5 = ANY ($6)
     ), counted AS (
       SELECT kind, ref, count(*) AS n, min(created_at) AS first, max(updated_at) AS last FROM named GROUP BY kind, ref
     ), known AS (
       SELECT counted.*, encode(substring(coalesce(users.token, entities.token) FROM 1 FOR 16), 'hex')::uuid AS token
       FROM counted LEFT JOIN users USING (ref) LEFT JOIN entities USING (ref)
     )
     SELECT kind, token, min(ref::text) AS ref, sum(n)::bigint AS total, min(first) AS first, max(last) AS last
     FROM known WHERE token IS NOT NULL AND ($7::uuid IS NULL OR token > $7)
     GROUP BY kind, token ORDER BY token LIMIT $8`,
    [...viewerValues(viewer), kinds, page.after, page.limit],
  );
  return rows.map((row) => ({ ...row, first: formatTime(row.first), last: formatTime(row.last) }));
};
