import type { Cache } from '../cache/cache.js';
import type { Queryable } from '../db/pool.js';
import type { ComponentState } from './component-state.js';

interface Counts {
  readonly active: number;
  readonly contradicted: number;
  readonly quarantined: number;
  readonly trust: number | null;
}

/** Every row is looked at, so not for every probe: a fifth of a percent of the time at most, and no more often than people look. */
const SHARE = 500;
const AT_LEAST_MS = 10_000;

/** What the tenant remembers and how far it can be relied on. Told, never a fault: contradictions are people's to settle. */
export const createMemoriesHealth = (
  db: Queryable,
  cache: Pick<Cache, 'remember'>,
  now: () => number = Date.now,
): (() => ComponentState) => {
  let due = 0;
  let last: ComponentState = { status: 'ok', detail: 'being counted' };
  const count = async (): Promise<void> => {
    const startedAt = now();
    try {
      last = { status: 'ok', detail: describe(await cache.remember('stats', 'health', () => selectCounts(db))) };
    } catch {
      // The component database tells of a database that is away.
    }
    due = now() + Math.max(AT_LEAST_MS, SHARE * (now() - startedAt));
  };
  return () => {
    if (now() < due) return last;
    due = Number.POSITIVE_INFINITY;
    void count();
    return last;
  };
};

/** Replicas that share a cache count once between them. */
const selectCounts = async (db: Queryable): Promise<Counts | undefined> => {
  const { rows } = await db.query<Counts>(
    `SELECT count(*) FILTER (WHERE status = 0) AS active,
       count(*) FILTER (WHERE status = 0 AND contradictions > 0) AS contradicted,
       count(*) FILTER (WHERE status = 1) AS quarantined,
       avg(trust_score) FILTER (WHERE status = 0) AS trust
     FROM memories`,
  );
  return rows[0];
};

const describe = (counts: Counts | undefined): string => {
  const { active = 0, contradicted = 0, quarantined = 0, trust = null } = counts ?? {};
  const trusted = trust === null ? '' : `, trust ${trust.toFixed(2)} on average`;
  return `${active} active, ${contradicted} contradicted, ${quarantined} in quarantine${trusted}`;
};
