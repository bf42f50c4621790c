import type { Queryable } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import type { MarkedRow } from '../memories/row-jcs.js';
import { type RowMarks, tampered } from '../memories/row-mac.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Vault } from '../tenancy/vault.js';
import { type HoldRow, macFieldsOf, selectHoldsOn } from './store.js';

/** What a hold is for: sealed under the tenant's slot, so that it outlives the person it is about. */
export interface HoldDetail {
  readonly matter: string;
  readonly reason: string;
}

export const openDetail = (vault: Vault, { slot, id, sealed_detail }: HoldRow): HoldDetail =>
  vault.openJson({ slot, table: 'holds', rowId: id, version: 1 }, sealed_detail) as HoldDetail;

/**
 * Whether it stands now. A row that this service did not write as it is stands, whatever it says: who can write to the
 * table must not be able to release by it.
 */
export const isStanding = (vault: Vault, row: HoldRow, now: Date): boolean =>
  !isGenuine(vault, row) || (row.released_at === null && (row.until === null || row.until > now));

export const isGenuine = (vault: Vault, row: HoldRow): boolean =>
  vault.verifyRowMac('holds', macFieldsOf(row), row.mac);

type Held = Pick<MemoryRow, 'id' | 'user_ref'>;

/**
 * By memory, the hold that is on it. Asked with the rows locked: whoever places a hold waits for them, or they for it. `ids`
 * are those that a hold can be on by themselves: nobody holds a memory that is only about to be made.
 */
export const findHolds = async (
  vault: Vault,
  db: Queryable,
  rows: readonly Held[],
  ids: readonly string[] = rows.map(({ id }) => id),
): Promise<ReadonlyMap<string, HoldRow>> => {
  const holds = await loadHolds(vault, db, rows, ids);
  const now = new Date();
  return matchHolds(
    holds.filter((hold) => isStanding(vault, hold, now)),
    rows,
  );
};

const loadHolds = async (
  vault: Vault,
  db: Queryable,
  rows: readonly Held[],
  ids: readonly string[],
): Promise<readonly HoldRow[]> => {
  if (rows.length === 0) return [];
  const refs = new Set(rows.flatMap(({ user_ref }) => user_ref ?? []));
  const holds = await selectHoldsOn(db, ids, [...refs]);
  if (holds.length > 0) await vault.prepare(holds.map(({ slot }) => slot));
  return holds;
};

const matchHolds = (standing: readonly HoldRow[], rows: readonly Held[]): ReadonlyMap<string, HoldRow> => {
  if (standing.length === 0) return new Map();
  const ofTenant = standing.find(({ scope }) => scope === 2);
  const byMemory = new Map(standing.flatMap((hold) => (hold.memory_id ? [[hold.memory_id, hold] as const] : [])));
  const byUser = new Map(standing.flatMap((hold) => (hold.user_ref ? [[hold.user_ref, hold] as const] : [])));
  return new Map(
    rows.flatMap(({ id, user_ref }) => {
      const hold = byMemory.get(id) ?? (user_ref === null ? undefined : byUser.get(user_ref)) ?? ofTenant;
      return hold ? [[id, hold] as const] : [];
    }),
  );
};

/** Why a memory must stay as it is: a hold, a row that somebody changed in the database, or a hold whose own row is gone. */
export type Kept = HoldRow | 'tampered' | 'hold_lost';

export interface KeptDeps {
  readonly vault: Vault;
  readonly marks: RowMarks;
}

/**
 * By memory, what keeps it. What a forged row says of its hold and its owner is worth nothing, so it is kept as it is; and
 * a row that says, under its MAC, that it is held stays so when its hold was deleted from the database.
 */
export const findKept = async (
  { vault, marks }: KeptDeps,
  db: Queryable,
  rows: readonly (Held & MarkedRow)[],
): Promise<ReadonlyMap<string, Kept>> => {
  const ids = rows.map(({ id }) => id);
  const known = await loadHolds(vault, db, rows, ids);
  const now = new Date();
  const standing = matchHolds(
    known.filter((hold) => isStanding(vault, hold, now)),
    rows,
  );
  const ever = matchHolds(known, rows);
  if (rows.length > 0) await vault.prepare([]);
  return new Map(
    rows.flatMap((row): readonly (readonly [string, Kept])[] => {
      if (!marks.isGenuine(row)) return [[row.id, 'tampered']];
      const hold = standing.get(row.id);
      if (hold) return [[row.id, hold]];
      return row.legal_hold && !ever.has(row.id) ? [[row.id, 'hold_lost']] : [];
    }),
  );
};

export const heldProblem = (vault: Vault, id: string, kept: Kept): Problem => {
  if (kept === 'tampered') return tampered(id);
  if (kept === 'hold_lost') {
    return problem('legal_hold', `The memory ${id} is under a legal hold whose own record is gone.`, {
      remedy: 'Restore the table holds from a backup; the audit log tells which hold it was.',
    });
  }
  return underHold(vault, `The memory ${id} is`, kept);
};

/** `what`: with its verb. */
export const underHold = (vault: Vault, what: string, hold: HoldRow): Problem =>
  problem('legal_hold', `${what} under a legal hold: ${matterOf(vault, hold)}.`, {
    remedy: `Ask whoever answers for the matter to release the hold ${hold.id}.`,
  });

/** What was not written by this service cannot be opened, and stands all the same. */
export const matterOf = (vault: Vault, hold: HoldRow): string =>
  isGenuine(vault, hold) ? openDetail(vault, hold).matter : 'unknown: its record was tampered with';

/** Refuses a change of any of these rows while something keeps one. */
export const demandFree = async (deps: KeptDeps, db: Queryable, rows: readonly (Held & MarkedRow)[]): Promise<void> => {
  const [first] = await findKept(deps, db, rows);
  if (first) throw heldProblem(deps.vault, ...first);
};
