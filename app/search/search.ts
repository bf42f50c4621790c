import { observeRead } from '../memories/observe-read.js';
import { writtenOut } from '../memories/reader.js';
import type { Memory } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import { type Past, presentPast } from './as-of.js';
import type { Candidate, Degraded } from './candidate.js';
import { gatherCandidates, gatherPast, resolveQueryVector } from './gather.js';
import { indexSettings } from './index-mark.js';
import { presentMatching } from './matching.js';
import { planSearch, type SearchPlan } from './plan.js';
import { rerankBest } from './rerank-best.js';
import type { Explain, Search } from './schema.js';
import { explainScore, type Scored, scoreCandidates } from './score.js';
import { ofOneModel, type SearchDeps } from './search-deps.js';
import { findOwners, resolveSpace, type SearchSpace } from './space.js';
import { fitTokens } from './token-budget.js';

export type Found = Memory & { readonly score: number; readonly rank: number; readonly explain?: Explain };

export interface SearchResult {
  readonly results: readonly Found[];
  readonly truncated: boolean;
  readonly tokens?: number;
  readonly took_ms: number;
  readonly degraded: readonly Degraded[];
}

export interface SearchOptions {
  /** See `SpaceOptions`. */
  readonly ofAnybody?: boolean;
}

export const searchMemories = async (
  deps: SearchDeps,
  caller: Caller,
  body: Search,
  options: SearchOptions = {},
): Promise<SearchResult> => {
  const { shown, ...rest } = await findShown(deps, caller, body, options);
  return { results: shown.map(({ memory, ...more }) => ({ ...memory, ...more })), ...rest };
};

/** As `searchMemories`, as JSON: a memory that was written out before is not written out again. */
export const searchAsText = async (deps: SearchDeps, caller: Caller, body: Search): Promise<string> => {
  const { shown, ...rest } = await findShown(deps, caller, body, {});
  const results = shown.map(({ memory, ...more }) => {
    const text = writtenOut(memory);
    return `${text.slice(0, -1)},${JSON.stringify(more).slice(1)}`;
  });
  return `{"results":[${results.join(',')}],${JSON.stringify(rest).slice(1)}`;
};

interface ShownResult extends Omit<SearchResult, 'results'> {
  readonly shown: readonly (Pick<Found, 'score' | 'rank'> & { readonly memory: Memory; readonly explain?: Explain })[];
}

const findShown = (deps: SearchDeps, caller: Caller, body: Search, options: SearchOptions): Promise<ShownResult> =>
  findWith(ofOneModel(deps), caller, body, options);

const findWith = async (
  deps: SearchDeps,
  caller: Caller,
  body: Search,
  { ofAnybody = false }: SearchOptions,
): Promise<ShownResult> => {
  const startedAt = performance.now();
  const settings = indexSettings(deps.policies());
  const plan = planSearch(body, { dimensions: deps.embedder.dimensions, settings });
  const { filter, statuses, asOf } = plan;
  const wide = await resolveSpace(deps, caller, { selectors: body, filter, statuses, asOf, ofAnybody });
  const space = await findOwners(deps, wide);
  const degraded = new Set<Degraded>();
  const best = await findBest(deps, space, plan, degraded);
  deps.metrics.searched();
  const found = await show(deps, best, plan, body);
  const fitted = fitTokens(found, ({ memory }) => memory.content, body.max_tokens);
  await tellRead(deps, best, fitted.items, body.query);
  return {
    shown: fitted.items.map(({ memory, score, explain }, index) => ({
      ...{ memory, score, rank: index + 1 },
      ...(explain ? { explain } : {}),
    })),
    truncated: fitted.truncated,
    ...(body.max_tokens === undefined ? {} : { tokens: fitted.tokens }),
    took_ms: Math.round((performance.now() - startedAt) * 100) / 100,
    degraded: [...degraded],
  };
};

/** Of a search by vector alone nothing personal was said. */
const tellRead = (deps: SearchDeps, best: readonly Best[], shown: readonly Shown[], query: string | undefined) => {
  const rows = new Map(best.map(({ row }) => [row.id, row]));
  const told = shown.flatMap(({ memory }) => rows.get(memory.id) ?? []);
  return observeRead(deps.audit, 'search', told, query === undefined ? undefined : { query });
};

