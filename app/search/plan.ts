import { normalize } from '../embeddings/embedder.js';
import { problem } from '../http/errors.js';
import { STATUS_ACTIVE, STATUS_EXPIRED, STATUS_QUARANTINED, STATUS_SUPERSEDED } from '../memories/rows.js';
import { readTime } from '../memories/time.js';
import { readVector } from '../memories/vector-input.js';
import { type Filter, parseFilter } from './filter/index.js';
import type { IndexSettings } from './index-mark.js';
import { queryTermsOf } from './query-terms.js';
import type { Mode, Search } from './schema.js';

/** A search that has passed every rule that needs no store. */
export interface SearchPlan {
  readonly mode: Mode;
  readonly query: string | undefined;
  readonly terms: readonly string[];
  readonly vector: Float32Array | undefined;
  readonly filter: Filter | undefined;
  readonly statuses: readonly number[];
  readonly asOf: Date | null;
  /** What recency is counted from. */
  readonly now: Date;
  readonly limit: number;
  readonly threshold: number;
  readonly rerank: boolean;
  /** How many candidates each way of searching brings. */
  readonly pool: number;
}

const DEFAULT_LIMIT = 10;
/** Enough that the best of one way of searching is usually known to the other. */
const MIN_POOL = 50;
const MAX_POOL = 1_000;

export const planSearch = (
  body: Search,
  { dimensions, settings }: { readonly dimensions: number; readonly settings: IndexSettings },
): SearchPlan => {
  const vector = body.vector === undefined ? undefined : normalize(readVector(body.vector, dimensions));
  const mode = readMode(body);
  const filter =
    body.filters === undefined
      ? undefined
      : parseFilter(body.filters, { pointer: '/filters', clearMetadata: settings.clearMetadata });
  const asOf = readTime('/as_of', body.as_of);
  const limit = body.limit ?? DEFAULT_LIMIT;
  return {
    ...{ mode, vector, filter, asOf, limit },
    query: body.query,
    terms: queryTermsOf(body.query),
    statuses: statusesOf(body),
    now: asOf ?? new Date(),
    threshold: body.threshold ?? 0,
    rerank: body.rerank === true && body.query !== undefined,
    pool: mode === 'semantic' && !body.rerank ? limit : Math.min(MAX_POOL, Math.max(MIN_POOL, limit * 3)),
  };
};

/** A vector alone has no words: there is nothing to fuse. */
const readMode = (body: Search): Mode => {
  const mode = body.mode ?? 'hybrid';
  const required = (detail: string) =>
    problem('invalid_request', `A search by ${mode} needs ${detail}.`, {
      errors: [{ pointer: '/query', code: 'required', detail: `${detail} is required` }],
    });
  if (mode === 'keyword' && body.query === undefined) throw required('query');
  if (body.query === undefined && body.vector === undefined) throw required('query or vector');
  return mode === 'hybrid' && body.query === undefined ? 'semantic' : mode;
};

const statusesOf = (
  body: Pick<Search, 'latest_only' | 'include_expired' | 'include_quarantined'>,
): readonly number[] => [
  STATUS_ACTIVE,
  ...(body.include_quarantined ? [STATUS_QUARANTINED] : []),
  ...(body.latest_only === false ? [STATUS_SUPERSEDED] : []),
  ...(body.include_expired ? [STATUS_EXPIRED] : []),
];
