import type { Queryable } from '../db/pool.js';
import { type Embedder, EmbedderUnavailable, normalize } from '../embeddings/embedder.js';
import { problem } from '../http/errors.js';
import type { Vault } from '../tenancy/vault.js';
import type { VectorStore } from '../vectors/vector-store.js';
import type { Near, Neighbours } from './matching.js';
import { partitionOf } from './partition-of.js';
import type { PlannedDraft } from './plan.js';
import { SAME_MEANING, statementsOf } from './same-statement.js';
import { findSameWords } from './same-words.js';
import type { PreparedRow } from './write-context.js';

/** Of the nearest, so many may have been deleted, expired or superseded a moment ago. */
const CANDIDATES = 8;
/** A thousand drafts at once: others get their turn in between. */
const BREATH = 32;

export interface Semantics {
  /** The drafts with a vector each. */
  embed(drafts: readonly PlannedDraft[]): Promise<readonly PlannedDraft[]>;
  near(rows: readonly PreparedRow[]): Promise<Near>;
}

interface SemanticsDeps {
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
  readonly db: Queryable;
  readonly vault: Vault;
}

export const createSemantics = (deps: SemanticsDeps): Semantics => ({
  embed: async (drafts) => {
    const silent = drafts.filter(({ vector }) => vector === null);
    const vectors = silent.length === 0 ? [] : await embed(deps.embedder, silent);
    const made = new Map(silent.map((draft, index) => [draft, vectors[index] ?? null]));
    return drafts.map((draft) => ({ ...draft, vector: draft.vector ?? made.get(draft) ?? null }));
  },
  near: async (rows) => {
    const near = new Map<PreparedRow, Neighbours>();
    const worded = await findSameWords(deps, rows);
    const earlier = new Map<string, PreparedRow[]>();
    for (const [index, prepared] of rows.entries()) {
      if (index % BREATH === BREATH - 1) await new Promise(setImmediate);
      const ids = new Set([...(worded.get(prepared) ?? []), ...(await nearIds(deps.vectors, prepared))]);
      const { said, before } = inBatch(earlier, prepared);
      if (ids.size + before.length > 0) near.set(prepared, { ids: [...ids], earlier: before });
      for (const one of said) earlier.set(one, [...(earlier.get(one) ?? []), prepared]);
    }
    return near;
  },
});

const nearIds = async (vectors: VectorStore, { row, planned }: PreparedRow): Promise<readonly string[]> => {
  if (!planned.vector) return [];
  const vector = normalize(Float32Array.from(planned.vector));
  const { hits } = await vectors.search([partitionOf(row)], vector, CANDIDATES);
  return hits.filter(({ score }) => score >= SAME_MEANING).map(({ id }) => id);
};

/** Drafts of one owner that say the same are found by what they say: their order decides which is the first. */
const inBatch = (earlier: ReadonlyMap<string, readonly PreparedRow[]>, { row, planned }: PreparedRow) => {
  const said = statementsOf(planned.content).map((one) => `${row.scope} ${partitionOf(row)} ${one}`);
  return { said, before: [...new Set(said.flatMap((one) => earlier.get(one) ?? []))] };
};

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
