import { inRetriedTransaction, type Queryable, type Transaction } from '../db/pool.js';
import { findKept } from '../holds/holds.js';
import { insertReviews } from '../reviews/store.js';
import { jcs } from '../sealing/index.js';
import { isErased } from '../tenancy/vault.js';
import { applyChange, type Changed } from './change.js';
import { recountContradictions } from './facts.js';
import { contentOfState, type Deed, openEvent, openState } from './history-record.js';
import type { HistoryRow } from './history-store.js';
import type { PlannedPatch } from './patch.js';
import { TENANT_SLOT } from './prepare.js';
import { columnsOf, restoreMemory } from './restore.js';
import { type Happened, planUndoing, type Undoing } from './revert-plan.js';
import { type MemoryRow, STATUS_QUARANTINED } from './rows.js';
import type { Caller, MemoryServiceDeps, Witness } from './service.js';
import { buildState, EVENTS, type MemoryState } from './state.js';
import { lockMemories } from './store.js';
import { recordWritten } from './told.js';
import { EVERYTHING } from './viewer.js';

export interface Stretch {
  /** The id of a credential, as the history has it. */
  readonly writer: string;
  readonly from: Date;
  readonly to: Date;
  readonly reason: string | null;
}

export interface Reverted {
  readonly rewound: readonly string[];
  readonly restored: readonly string[];
  readonly quarantined: readonly string[];
  readonly held: readonly string[];
  readonly truncated: boolean;
  readonly audit_event: string | null;
}

/** What one transaction carries; the rest comes with the next call. */
const MAX = 1000;

/** Undoes what one writer did in a stretch of time, as new versions: nothing of what happened is taken out of the history. */
export const revertWriter = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  stretch: Stretch,
  witness: Witness<Reverted>,
): Promise<Reverted> => {
  const ids = await selectTouched(deps.db, stretch, MAX + 1);
  const histories = await loadHistories(deps, ids.slice(0, MAX));
  const done = await inRetriedTransaction(deps.db, async (transaction) => {
    const reverting = { deps, transaction, caller, stretch, deed: deedOf(deps, caller, stretch) };
    const rows = new Map((await lockMemories(transaction, EVERYTHING, ids.slice(0, MAX))).map((row) => [row.id, row]));
    const holds = await findKept(deps, transaction, [...rows.values()]);
    const outcome: Record<Undoing['kind'], string[]> = { nothing: [], quarantine: [], restore: [], rewind: [] };
    const changed: Changed[] = [];
    const forged: string[] = [];
    for (const [id, history] of histories) {
      if (holds.has(id)) continue;
      if (!history.every(deps.marks.history.isGenuine)) {
        forged.push(id);
        continue;
      }
      const row = rows.get(id);
      const undone = await undo(reverting, history, row);
      outcome[undone.kind].push(...(undone.changed ? [id] : []));
      if (undone.changed) changed.push(undone.changed);
    }
    await recountContradictions(transaction, [...rows.values(), ...changed.map(({ row }) => row)]);
    if (changed.length > 0)
      await recordWritten(deps, transaction, reverting.deed, 'reverted', changed, { writer: stretch.writer });
    const audit_event = changed.length > 0 ? reverting.deed.auditEvent : null;
    const { rewind: rewound, restore: restored, quarantine: quarantined } = outcome;
    const held = [...holds.keys(), ...forged];
    const told = { rewound, restored, quarantined, held, truncated: ids.length > MAX, audit_event };
    await witness(transaction, TENANT_SLOT, told);
    return told;
  });
  deps.onPending();
  return done;
};

interface Reverting {
  readonly deps: MemoryServiceDeps;
  readonly transaction: Transaction;
  readonly caller: Caller;
  readonly stretch: Stretch;
  readonly deed: Deed;
}

interface Undone {
  readonly kind: Undoing['kind'];
  readonly changed?: Changed | undefined;
}

const undo = async (
  reverting: Reverting,
  history: readonly HistoryRow[],
  row: MemoryRow | undefined,
): Promise<Undone> => {
  const { deps, transaction, caller, deed } = reverting;
  const current = row && openState(deps.vault, row);
  const undoing = planUndoing(openHistory(reverting, history, row), current);
  const change = { caller, deed, event: 'restore' } as const;
  switch (undoing.kind) {
    case 'quarantine': {
      if (!row || row.status === STATUS_QUARANTINED) return { kind: 'nothing' };
      const changed = await applyChange(deps, transaction, row, undefined, {
        ...change,
        columns: { status: STATUS_QUARANTINED },
      });
      await insertReviews(transaction, [buildReview(reverting, row)]);
      return { kind: 'quarantine', changed };
    }
    case 'rewind':
      return row && current
        ? { kind: 'rewind', changed: await rewind(reverting, row, current, undoing.state) }
        : { kind: 'nothing' };
    case 'restore':
      return { kind: 'restore', changed: await restoreMemory(deps, transaction, history, undoing, deed) };
    default:
      return undoing;
  }
};

