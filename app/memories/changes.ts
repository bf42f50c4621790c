import { type HeldStatement, holdStatement } from '../db/held.js';
import type { Database } from '../db/pool.js';
import { queryOften } from '../db/prepared.js';

/** A moment of the database: whoever listens has been told of everything that was committed before. */
export interface Moment {
  /** The database's own, in milliseconds. */
  readonly clock: number;
}

/**
 * What changed in the memories of the tenant, by whichever process. What somebody remembers is true at a moment if no change
 * of it has been told until then: one short look at the database, which those who ask at once share, in place of a question a
 * memory.
 */
export interface ChangeWatch {
  /** A moment after this call. */
  look(): Promise<Moment>;
  /** Another number after everything that was told. Whoever reads rows compares it before and after. */
  revision(): number;
  /** Told of memories that were changed or are gone, of none when something is new, and of nothing in particular when it may be any. */
  onChange(forget: (ids: readonly string[] | undefined) => void): void;
}

interface Seen {
  /**
   * Another after a start of the server, and after the death of one of its processes, which empties what has no log and resets
   * what is counted of it; or another table. What was told there is not known here.
   */
  readonly place: string;
  readonly clock: number;
  readonly at: number;
  readonly end: string;
  readonly running: readonly string[];
}

interface LookRow {
  readonly snapshot: string;
  readonly clock: number;
  readonly place: string;
  readonly told: readonly { readonly ids: readonly string[] | null }[] | null;
}

/** More than this at once is everything. */
const MOST = 200;
/** Changes are kept for twice as long: whoever has not looked since has missed some. */
const STALE_MS = 300_000;
/** Should one look hang, those who came after it are asked for by another. */
const AT_ONCE = 2;
/** Until then they wait for it and share the next, which costs less than one of their own. */
const PATIENCE_MS = 5;

/**
 * What a transaction told that the last snapshot did not show: those that came later, and those that were running then. By
 * the index, whatever the planner thinks of a table that is mostly empty.
 */
const LOOK = `
  SELECT pg_current_snapshot()::text AS snapshot, (extract(epoch FROM now()) * 1000)::float8 AS clock,
    concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()),
      extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()), 'memory_changes'::regclass::oid) AS place,
    (SELECT json_agg(told) FROM (
       (SELECT ids FROM memory_changes WHERE xid >= $1::xid8 ORDER BY xid LIMIT ${MOST})
       UNION ALL
       (SELECT ids FROM memory_changes WHERE xid = ANY ($2::xid8[]) LIMIT ${MOST})) AS told) AS told`;
/** After every transaction. */
const NEVER = '9223372036854775807';

export const createChangeWatch = (db: Database): ChangeWatch => new SharedWatch(db);

class SharedWatch implements ChangeWatch {
  readonly #db: Database;
  readonly #held: HeldStatement<LookRow>;
  readonly #listeners: ((ids: readonly string[] | undefined) => void)[] = [];
  #revision = 0;
  #seen: Seen | undefined;
  #running = 0;
  #next: Deferred | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#held = holdStatement<LookRow>(db, { name: 'memory_changes_look', text: LOOK });
  }

  look(): Promise<Moment> {
    const joined = this.#next;
    if (joined) return joined.promise;
    const next = defer();
    this.#next = next;
    if (this.#running === 0) void this.#send();
    else if (this.#running < AT_ONCE) this.#patience = setTimeout(() => void this.#send(), PATIENCE_MS);
    return next.promise;
  }

  revision(): number {
    return this.#revision;
  }

  onChange(forget: (ids: readonly string[] | undefined) => void): void {
    this.#listeners.push(forget);
  }

  /** Nobody joins a look that was sent: what it sees may be older than their question. */
  async #send(): Promise<void> {
    const next = this.#next;
    if (next === undefined || this.#running >= AT_ONCE) return;
    this.#next = undefined;
    clearTimeout(this.#patience);
    this.#running++;
    try {
      const since = this.#seen;
      const values = [since?.end ?? NEVER, since?.running ?? []];
      const rows = await (this.#held.ask(values) ?? queryOften<LookRow>(this.#db, LOOK, values));
      const [row] = rows;
      if (!row) throw new Error('A look at what changed was not answered');
      this.#tell(row, since);
      next.resolve({ clock: row.clock });
    } catch (cause) {
      next.reject(cause);
    } finally {
      this.#running--;
      if (this.#next) void this.#send();
    }
  }

  /** Two looks may answer out of order: the older one then tells again what is known. */
  #tell({ snapshot, clock, place, told }: LookRow, since: Seen | undefined): void {
    const at = performance.now();
    const [, end = '', running = ''] = snapshot.split(':');
    this.#seen = { place, clock, at, end, running: running === '' ? [] : running.split(',') };
    const isContinued =
      since !== undefined && since.place === place && clock - since.clock < STALE_MS && at - since.at < STALE_MS;
    if (!isContinued || (told !== null && told.length >= MOST)) this.#announce(undefined);
    else for (const { ids } of told ?? []) this.#announce(ids ?? undefined);
  }

  #announce(ids: readonly string[] | undefined): void {
    this.#revision++;
    for (const forget of this.#listeners) forget(ids);
  }
}

interface Deferred {
  readonly promise: Promise<Moment>;
  readonly resolve: (moment: Moment) => void;
  readonly reject: (cause: unknown) => void;
}

const defer = (): Deferred => {
  let [resolve, reject]: [Deferred['resolve'], Deferred['reject']] = [() => undefined, () => undefined];
  const promise = new Promise<Moment>((done, failed) => {
    [resolve, reject] = [done, failed];
  });
  return { promise, resolve, reject };
};

/** Deletes, at every call, the changes that had all been told ten minutes before it. */
export const createForgetting = (db: Database): (() => Promise<void>) => {
  let kept: { readonly xmin: string; readonly clock: number; readonly at: number } | undefined;
  return async () => {
    const { rows } = await db.query<{ xmin: string; clock: number }>(
      `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, (extract(epoch FROM now()) * 1000)::float8 AS clock`,
    );
    const [now] = rows;
    if (!now) return;
    const at = performance.now();
    if (kept && (now.clock - kept.clock < 2 * STALE_MS || at - kept.at < 2 * STALE_MS)) return;
    if (kept) await db.query('SELECT memory_changes_forget($1::xid8)', [kept.xmin]);
    kept = { ...now, at };
  };
};
