import { decodeCursor, encodeCursor } from './cursor.js';
import { observeRead } from './observe-read.js';
import { type ListQuery, type Memory, STATUSES } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { countMemories, selectPage } from './store.js';
import { resolveRefFilter, resolveViewer } from './viewer.js';

export interface MemoryPage {
  readonly results: readonly Memory[];
  readonly next_cursor: string | null;
  readonly count?: number;
}

export const listMemories = async (deps: MemoryServiceDeps, caller: Caller, query: ListQuery): Promise<MemoryPage> => {
  const { db, vault, people, presenter } = deps;
  const viewer = await resolveViewer(db, people, caller.principal, caller.headers, query);
  const filter = await resolveRefFilter(db, people, query);
  const order = query.order ?? 'created_at:desc';
  const status = STATUSES.indexOf(query.status ?? 'active');
  const list = { key: caller.principal.keyId, viewer, filter, order, status };
  const after = decodeCursor(vault, list, query.cursor);
  // One more than asked for tells whether there is a next page.
  const rows = await selectPage(db, viewer, filter, {
    status,
    descending: order.endsWith('desc'),
    after,
    limit: query.limit + 1,
  });
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  await observeRead(deps.audit, 'list', page);
  const count = query.count ? { count: await countMemories(db, viewer, filter, status) } : {};
  return {
    results: await presenter.present(db, page, { vector: query.include === 'vector' }),
    next_cursor: last ? encodeCursor(vault, list, { createdAt: last.created_at.toISOString(), id: last.id }) : null,
    ...count,
  };
};