/** What the trust of the row caps anew is no change. */
const rewind = async (
  { deps, transaction, caller, deed }: Reverting,
  row: MemoryRow,
  current: MemoryState,
  state: MemoryState,
): Promise<Changed | undefined> => {
  const planned = planRewind(row, current, state);
  if (jcs(planned.after) === jcs(current)) return undefined;
  return applyChange(deps, transaction, row, planned, { caller, deed, event: 'restore' });
};

const planRewind = (row: MemoryRow, before: MemoryState, state: MemoryState): PlannedPatch => {
  const content = contentOfState(state);
  const columns = { ...columnsOf(state), confidence: Math.min(state.confidence, row.trust_score) };
  return { before, after: buildState(columns, content), content, columns, redactions: new Map(), vector: null };
};

const buildReview = ({ deps, caller: { principal }, deed }: Reverting, { id, slot }: MemoryRow) => ({
  id: deps.newId(),
  kind: 'quarantine' as const,
  memory_id: id,
  slot,
  reasons: ['reverted'],
  sealed_detail: null,
  requested_by: principal.keyId,
  requester_ref: principal.userRef,
  created_at: deed.at,
});

const deedOf = (deps: MemoryServiceDeps, { principal }: Caller, { reason }: Stretch): Deed => ({
  actor: principal.keyId,
  at: new Date(),
  reason: reason ?? 'reverted',
  auditEvent: deps.newId(),
});

/** What was never changed has no history yet: its row is its beginning. */
const openHistory = (
  { deps, stretch }: Reverting,
  history: readonly HistoryRow[],
  row: MemoryRow | undefined,
): readonly Happened[] => {
  const isMeant = (actor: string | null, at: Date): boolean =>
    actor === stretch.writer && at >= stretch.from && at <= stretch.to;
  if (history.length === 0 && row) {
    const state = openState(deps.vault, row);
    return [
      {
        event: 'add',
        version: row.version,
        state,
        isMeant: isMeant(row.created_by, row.created_at),
        identity: undefined,
      },
    ];
  }
  return history.flatMap((event) => {
    try {
      const { state, identity } = openEvent(deps.vault, event);
      const { version, actor, at } = event;
      return [{ event: EVENTS[event.event] ?? 'update', version, state, isMeant: isMeant(actor, at), identity }];
    } catch (cause) {
      if (isErased(cause)) return [];
      throw cause;
    }
  });
};

const selectTouched = async (
  db: Queryable,
  { writer, from, to }: Stretch,
  limit: number,
): Promise<readonly string[]> => {
  const { rows } = await db.query<{ id: string }>(
    `SELECT memory_id AS id FROM memory_history WHERE actor = $1 AND at BETWEEN $2 AND $3 AND event = ANY ($5::smallint[])
     UNION SELECT id FROM memories WHERE created_by = $1 AND created_at BETWEEN $2 AND $3 AND status <> ${STATUS_QUARANTINED}
     ORDER BY id LIMIT $4`,
    [writer, from, to, limit, UNDOABLE],
  );
  return rows.map(({ id }) => id);
};

const UNDOABLE = (['add', 'update', 'delete', 'feedback', 'restore'] as const).map((event) => EVENTS.indexOf(event));

const loadHistories = async (
  { db, vault }: MemoryServiceDeps,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly HistoryRow[]>> => {
  const { rows } = await db.query<HistoryRow>(
    'SELECT * FROM memory_history WHERE memory_id = ANY ($1::uuid[]) ORDER BY memory_id, seq',
    [ids],
  );
  const { rows: slots } = await db.query<{ slot: number }>('SELECT slot FROM memories WHERE id = ANY ($1::uuid[])', [
    ids,
  ]);
  await vault.prepare([...rows, ...slots].map(({ slot }) => slot));
  const histories = new Map<string, HistoryRow[]>(ids.map((id) => [id, []]));
  for (const row of rows) histories.get(row.memory_id)?.push(row);
  return histories;
};
