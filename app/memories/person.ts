import { requireUserId } from '../tenancy/identity.js';
import { sweep } from './bulk-delete.js';
import type { MemoryRow } from './rows.js';
import { SCOPES, type Scope } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';

export interface PersonDeleted {
  readonly deleted: number;
  readonly held: number;
  readonly vectors: number;
  /** Answers that were kept for this person and are thrown away. */
  readonly cache: number;
  readonly audit_event: string | null;
}

/**
 * Deletes a person's memories; the person, and the key that seals what is in backups, stay. Without a scope what is theirs
 * alone; with one, what they wrote in that scope.
 */
export const deleteOfPerson = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  userId: string,
  options: { readonly scope: Scope | undefined; readonly reason: string | null },
): Promise<PersonDeleted> => {
  const named = requireUserId(caller.principal, { explicit: userId, header: null });
  const person = await deps.people.find(deps.db, named);
  const rows = person ? await selectOfPerson(deps, person.ref, SCOPES.indexOf(options.scope ?? 'user')) : [];
  const { rows: gone, held, vectors, auditEvent } = await sweep(deps, caller, rows, options.reason);
  return { deleted: gone.length, held, vectors, cache: 0, audit_event: auditEvent };
};

const selectOfPerson = async (
  { db }: MemoryServiceDeps,
  userRef: string,
  scope: number,
): Promise<readonly MemoryRow[]> => {
  const { rows } = await db.query<MemoryRow>('SELECT * FROM memories WHERE user_ref = $1 AND scope = $2', [
    userRef,
    scope,
  ]);
  return rows;
};
