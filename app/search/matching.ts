import type { MemoryRow } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { type Past, presentPast, readPast } from './as-of.js';
import type { BoundFilter } from './filter/index.js';

export interface Matching {
  readonly row: MemoryRow;
  readonly memory: Memory;
  readonly past?: Past;
}

export interface MatchingOptions {
  readonly filter: BoundFilter;
  readonly asOf: Date | null;
  /** Of a past row only these; of a present one the database has seen to it. */
  readonly statuses: readonly number[];
  readonly vector: boolean;
}

/** Of these rows the ones that are asked for, in the same order, as they are shown: now, or as they were. */
export const presentMatching = async (
  { db, vault, marks, presenter }: MemoryServiceDeps,
  rows: readonly MemoryRow[],
  { filter, asOf, statuses, vector }: MatchingOptions,
): Promise<readonly Matching[]> => {
  const past = asOf ? await readPast(db, { vault, marks }, rows, asOf) : undefined;
  const memories = await presenter.present(db, rows, { vector });
  const byId = new Map(memories.map((memory) => [memory.id, memory]));
  return rows.flatMap((row): readonly Matching[] => {
    const memory = byId.get(row.id);
    const then = past?.get(row.id);
    if (!memory || (past && (!then || !statuses.includes(then.status)))) return [];
    const shown = then ? presentPast(memory, then) : memory;
    return filter.matches(shown) ? [{ row, memory: shown, ...(then ? { past: then } : {}) }] : [];
  });
};
