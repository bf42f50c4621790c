import type { AuditTrail } from '../audit/trail.js';
import type { Cache } from '../cache/cache.js';
import type { Queryable } from '../db/pool.js';
import type { Json } from '../http/json.js';
import { buildDeleteEntry, buildWriteEntry } from './audit.js';
import type { Deed } from './history-record.js';
import type { MemoryRow } from './rows.js';
import { touchRows } from './touched.js';

type Written = Pick<MemoryRow, 'id' | 'version' | 'slot' | 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;
interface Deps {
  readonly audit: AuditTrail;
  readonly cache: Cache;
}

type Detail = { readonly [key: string]: Json };

/** One event for all that a transaction changed, under the id that its rows and their history carry. */
export const recordWritten = async (
  deps: Deps,
  transaction: Queryable,
  { auditEvent, reason }: Pick<Deed, 'auditEvent' | 'reason'>,
  code: string,
  written: readonly { readonly row: Written; readonly commit: Buffer | undefined }[],
  detail: Detail = {},
): Promise<string> => {
  const rows = written.flatMap(({ row, commit }) => (commit ? [{ row, commit }] : []));
  await touchRows(
    deps,
    transaction,
    rows.map(({ row }) => row),
  );
  return deps.audit.record(transaction, { ...buildWriteEntry(auditEvent, rows), code, ...detailOf(detail, reason) });
};

export const recordDeleted = async (
  deps: Deps,
  transaction: Queryable,
  { auditEvent, reason }: Pick<Deed, 'auditEvent' | 'reason'>,
  rows: readonly Written[],
  detail: Detail = {},
): Promise<string> => {
  await touchRows(deps, transaction, rows);
  return deps.audit.record(transaction, { ...buildDeleteEntry(auditEvent, rows), ...detailOf(detail, reason) });
};

const detailOf = (detail: Detail, reason: string | null): { readonly detail?: Detail } => {
  const whole = reason === null ? detail : { ...detail, reason };
  return Object.keys(whole).length === 0 ? {} : { detail: whole };
};
