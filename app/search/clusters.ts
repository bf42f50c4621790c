import { observeRead } from '../memories/observe-read.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import { viewerValues } from '../memories/store.js';
import { tagsOfViewer } from '../memories/touched.js';
import { termsOf } from '../sealing/index.js';
import { openVectors } from '../vectors/open-vector.js';
import { parseFilterText } from './filter/index.js';
import { indexSettings } from './index-mark.js';
import { clusterVectors } from './kmeans.js';
import { presentMatching } from './matching.js';
import type { ClustersQuery } from './schema.js';
import { ofOneModel, type SearchDeps } from './search-deps.js';
import { resolveSpace, type SearchSpace } from './space.js';
import { selectCandidates, selectIds, selectVectorsOf } from './store.js';

export interface Clusters {
  readonly clusters: readonly {
    readonly size: number;
    readonly terms: readonly string[];
    readonly cohesion: number;
    readonly exemplar: Memory;
    readonly ids: readonly string[];
  }[];
  readonly count: number;
  readonly truncated: boolean;
  readonly took_ms: number;
}

/** The newest; some 20 MB of vectors, and some seconds at most. */
const MAX_CLUSTERED = 10_000;
const READ_AT_ONCE = 500;
/** Members whose words name a cluster, and how many words. */
const NAMING = 25;
const TERMS = 5;

/** What a person's memories are about: groups of near vectors, each with a typical member and the words that its members share. */
export const clusterMemories = (deps: SearchDeps, caller: Caller, query: ClustersQuery): Promise<Clusters> =>
  clusterWith(ofOneModel(deps), caller, query);

const clusterWith = async (deps: SearchDeps, caller: Caller, query: ClustersQuery): Promise<Clusters> => {
  const startedAt = performance.now();
  const { clearMetadata } = indexSettings(deps.policies());
  const filter = parseFilterText(query.filters, { pointer: '/query/filters', clearMetadata });
  const space = await resolveSpace(deps, caller, { selectors: query, filter });
  const ids = await selectIds(deps.db, space.allowed, MAX_CLUSTERED + 1);
  const truncated = ids.length > MAX_CLUSTERED;
  const options = { filter: space.filter, asOf: null, statuses: [], vector: false };
  const candidates = ids.slice(0, MAX_CLUSTERED);
  const name = JSON.stringify([viewerValues(space.viewer), deps.embedder.model, query, candidates]);
  const { named, count } = await deps.cache.rememberOf('centroid', name, tagsOfViewer(space.viewer), async () =>
    groupVectors(await readVectors(deps, await keepMatching(deps, space, candidates)), query.k),
  );
  const typical = named.flatMap((one) => one.ids.slice(0, NAMING));
  const rows = await selectCandidates(deps.db, space.allowed, typical);
  const shown = new Map((await presentMatching(deps, rows, options)).map((one) => [one.row.id, one]));
  const clusters = named.flatMap(({ ids: members, cohesion }) => {
    const known = members.flatMap((id) => shown.get(id)?.memory ?? []);
    const [exemplar] = known;
    if (!exemplar) return [];
    return [{ size: members.length, terms: sharedTerms(known.slice(0, NAMING)), cohesion, exemplar, ids: members }];
  });
  await observeRead(deps.audit, 'search', shownRows(clusters, shown));
  return { clusters, count, truncated, took_ms: Math.round(performance.now() - startedAt) };
};

/** Which memories are near each other, and how near: what takes the time. Kept by ids, for they are shown anew each time. */
const groupVectors = async (
  vectors: readonly { readonly id: string; readonly vector: Float32Array }[],
  k: number | undefined,
) => {
  const found = await clusterVectors(
    vectors.map(({ vector }) => vector),
    k ?? defaultClusters(vectors.length),
  );
  const named = found.map(({ members, cohesion }) => ({
    ids: members.flatMap((index) => vectors[index]?.id ?? []),
    cohesion,
  }));
  return { named, count: vectors.length };
};

/** Only where the database could not decide. */
const keepMatching = async (
  deps: SearchDeps,
  { allowed, filter }: SearchSpace,
  ids: readonly string[],
): Promise<readonly string[]> => {
  if (filter.exact) return ids;
  const kept: string[] = [];
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const rows = await selectCandidates(deps.db, allowed, ids.slice(from, from + READ_AT_ONCE));
    const matching = await presentMatching(deps, rows, { filter, asOf: null, statuses: [], vector: false });
    kept.push(...matching.map(({ row }) => row.id));
  }
  return kept;
};

const shownRows = (
  clusters: Clusters['clusters'],
  shown: ReadonlyMap<string, { readonly row: MemoryRow }>,
): readonly MemoryRow[] => clusters.flatMap(({ exemplar }) => shown.get(exemplar.id)?.row ?? []);

/** The usual rule of thumb. */
const defaultClusters = (count: number): number => Math.min(12, Math.max(1, Math.round(Math.sqrt(count / 2))));

const readVectors = async (
  { db, vault, embedder }: SearchDeps,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly vector: Float32Array }[]> => {
  const vectors: { readonly id: string; readonly vector: Float32Array }[] = [];
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const rows = await selectVectorsOf(db, ids.slice(from, from + READ_AT_ONCE), embedder.model);
    for (const { memory_id: id, plain } of await openVectors(vault, rows, embedder.dimensions)) {
      vectors.push({ id, vector: plain });
    }
  }
  return vectors.sort((a, b) => (a.id < b.id ? -1 : 1));
};

const sharedTerms = (memories: readonly Memory[]): readonly string[] => {
  const counts = new Map<string, number>();
  for (const { content } of memories)
    for (const term of termsOf(content)) counts.set(term, (counts.get(term) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, TERMS)
    .map(([term]) => term);
};
