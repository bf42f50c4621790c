import { and, type Condition } from '../db/condition.js';
import { EmbedderUnavailable } from '../embeddings/embedder.js';
import { dot } from '../vectors/partition.js';
import { toScore } from '../vectors/vector-store.js';
import { pastContent, readPast } from './as-of.js';
import { rankByTerms } from './bm25.js';
import { type Candidate, type Degraded, mergeCandidates } from './candidate.js';
import { findByTerms, rankRows } from './keyword.js';
import type { SearchPlan } from './plan.js';
import type { SearchDeps } from './search-deps.js';
import { findNearest } from './semantic.js';
import type { SearchSpace } from './space.js';
import { selectNewest } from './store.js';

/** What a search brings together before anything is ranked: by words and by meaning at the same time. */
export const gatherCandidates = async (
  deps: SearchDeps,
  space: SearchSpace,
  plan: SearchPlan,
  vector: Float32Array | undefined,
  degraded: Set<Degraded>,
): Promise<readonly Candidate[]> => {
  const { terms, pool, mode } = plan;
  // Without a vector to compare, words are what is left of meaning.
  const byWords = mode !== 'semantic' || !vector;
  const [lexical, semantic] = await Promise.all([
    byWords ? findByTerms(deps, space, terms, pool) : [],
    vector && mode !== 'keyword' ? findNearest(deps, space, vector, pool, degraded) : undefined,
  ]);
  const wordless = semantic && !byWords ? await rankRows(deps, semantic.wordless, terms) : [];
  return [...mergeCandidates([semantic?.candidates ?? [], lexical, wordless]).values()];
};

/** The query as a vector: the client's, or the model's. */
export const resolveQueryVector = async (
  { embedder }: SearchDeps,
  { mode, vector, query }: SearchPlan,
  degraded: Set<Degraded>,
): Promise<Float32Array | undefined> => {
  if (mode === 'keyword') return undefined;
  if (vector) return vector;
  try {
    return (await embedder.embed([query ?? '']))[0];
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    degraded.add('embedding');
    return undefined;
  }
};

/** Rows that have changed since a time are few; of more than these the newest are looked at. */
const MAX_CHANGED = 500;
/** Each is one embedding of what it said then. */
const MAX_EMBEDDED = 32;

/**
 * A search in the past: rows that are now what they were then are found as ever; those that have changed since are read
 * from their history and compared one by one.
 */
export const gatherPast = async (
  deps: SearchDeps,
  space: SearchSpace,
  plan: SearchPlan,
  vector: Float32Array | undefined,
  degraded: Set<Degraded>,
): Promise<readonly Candidate[]> => {
  const at = plan.asOf ?? plan.now;
  const unchanged: Condition = (bind) => `(status = 0 AND updated_at <= ${bind(at)})`;
  const changed: Condition = (bind) => `(status <> 0 OR updated_at > ${bind(at)})`;
  const [same, others] = await Promise.all([
    gatherCandidates(deps, { ...space, allowed: and([space.allowed, unchanged]) }, plan, vector, degraded),
    gatherChanged(deps, and([space.allowed, changed]), plan, vector, at),
  ]);
  return [...same, ...others];
};

const gatherChanged = async (
  deps: SearchDeps,
  allowed: Condition,
  plan: SearchPlan,
  vector: Float32Array | undefined,
  at: Date,
): Promise<readonly Candidate[]> => {
  const rows = await selectNewest(deps.db, allowed, MAX_CHANGED);
  const past = await readPast(deps.db, deps, rows, at);
  await deps.vault.prepare(rows.map(({ slot }) => slot));
  const opened = rows.flatMap((row) => {
    const then = past.get(row.id);
    const content = then?.state ? pastContent(then.state) : then && deps.presenter.open(row);
    return content && then && plan.statuses.includes(then.status) ? [{ row, content }] : [];
  });
  const texts = opened.map(({ row, content }) => ({ id: row.id, text: content.content }));
  const lexical = new Map(rankByTerms(plan.terms, texts).map((one) => [one.id, one]));
  const near = vector ? await embedTexts(deps, texts.slice(0, MAX_EMBEDDED), vector) : new Map<string, number>();
  return opened.flatMap(({ row, content }): readonly Candidate[] => {
    const words = lexical.get(row.id);
    const semantic = near.get(row.id) ?? null;
    if (!words && semantic === null) return [];
    return [{ row, content, semantic, keyword: words?.score ?? null, matched: words?.matched ?? [] }];
  });
};

const embedTexts = async (
  { embedder }: SearchDeps,
  texts: readonly { readonly id: string; readonly text: string }[],
  vector: Float32Array,
): Promise<ReadonlyMap<string, number>> => {
  if (texts.length === 0) return new Map();
  try {
    const vectors = await embedder.embed(texts.map(({ text }) => text));
    return new Map(texts.map(({ id }, index) => [id, toScore(dot(vectors[index] ?? vector, vector))]));
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    return new Map();
  }
};
