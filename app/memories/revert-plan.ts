import type { Json } from '../http/json.js';
import { jcs } from '../sealing/index.js';
import type { Identity } from './history-record.js';
import { type HistoryEvent, type MemoryState, STATE_FIELDS } from './state.js';

/** One event of a memory's history, opened. */
export interface Happened {
  readonly event: HistoryEvent;
  readonly version: number;
  readonly state: MemoryState | null;
  readonly isMeant: boolean;
  readonly identity: Identity | undefined;
}

export type Undoing =
  | { readonly kind: 'nothing' }
  /** It began with what is to be undone: nobody may find it until somebody has looked at it. */
  | { readonly kind: 'quarantine' }
  | { readonly kind: 'restore'; readonly state: MemoryState; readonly identity: Identity; readonly version: number }
  | { readonly kind: 'rewind'; readonly state: MemoryState };

/**
 * Pure: how to undo what one writer did. Field by field: what the writer made of a field goes back to what it was before, and
 * what somebody else made of it since stays.
 */
export const planUndoing = (history: readonly Happened[], current: MemoryState | undefined): Undoing => {
  const first = history.findIndex(({ isMeant }) => isMeant);
  const start = history[first];
  if (!start) return { kind: 'nothing' };
  const origin = history[first - 1];
  if (start.event === 'add' || !origin?.state) return current ? { kind: 'quarantine' } : { kind: 'nothing' };
  if (!current) return planRestore(history, origin.state);
  const fields = STATE_FIELDS.flatMap((field): readonly (readonly [string, Json])[] => {
    const good = fieldBefore(history, field, current);
    return good === undefined ? [] : [[field, good]];
  });
  return fields.length === 0
    ? { kind: 'nothing' }
    : { kind: 'rewind', state: { ...current, ...Object.fromEntries(fields) } };
};

/** Gone by that writer's hand: as it was before the writer touched it. Gone by another's: it stays gone. */
const planRestore = (history: readonly Happened[], state: MemoryState): Undoing => {
  const last = history.at(-1);
  if (last?.event !== 'delete' || !last.isMeant || !last.identity) return { kind: 'nothing' };
  return { kind: 'restore', state, identity: last.identity, version: last.version + 1 };
};

/** `undefined` when the field does not hold what the writer put there. */
const fieldBefore = (
  history: readonly Happened[],
  field: (typeof STATE_FIELDS)[number],
  current: MemoryState,
): Json | undefined => {
  let put: { readonly good: Json; readonly bad: Json } | undefined;
  let before: MemoryState | null = null;
  for (const { state, isMeant } of history) {
    if (!state) continue;
    const was = before?.[field] ?? null;
    if (before !== null && !same(was, state[field]))
      put = isMeant ? { good: put ? put.good : was, bad: state[field] ?? null } : undefined;
    before = state;
  }
  return put && same(put.bad, current[field]) && !same(put.good, put.bad) ? put.good : undefined;
};

const same = (a: Json | undefined, b: Json | undefined): boolean => jcs(a ?? null) === jcs(b ?? null);
