import { type Embedder, EmbedderUnavailable, normalize } from '../embeddings/embedder.js';
import { problem } from '../http/errors.js';
import { dot } from '../vectors/partition.js';
import type { VectorStore } from '../vectors/vector-store.js';
import type { Near, Neighbours } from './matching.js';
import { partitionOf } from './partition-of.js';
import type { PlannedDraft } from './plan.js';
import { SAME_MEANING } from './same-statement.js';
import type { PreparedRow } from './write-context.js';

/** Of the nearest, so many may have been deleted, expired or superseded a moment ago. */
const CANDIDATES = 8;
/** Comparing a thousand drafts with each other takes some 300 ms: others get their turn in between. */
const BREATH = 32;

export interface Semantics {
  /** The drafts with a vector each. */
  embed(drafts: readonly PlannedDraft[]): Promise<readonly PlannedDraft[]>;
  near(rows: readonly PreparedRow[]): Promise<Near>;
}

export const createSemantics = (deps: { readonly embedder: Embedder; readonly vectors: VectorStore }): Semantics => ({
  embed: async (drafts) => {
    const silent = drafts.filter(({ vector }) => vector === null);
    const vectors = silent.length === 0 ? [] : await embed(deps.embedder, silent);
    const made = new Map(silent.map((draft, index) => [draft, vectors[index] ?? null]));
    return drafts.map((draft) => ({ ...draft, vector: draft.vector ?? made.get(draft) ?? null }));
  },
  near: async (rows) => {
    const near = new Map<PreparedRow, Neighbours>();
    const earlier = new Map<string, { readonly prepared: PreparedRow; readonly vector: Float32Array }[]>();
    for (const [index, prepared] of rows.entries()) {
      if (index % BREATH === BREATH - 1) await new Promise(setImmediate);
      const { row, planned } = prepared;
      if (!planned.vector) continue;
      const vector = normalize(Float32Array.from(planned.vector));
      const partition = partitionOf(row);
      const { hits } = await deps.vectors.search([partition], vector, CANDIDATES);
      const ids = hits.filter(({ score }) => score >= SAME_MEANING).map(({ id }) => id);
      const batch = earlier.get(partition) ?? [];
      const same = batch.filter((other) => dot(other.vector, vector) >= SAME_MEANING).map((other) => other.prepared);
      if (ids.length + same.length > 0) near.set(prepared, { ids, earlier: same });
      batch.push({ prepared, vector });
      earlier.set(partition, batch);
    }
    return near;
  },
});

const embed = async (embedder: Embedder, drafts: readonly PlannedDraft[]): Promise<readonly Float32Array[]> => {
  try {
    return await embedder.embed(drafts.map(({ content }) => content.content));
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    throw problem('provider_unavailable', 'Without vectors nobody can tell what means the same.', {
      cause,
      remedy: 'Use dedupe "exact", send vectors, or try again after the seconds that Retry-After says.',
    });
  }
};