/** A candidate that was found to match, as it will be shown if it had to be opened for that. */
type Kept = Candidate & { readonly past?: Past };
type Best = Scored & Kept;

/** When a filter that only the opened row decides refuses most, the net is cast wider, this often, this much. */
const CASTS = 3;
const WIDER = 8;

const findBest = async (
  deps: SearchDeps,
  space: SearchSpace,
  plan: SearchPlan,
  degraded: Set<Degraded>,
): Promise<readonly Best[]> => {
  const vector = await resolveQueryVector(deps, plan, degraded);
  const gather = plan.asOf ? gatherPast : gatherCandidates;
  let kept: readonly Kept[] = [];
  let pool = plan.pool;
  for (let cast = 1; cast <= CASTS; cast++, pool *= WIDER) {
    const candidates = await gather(deps, space, { ...plan, pool }, vector, degraded);
    kept = await keepMatching(deps, space, plan, candidates);
    if (space.filter.exact || kept.length >= plan.limit || candidates.length < pool) break;
  }
  const scored = scoreCandidates(kept, plan) as readonly Best[];
  const ranked = plan.rerank ? await rerankBest(deps, plan, scored, vector, degraded) : scored;
  const wanted = plan.mode === 'keyword' ? ranked.filter(({ keyword }) => keyword !== null) : ranked;
  return wanted.filter(({ score }) => score >= plan.threshold).slice(0, plan.limit) as readonly Best[];
};

/** Opens candidates only where the database could not decide: a sealed field, or a time that has passed. */
const keepMatching = async (
  deps: SearchDeps,
  { filter }: SearchSpace,
  { asOf, statuses }: SearchPlan,
  candidates: readonly Candidate[],
): Promise<readonly Kept[]> => {
  if (filter.exact && !asOf) return candidates;
  const rows = candidates.map(({ row }) => row);
  const matching = await presentMatching(deps, rows, { filter, asOf, statuses, vector: false });
  const byId = new Map(matching.map((one) => [one.row.id, one]));
  return candidates.flatMap((candidate) => {
    const one = byId.get(candidate.row.id);
    return one ? [{ ...candidate, ...one }] : [];
  });
};

interface Shown {
  readonly memory: Memory;
  readonly score: number;
  readonly explain?: Explain;
}

const show = async (
  deps: SearchDeps,
  best: readonly Best[],
  { asOf }: SearchPlan,
  body: Search,
): Promise<readonly Shown[]> => {
  const opened = await openShown(deps, best, body.include === 'vector');
  return best.flatMap((one) => {
    const fresh = opened.get(one.row.id);
    const memory = asOf && fresh && one.past ? presentPast(fresh, one.past) : (fresh ?? one.memory);
    if (!memory) return [];
    return [{ memory, score: one.score, ...(body.explain ? { explain: explainScore(one) } : {}) }];
  });
};

/** What was not opened yet, and everything when its vector is asked for. What carries a stamp is remembered. */
const openShown = async (
  { presenter, reader, db }: SearchDeps,
  best: readonly Best[],
  vector: boolean,
): Promise<ReadonlyMap<string, Memory>> => {
  const unopened = vector ? best : best.filter(({ memory }) => !memory);
  if (unopened.length === 0) return NONE;
  const stamped = vector ? [] : unopened.flatMap(({ row, stamp }) => (stamp === undefined ? [] : [{ row, ...stamp }]));
  const others = stamped.length > 0 ? unopened.filter(({ stamp }) => stamp === undefined) : unopened;
  const reads = stamped.length > 0 ? await reader.open(stamped) : [];
  const rows = others.map(({ row }) => row);
  const presented = rows.length > 0 ? await presenter.present(db, rows, { vector }) : [];
  return new Map([...reads.map(({ memory }) => memory), ...presented].map((memory) => [memory.id, memory]));
};

const NONE: ReadonlyMap<string, Memory> = new Map();
