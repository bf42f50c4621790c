import type { HistoryRow } from '../memories/history-store.js';

/** What the log knows of one memory: each version that was written or deleted, in the order in which it was read. */
export type Told = number[];

export const tell = (told: Told, version: number, op: 'put' | 'delete'): void => {
  told.push(version * 2 + (op === 'delete' ? 1 : 0));
};

/**
 * The versions that its history must hold: all of a life that had more than its beginning, which the first change writes
 * down. After a deletion another life may begin under the same id.
 */
export const recordedVersions = (told: Told): readonly (readonly number[])[] => {
  const lives: number[][] = [[]];
  for (const code of [...new Set(told)].sort((a, b) => a - b)) {
    lives.at(-1)?.push(Math.floor(code / 2));
    if (code % 2 === 1) lives.push([]);
  }
  return lives.filter(({ length }) => length > 1);
};

interface Wanted {
  readonly beginnings: ReadonlySet<number>;
  readonly missing: Set<number>;
  /** Its history went with its person's erasure, if all of it did. */
  readonly isGone: boolean;
  isSeen: boolean;
  isImported: boolean;
}

/** Which events the log says there were and the history lacks: each is bound to its place, and none to there being one. */
export class HistoryGaps {
  readonly #wanted = new Map<string, Wanted>();

  expect(id: string, told: Told, isGone: boolean): void {
    const lives = recordedVersions(told);
    if (lives.length === 0) return;
    const beginnings = new Set(lives.flatMap(([first]) => first ?? []));
    this.#wanted.set(id, { beginnings, missing: new Set(lives.flat()), isGone, isSeen: false, isImported: false });
  }

  see({ memory_id, version, audit_event }: Pick<HistoryRow, 'memory_id' | 'version' | 'audit_event'>): void {
    const wanted = this.#wanted.get(memory_id);
    if (wanted === undefined) return;
    wanted.isSeen = true;
    // Events of another log may begin anywhere.
    if (audit_event === null) wanted.isImported = true;
    wanted.missing.delete(version);
  }

  findings(): readonly { readonly id: string; readonly what: string }[] {
    return [...this.#wanted].flatMap(([id, { beginnings, missing, isGone, isSeen, isImported }]) => {
      if (isGone && !isSeen) return [];
      const versions = [...missing].filter((version) => !isImported || !beginnings.has(version)).sort((a, b) => a - b);
      if (versions.length === 0) return [];
      const told = versions.slice(0, 20).join(', ');
      return [{ id, what: `has no event of version ${told} in its history, and the log knows that there was one` }];
    });
  }
}
