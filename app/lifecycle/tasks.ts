import type { AuditFact } from '../audit/trail.js';
import { BEFORE_ALL } from '../db/first-id.js';
import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { findKept, isGenuine } from '../holds/holds.js';
import { endHold } from '../holds/service.js';
import { selectLapsedHolds } from '../holds/store.js';
import { recountContradictions } from '../memories/facts.js';
import { type Deed, recordStatus } from '../memories/history-record.js';
import { partitionOf } from '../memories/partition-of.js';
import { removeRows } from '../memories/removal.js';
import { type MemoryRow, STATUS_EXPIRED, STATUS_FORGOTTEN } from '../memories/rows.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import type { HistoryEvent } from '../memories/state.js';
import { dropVectors } from '../memories/store.js';
import { touchRows } from '../memories/touched.js';
import { isErased } from '../tenancy/vault.js';
import { retainedImportanceSql } from './decay.js';

export type Counts = Readonly<Record<string, number>>;

/** What one transaction carries: others wait for its rows no longer than some 100 ms. */
const CHUNK = 250;
const DEFAULT_GRACE_DAYS = 30;
const DEFAULT_THRESHOLD_PERCENT = 10;
/** Who lets a hold go whose own end was reached. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Rows past their time are marked and lose their vectors; after the days of grace they are deleted. Holds keep both away. */
export const runExpiry = async (deps: MemoryServiceDeps, isStopped: () => boolean): Promise<Counts> => {
  const graceDays = deps.policies().policies.cleanup?.graceDays ?? DEFAULT_GRACE_DAYS;
  const expired = await sweep(deps, isStopped, {
    where: `status = 0 AND expires_at <= now()`,
    values: [],
    apply: (transaction, rows) => retire(deps, transaction, rows, { status: STATUS_EXPIRED, event: 'expire' }),
  });
  const deleted = await sweep(deps, isStopped, {
    where: `expires_at <= now() - $2 * interval '1 day'`,
    values: [graceDays],
    apply: async (transaction, rows) => {
      await removeRows(deps, transaction, rows, systemDeed(deps, 'expired'));
    },
  });
  return { expired: expired.done, deleted: deleted.done, held: expired.held + deleted.held };
};

/** Active memories of which less is left than the threshold are found no more. What is held is not touched. */
export const runForgetting = async (deps: MemoryServiceDeps, isStopped: () => boolean): Promise<Counts> => {
  const percent = deps.policies().policies.forgetting?.thresholdPercent ?? DEFAULT_THRESHOLD_PERCENT;
  const { done, held } = await sweep(deps, isStopped, {
    where: `status = 0 AND ${retainedImportanceSql('now()')} < $2`,
    values: [percent / 100],
    apply: (transaction, rows) => retire(deps, transaction, rows, { status: STATUS_FORGOTTEN, event: 'forget' }),
  });
  return { forgotten: done, held };
};

/** Holds that reached their own end. */
export const runHolds = async (deps: MemoryServiceDeps): Promise<Counts> => {
  await deps.vault.prepare([0]);
  return inRetriedTransaction(deps.db, async (transaction) => {
    const lapsed = (await selectLapsedHolds(transaction)).filter((row) => isGenuine(deps.vault, row));
    for (const row of lapsed)
      await endHold(deps, transaction, row, { by: NOBODY, reason: 'its own end was reached', caller: undefined });
    return { released: lapsed.length };
  });
};

interface Sweep {
  /** Over `memories`; the first parameter is taken. */
  readonly where: string;
  readonly values: readonly unknown[];
  readonly apply: (transaction: Transaction, rows: readonly MemoryRow[]) => Promise<void>;
}

const sweep = async (
  deps: MemoryServiceDeps,
  isStopped: () => boolean,
  { where, values, apply }: Sweep,
): Promise<{ readonly done: number; readonly held: number }> => {
  let after = BEFORE_ALL;
  const total = { done: 0, held: 0 };
  while (!isStopped()) {
    const seen = await deps.db.query<{ id: string; slot: number }>(
      `SELECT id, slot FROM memories WHERE id > $1 AND ${where} ORDER BY id LIMIT ${CHUNK}`,
      [after, ...values],
    );
    const last = seen.rows.at(-1);
    if (!last) break;
    await deps.vault.prepare(seen.rows.map(({ slot }) => slot));
    const { done, held } = await inRetriedTransaction(deps.db, async (transaction) => {
      const { rows } = await transaction.query<MemoryRow>(
        `SELECT * FROM memories WHERE id > $1 AND id <= $${values.length + 2} AND ${where} ORDER BY id FOR UPDATE`,
        [after, ...values, last.id],
      );
      const holds = await findKept(deps, transaction, rows);
      const free = rows.filter(({ id }) => !holds.has(id));
      if (free.length > 0) await apply(transaction, free);
      return { done: free.length, held: holds.size };
    });
    total.done += done;
    total.held += held;
    after = last.id;
  }
  return total;
};

const retire = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  rows: readonly MemoryRow[],
  { status, event }: { readonly status: number; readonly event: HistoryEvent },
): Promise<void> => {
  const ids = rows.map(({ id }) => id);
  const deed = systemDeed(deps, null);
  await recordStatus(deps, transaction, rows, event, deed);
  const macs = rows.map((row) => deps.marks.mac({ ...row, status }));
  await transaction.query(
    `UPDATE memories SET status = $2, mac = marked.mac
     FROM unnest($1::uuid[], $3::bytea[]) AS marked (id, mac) WHERE memories.id = marked.id`,
    [ids, status, macs],
  );
  await touchRows(deps, transaction, rows);
  await dropVectors(
    transaction,
    rows.map((row) => ({ id: row.id, partition: partitionOf(row) })),
  );
  await recountContradictions(transaction, rows);
  await deps.audit.record(transaction, {
    type: `data.${event}`,
    id: deed.auditEvent,
    facts: rows.flatMap((row) => factOf(deps, row) ?? []),
    detail: { ids, count: ids.length },
  });
};

/** The words are as they were: the log says again what it said of this version. Of somebody who was erased nothing is told. */
const factOf = ({ vault }: MemoryServiceDeps, row: MemoryRow): AuditFact | undefined => {
  const { id, version, slot, sealed, envelope: bytes } = row;
  try {
    const commit = vault.rowCommit({ slot, table: 'memories', rowId: id, version }, { sealed, bytes });
    return { id, version, op: 'put', commit };
  } catch (cause) {
    if (isErased(cause)) return undefined;
    throw cause;
  }
};

const systemDeed = ({ newId }: MemoryServiceDeps, reason: string | null): Deed => ({
  actor: null,
  at: new Date(),
  reason,
  auditEvent: newId(),
});
