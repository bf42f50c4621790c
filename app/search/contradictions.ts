import { and, type Condition } from '../db/condition.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import { observeRead } from '../memories/observe-read.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import { presentMatching } from './matching.js';
import type { ContradictionsQuery } from './schema.js';
import type { SearchDeps } from './search-deps.js';
import { resolveSpace } from './space.js';
import { countRows, selectNewest, selectPage } from './store.js';

export interface Contradictions {
  readonly results: readonly { readonly memory: Memory; readonly counterparts: readonly Memory[] }[];
  readonly next_cursor: string | null;
  readonly count?: number;
}

const CONTRADICTED: Condition = () => 'contradictions > 0';
/** Of one page: nobody reads more. */
const MAX_COUNTERPARTS = 1_000;

/** Memories that say of a subject what others deny: same subject and predicate, another object. */
export const listContradictions = async (
  deps: SearchDeps,
  caller: Caller,
  query: ContradictionsQuery,
): Promise<Contradictions> => {
  const { db, vault } = deps;
  const space = await resolveSpace(deps, caller, { selectors: query, filter: undefined });
  const contradicted = and([CONTRADICTED, space.allowed]);
  const { team_id, organization_id } = query;
  const list = { key: caller.principal.keyId, viewer: space.viewer, contradictions: true, team_id, organization_id };
  const after = decodeCursor(vault, list, query.cursor);
  const rows = await selectPage(db, contradicted, {
    column: 'created_at',
    descending: true,
    after: after && { time: after.createdAt, id: after.id },
    limit: query.limit + 1,
  });
  const page = rows.slice(0, query.limit);
  const facts = page.flatMap(({ fact_token }) => fact_token ?? []);
  const sameFact: Condition = (bind) => `fact_token = ANY (${bind(facts)}::bytea[])`;
  const others = facts.length === 0 ? [] : await selectNewest(db, and([sameFact, space.allowed]), MAX_COUNTERPARTS);
  const all = new Map([...page, ...others].map((row) => [row.id, row]));
  const options = { filter: space.filter, asOf: null, statuses: [], vector: false };
  const shown = new Map(
    (await presentMatching(deps, [...all.values()], options)).map((one) => [one.row.id, one.memory]),
  );
  await observeRead(deps.audit, 'list', [...all.values()]);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return {
    results: page.flatMap((row) => {
      const memory = shown.get(row.id);
      return memory
        ? [{ memory, counterparts: counterpartsOf(row, others).flatMap(({ id }) => shown.get(id) ?? []) }]
        : [];
    }),
    next_cursor: last ? encodeCursor(vault, list, { createdAt: last.created_at.toISOString(), id: last.id }) : null,
    ...(query.count ? { count: await countRows(db, contradicted) } : {}),
  };
};

const counterpartsOf = (row: MemoryRow, others: readonly MemoryRow[]): readonly MemoryRow[] =>
  others.filter(
    (other) => sameToken(other.fact_token, row.fact_token) && !sameToken(other.object_token, row.object_token),
  );

const sameToken = (a: Buffer | null, b: Buffer | null): boolean => a !== null && b !== null && a.equals(b);
