import type { Queryable } from '../db/pool.js';
import { addUsage, selectUsage, type UsageRow } from './usage-store.js';

/** What can be counted; a new kind is a name here. */
export const USAGE_KINDS = [
  'requests',
  'memories_written',
  'searches',
  'embedding_tokens',
  'extraction_tokens_in',
  'extraction_tokens_out',
] as const;
export type UsageKind = (typeof USAGE_KINDS)[number];

/** What a tenant used, a day. Counted in memory and added up in the database by all replicas. */
export interface UsageMeter {
  add(kind: UsageKind, count?: number): void;
  /** Of the days from and to, both included, what this replica has not written yet too. */
  read(from: string, to: string): Promise<readonly UsageRow[]>;
  /** Today's count of all replicas, as it was some seconds ago: what a budget a day is held against. */
  today(kind: UsageKind): Promise<number>;
  stop(): Promise<void>;
}

/** A crash loses what is younger: a meter, not an invoice. */
const FLUSH_MS = 5_000;

const DAY_MS = 86_400_000;
/** Asked at every request, and the same all day. */
let today = { number: Number.NaN, text: '' };

export const dayOf = (time: number): string => {
  const number = Math.floor(time / DAY_MS);
  if (number !== today.number) today = { number, text: new Date(time).toISOString().slice(0, 10) };
  return today.text;
};

interface Count {
  readonly day: string;
  readonly kind: UsageKind;
  count: number;
}

/** What is counted and not written yet. */
const createCounts = () => {
  let pending = new Map<string, Count>();
  return {
    add: (day: string, kind: UsageKind, count: number): void => {
      const counter = pending.get(`${day}${kind}`);
      if (counter) counter.count += count;
      else pending.set(`${day}${kind}`, { day, kind, count });
    },
    of: (day: string, kind: UsageKind): number => pending.get(`${day}${kind}`)?.count ?? 0,
    take: (): readonly Count[] => {
      const batch = [...pending.values()];
      pending = new Map();
      return batch;
    },
  };
};

export const createUsageMeter = (db: Queryable, now: () => number = Date.now): UsageMeter => {
  const counts = createCounts();
  let last: Promise<void> = Promise.resolve();
  // One after the other: whoever waits for it finds what an earlier one was still writing, too.
  const flush = (): Promise<void> => {
    last = last.then(write);
    return last;
  };
  const write = async (): Promise<void> => {
    const batch = counts.take();
    if (batch.length === 0) return;
    try {
      await addUsage(db, batch);
    } catch {
      // The database is away: counted together with what comes, and written when it is back.
      for (const { day, kind, count } of batch) counts.add(day, kind, count);
    }
  };
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  let seen: { readonly at: number; readonly rows: readonly UsageRow[] } | undefined;
  return {
    add: (kind, count = 1) => counts.add(dayOf(now()), kind, count),
    read: async (from, to) => {
      await flush();
      return selectUsage(db, from, to);
    },
    today: async (kind) => {
      const day = dayOf(now());
      if (seen === undefined || now() - seen.at > FLUSH_MS) seen = { at: now(), rows: await selectUsage(db, day, day) };
      const stored = seen.rows.find((row) => row.kind === kind && row.day === day)?.count ?? 0;
      return stored + counts.of(day, kind);
    },
    stop: async () => {
      clearInterval(timer);
      await flush();
    },
  };
};
