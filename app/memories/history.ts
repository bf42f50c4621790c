import { type Static, Type } from '@sinclair/typebox';
import { inTransaction } from '../db/pool.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { openEvent, openState, type SealedEvent } from './history-record.js';
import { countHistory, type HistoryRow, selectHistory, selectRecorded } from './history-store.js';
import { observeRead } from './observe-read.js';
import type { MemoryRow } from './rows.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { EVENTS, type MemoryState, StateSchema } from './state.js';
import { selectMemory } from './store.js';
import { formatTime } from './time.js';
import { missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';

export const HistoryQuerySchema = Type.Object(
  {
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    count: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
type HistoryQuery = Static<typeof HistoryQuerySchema>;

const State = Type.Union([StateSchema, Type.Null()]);
const NullableText = Type.Union([Type.String(), Type.Null()]);
const EntrySchema = Type.Object({
  version: Type.Integer(),
  event: Type.Unsafe<(typeof EVENTS)[number]>({ type: 'string', enum: [...EVENTS] }),
  before: State,
  after: State,
  actor: Type.Union([Type.String(), Type.Null()], {
    description: 'the id of the API key; its name is at /api/v1/keys',
  }),
  reason: NullableText,
  at: Type.String(),
  audit_event: NullableText,
});
export const HistorySchema = Type.Object({
  results: Type.Array(EntrySchema),
  next_cursor: NullableText,
  count: Type.Optional(Type.Integer()),
});

export interface HistoryEntry {
  readonly version: number;
  readonly event: (typeof EVENTS)[number];
  readonly before: MemoryState | null;
  readonly after: MemoryState | null;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly at: string;
  readonly audit_event: string | null;
}
export interface HistoryPage {
  readonly results: readonly HistoryEntry[];
  readonly next_cursor: string | null;
  readonly count?: number;
}

/** Oldest first. Of a deleted memory too, for whoever could see it when it was there. */
export const listHistory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  query: HistoryQuery,
): Promise<HistoryPage> => {
  const { db, vault, people } = deps;
  const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
  const list = { key: caller.principal.keyId, viewer, history: id };
  const after = decodeCursor(vault, list, query.cursor);
  const { row, isRecorded, rows, count } = await inTransaction(db, async (transaction) => {
    // One moment for all: else a change between them would show twice, or not at all.
    await transaction.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return {
      row: await selectMemory(transaction, viewer, id),
      isRecorded: (await selectRecorded(transaction, [id])).has(id),
      // The event that the cursor names comes again, and one more than asked for tells whether there is a next page.
      rows: await selectHistory(transaction, viewer, id, after?.id ?? null, query.limit + 2),
      count: query.count ? await countHistory(transaction, viewer, id) : undefined,
    };
  });
  await vault.prepare([...rows, ...(row ? [row] : [])].map(({ slot }) => slot));
  if (row) deps.marks.demand(row);
  deps.marks.history.demand(rows);
  const unrecorded = row && !isRecorded ? buildAdd(vault, row) : undefined;
  const complete = rows.length < query.limit + 2;
  const recorded = buildEntries(vault, rows).slice(after ? 1 : 0);
  const entries = [...recorded, ...(complete && unrecorded ? [{ id: '', entry: unrecorded }] : [])];
  if (entries.length === 0 && !after) throw missing(id);
  const [{ slot } = row ?? { slot: 0 }] = rows;
  await observeRead(deps.audit, 'history', [{ id, slot }]);
  const page = entries.slice(0, query.limit);
  const last = entries.length > query.limit ? rows.find((event) => event.id === page.at(-1)?.id) : undefined;
  return {
    results: page.map(({ entry }) => entry),
    next_cursor: last ? encodeCursor(vault, list, { createdAt: last.at.toISOString(), id: last.id }) : null,
    ...(count === undefined ? {} : { count: count + (unrecorded ? 1 : 0) }),
  };
};

/** A memory that nobody has changed: its one event is the row itself. */
const buildAdd = (vault: Vault, row: MemoryRow): HistoryEntry | undefined => {
  const state = unlessErased(() => openState(vault, row));
  if (!state) return undefined;
  const at = formatTime(row.created_at);
  const { created_by: actor, audit_event } = row;
  return { event: 'add', version: row.version, before: null, after: state, actor, reason: null, at, audit_event };
};

const buildEntries = (
  vault: Vault,
  rows: readonly HistoryRow[],
): readonly { readonly id: string; readonly entry: HistoryEntry }[] => {
  let before: MemoryState | null = null;
  return rows.flatMap((row) => {
    const sealed = unlessErased((): SealedEvent => openEvent(vault, row));
    if (!sealed) return [];
    const event = EVENTS[row.event] ?? 'update';
    const entry: HistoryEntry = {
      version: row.version,
      event,
      before: event === 'add' ? null : before,
      after: sealed.state,
      actor: row.actor,
      reason: sealed.reason,
      at: formatTime(row.at),
      audit_event: row.audit_event,
    };
    before = sealed.state;
    return [{ id: row.id, entry }];
  });
};

const unlessErased = <T>(open: () => T): T | undefined => {
  try {
    return open();
  } catch (cause) {
    if (isErased(cause)) return undefined;
    throw cause;
  }
};
