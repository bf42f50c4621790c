import type { AuditTrail } from '../audit/trail.js';
import type { Json } from '../http/json.js';
import type { Maybe } from '../http/maybe.js';
import { SLOTS } from '../keys/index.js';
import type { MemoryRow } from './rows.js';

/**
 * Every answer that holds memories is told, with the ids that it showed. What was asked for is sealed for the person whose
 * memories were found, so that it is erased with them; when nothing was found nothing of it is kept.
 */
export const observeRead = (
  audit: AuditTrail,
  op: 'get' | 'list' | 'search' | 'history' | 'export',
  rows: readonly Pick<MemoryRow, 'id' | 'slot'>[],
  detail?: { readonly [key: string]: Json },
): Maybe<void> => {
  const slot = rows.find((row) => row.slot >= SLOTS.firstUser)?.slot ?? null;
  const ids = rows.map(({ id }) => id);
  return audit.observe({ type: 'memory.read', code: op, slot, ids, ...(detail && rows.length > 0 ? { detail } : {}) });
};
