import type { AuditEntry, AuditFact } from '../audit/trail.js';
import type { MemoryRow } from './rows.js';
import { SCOPES } from './schema.js';

/** What the audit log is told of memories: ids, versions and commitments in clear, the rest sealed beside it. */
type Written = Pick<MemoryRow, 'id' | 'version' | 'slot' | 'scope'>;

/** One event for all rows of one write; it has a subject and a scope when they share one. */
export const buildWriteEntry = (
  id: string,
  rows: readonly { readonly row: Written; readonly commit: Buffer }[],
): AuditEntry => ({
  ...buildEntry(
    id,
    rows.map(({ row }) => row),
  ),
  code: 'created',
  facts: rows.map(({ row, commit }): AuditFact => ({ id: row.id, version: row.version, op: 'put', commit })),
});

/** `rows` as they were last; the delete is the version after it, as in its history. */
export const buildDeleteEntry = (id: string, rows: readonly Written[]): AuditEntry => ({
  ...buildEntry(id, rows),
  code: 'deleted',
  facts: rows.map((row) => ({ id: row.id, version: row.version + 1, op: 'delete', commit: NOTHING })),
});

const NOTHING = Buffer.alloc(32);

const buildEntry = (id: string, rows: readonly Written[]): AuditEntry => ({
  type: 'memory.write',
  id,
  slot: shared(rows.map(({ slot }) => slot)),
  scope: SCOPES[shared(rows.map(({ scope }) => scope)) ?? -1] ?? null,
});

const shared = <T>(values: readonly T[]): T | null => {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
};
