import type { Queryable } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
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
  if (rows.length === 0) return new Map();
  const refs = new Set(rows.flatMap(({ user_ref }) => user_ref ?? []));
  const holds = await selectHoldsOn(db, ids, [...refs]);
  if (holds.length === 0) return new Map();
  await vault.prepare(holds.map(({ slot }) => slot));
  const now = new Date();
  const standing = holds.filter((hold) => isStanding(vault, hold, now));
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

export const heldProblem = (vault: Vault, what: string, hold: HoldRow): Problem => {
  const matter = isGenuine(vault, hold) ? openDetail(vault, hold).matter : 'unknown: its record was tampered with';
  return problem('legal_hold', `${what} is under a legal hold: ${matter}.`, {
    remedy: `Ask whoever answers for the matter to release the hold ${hold.id}.`,
  });
};

/** Refuses a change of any of these rows while a hold is on one. */
export const demandFree = async (vault: Vault, db: Queryable, rows: readonly Held[]): Promise<void> => {
  const holds = await findHolds(vault, db, rows);
  const [first] = holds;
  if (first) throw heldProblem(vault, `The memory ${first[0]}`, first[1]);
};
