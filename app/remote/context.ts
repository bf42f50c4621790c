import type { Caller } from '../memories/service.js';
import { type Context, composeContext } from '../search/context.js';
import type { ContextRequest } from '../search/schema.js';
import { listRemote, searchRemote } from './read.js';
import type { RemoteDeps } from './remote-deps.js';

/** Of these the most useful are taken, as for memories that are kept here. */
const MAX_MEMORIES = 100;
/** What comes from a provider that says only which is nearer is not cut off by its score. */
const NEAR = 0;

/** Near a query; without one, what is newest. */
export const buildRemoteContext = async (
  deps: RemoteDeps,
  caller: Caller,
  { max_tokens, query, filters, ...selectors }: ContextRequest,
): Promise<Context> => {
  if (query === undefined) {
    const text = filters === undefined ? {} : { filters: JSON.stringify(filters) };
    const { results } = await listRemote(deps, caller, { ...selectors, ...text, limit: MAX_MEMORIES });
    return composeContext(results, [], max_tokens);
  }
  const body = { ...selectors, ...(filters === undefined ? {} : { filters }), query, limit: MAX_MEMORIES };
  const { results } = await searchRemote(deps, caller, body);
  const near = results.filter(({ score }) => score > NEAR);
  return composeContext(
    near.map(({ score: _score, rank: _rank, ...memory }) => memory),
    [],
    max_tokens,
  );
};
