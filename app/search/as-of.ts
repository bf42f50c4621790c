import type { Queryable } from '../db/pool.js';
import type { Json } from '../http/json.js';
import { openEvent } from '../memories/history-record.js';
import type { RowMarks } from '../memories/row-mac.js';
import { type Memory, STATUSES } from '../memories/schema.js';
import { EVENTS, type MemoryState } from '../memories/state.js';
import { formatTime } from '../memories/time.js';
import type { RowContent } from '../sealing/index.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { type PastEvent, selectFirstTurns, selectLastEvents } from './as-of-store.js';

/** What a memory was at a time, where that is not what it is now. */
export interface Past {
  readonly status: number;
  /** What it said; `undefined` when that is what it says now. */
  readonly state?: MemoryState;
  readonly version?: number;
  readonly updatedAt?: Date;
}

interface Present {
  readonly id: string;
  readonly status: number;
  readonly version: number;
  readonly expires_at: Date | null;
}

type Status = (typeof STATUSES)[number];
const code = (status: Status): number => STATUSES.indexOf(status);

/** What a memory was before this happened to it. What came back had been away, and why is not told: it stays away. */
const BEFORE: Readonly<Partial<Record<(typeof EVENTS)[number], Status>>> = {
  supersede: 'active',
  expire: 'active',
  forget: 'active',
  review: 'quarantined',
  restore: 'forgotten',
};
const TURNS: readonly number[] = Object.keys(BEFORE).map((event) => (EVENTS as readonly string[]).indexOf(event));

export interface PastDeps {
  readonly vault: Vault;
  readonly marks: Pick<RowMarks, 'history'>;
}

/**
 * The rows as they were at this time; those that did not exist then, or had been deleted, are not in it. Rows that are
 * deleted today are not asked about: a deletion holds for the past too. Of those whose history somebody changed nobody knows
 * what they were.
 */
export const readPast = async (
  db: Queryable,
  { vault, marks }: PastDeps,
  rows: readonly Present[],
  at: Date,
): Promise<ReadonlyMap<string, Past>> => {
  const ids = rows.map(({ id }) => id);
  const events = await selectLastEvents(db, ids, at);
  const { turns, next } = await selectFirstTurns(db, ids, at, TURNS);
  await vault.prepare([...events.values()].map(({ slot }) => slot));
  // Both neighbours of the time: who moves an event across it moves it next to it.
  const told = [...events.values(), ...turns.values(), ...next];
  const forged = new Set(told.filter((event) => !marks.history.isGenuine(event)).map(({ memory_id }) => memory_id));
  const past = new Map<string, Past>();
  for (const row of rows) {
    const one = forged.has(row.id) ? undefined : pastOf(vault, row, events.get(row.id), turns.get(row.id)?.event, at);
    if (one) past.set(row.id, one);
  }
  return past;
};

const pastOf = (
  vault: Vault,
  row: Present,
  event: PastEvent | undefined,
  turn: number | undefined,
  at: Date,
): Past | undefined => {
  const said = event ? openPast(vault, event) : undefined;
  if (event && !said) return undefined;
  const changed = said && event && event.version !== row.version;
  const expiresAt = changed ? said.expires_at : row.expires_at;
  // One that has expired since was active, as long as nothing else says what it was.
  const lasting = row.status === code('expired') ? code('active') : row.status;
  const turned = turn === undefined ? lasting : code(BEFORE[EVENTS[turn] ?? 'add'] ?? 'active');
  const expired = turned === code('active') && expiresAt !== null && new Date(expiresAt) <= at;
  const status = expired ? code('expired') : turned;
  return changed ? { status, state: said, version: event.version, updatedAt: event.at } : { status };
};

/** `undefined` for what had been deleted by then, or is erased. */
const openPast = (vault: Vault, event: PastEvent): MemoryState | undefined => {
  try {
    return openEvent(vault, event).state ?? undefined;
  } catch (cause) {
    if (isErased(cause)) return undefined;
    throw cause;
  }
};

export const pastContent = ({ content, subject, predicate, object, metadata, source }: MemoryState): RowContent => ({
  content,
  subject,
  predicate,
  object,
  metadata,
  source,
});

/** A memory as it was. What was built on it since, and how sure others are of it, is of today. */
export const presentPast = (memory: Memory, { status, state, version, updatedAt }: Past): Memory => {
  const shown = { ...memory, status: STATUSES[status] ?? 'active', superseded_by: null };
  if (!state || version === undefined || !updatedAt) {
    return status === code('superseded') ? { ...shown, superseded_by: memory.superseded_by } : shown;
  }
  const { source, metadata, ...said } = state;
  const { embedding: _ofToday, ...rest } = shown;
  return {
    ...rest,
    ...said,
    metadata: { ...metadata },
    source: { kind: memory.source.kind, ...(source as { readonly [key: string]: Json }) } as Memory['source'],
    version,
    updated_at: formatTime(updatedAt),
  };
};
