import type { Stamped } from '../memories/reader.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { RowContent } from '../sealing/index.js';

/** A row on its way to being a result, with what is known of it so far. */
export interface Candidate {
  readonly row: MemoryRow;
  /** Nearness of its vector; `null` when it was not compared. */
  readonly semantic: number | null;
  /** By its words; `null` when it shares none with the query. */
  readonly keyword: number | null;
  readonly matched: readonly string[];
  /** Opened already. */
  readonly content?: RowContent;
  /** As it is shown. */
  readonly memory?: Memory;
  /** Which row it is, to remember what is in it once it is opened. */
  readonly stamp?: Pick<Stamped, 'stamp' | 'since'>;
}

export type Degraded = 'embedding' | 'vectors' | 'rerank';

/** What two ways of searching say of one row, together. */
export const mergeCandidates = (lists: readonly (readonly Candidate[])[]): ReadonlyMap<string, Candidate> => {
  const merged = new Map<string, Candidate>();
  for (const candidate of lists.flat()) {
    const known = merged.get(candidate.row.id);
    merged.set(candidate.row.id, known ? combine(known, candidate) : candidate);
  }
  return merged;
};

/** A row may have got its vector between two looks: its better score counts. */
const combine = (a: Candidate, b: Candidate): Candidate => {
  const content = a.content ?? b.content;
  return {
    row: a.row,
    semantic: larger(a.semantic, b.semantic),
    keyword: larger(a.keyword, b.keyword),
    matched: a.matched.length > 0 ? a.matched : b.matched,
    ...(content ? { content } : {}),
    ...(a.memory ? { memory: a.memory } : {}),
    ...(a.stamp === undefined ? {} : { stamp: a.stamp }),
  };
};

const larger = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
