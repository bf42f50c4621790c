import { requirePermission } from '../access/guard.js';
import { checkMode } from '../http/serve.js';
import { updateMemories } from '../memories/bulk-update.js';
import type { Memory } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import type { SearchDeps } from '../search/search-deps.js';
import { ITEM_SOURCE } from './item.js';

const TTL = /^urn:memplane:ttl:(\d+(?:\.\d+)?)$/;
const MINUTE_MS = 60_000;
/** Each refresh is a new version with an event in the log: who reads all the time makes ten of them a lifetime, not one a read. */
const SPENT = 0.1;

/** How long an item lives, kept with it, so that a reader can give it as much again. */
export const sourceOf = (ttl: number | null | undefined) =>
  ttl ? { id: ITEM_SOURCE, uri: `urn:memplane:ttl:${formatMinutes(ttl)}` } : { id: ITEM_SOURCE };

const formatMinutes = (minutes: number): string => minutes.toFixed(6).replace(/\.?0+$/, '');

export const expiryOf = (ttl: number, now: number): string => new Date(now + ttl * MINUTE_MS).toISOString();

/** Before anything is read: asking for more time is a write. */
export const requireRefresh = (deps: SearchDeps, { principal }: Caller): void => {
  checkMode({ writes: true }, deps.policies().mode);
  requirePermission(principal, 'update');
};

/** Items that were put with a time to live have all of it before them again. What is held, or gone by now, stays as it is. */
export const refreshItems = async (deps: SearchDeps, caller: Caller, items: readonly Memory[]): Promise<void> => {
  const now = Date.now();
  const updates = items.flatMap((item) => {
    const expires = planRefresh(item, now);
    return expires === undefined ? [] : [{ id: item.id, version: item.version, patch: { expires_at: expires } }];
  });
  if (updates.length === 0) return;
  await updateMemories(deps, caller, updates, { onError: 'continue', reason: 'read with refresh_ttl' });
};

/** Pure. When the item expires from now on; `undefined` while nothing worth a version of its time is spent. */
export const planRefresh = (
  { source, expires_at }: Pick<Memory, 'source' | 'expires_at'>,
  now: number,
): string | undefined => {
  const [, minutes] = TTL.exec(source.uri ?? '') ?? [];
  if (source.id !== ITEM_SOURCE || minutes === undefined || expires_at === null) return undefined;
  const ttl = Number(minutes);
  const left = new Date(expires_at).getTime() - now;
  return left > ttl * MINUTE_MS * (1 - SPENT) ? undefined : expiryOf(ttl, now);
};
