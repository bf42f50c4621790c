import { requireIn } from '../access/scoped.js';
import type { Cache } from '../cache/cache.js';
import { embeddingName } from '../cache/embeddings.js';
import { requireUserId } from '../tenancy/identity.js';
import { sweep } from './bulk-delete.js';
import type { MemoryRow } from './rows.js';
import { SCOPES, type Scope } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';

export interface PersonDeleted {
  readonly deleted: number;
  readonly held: number;
  readonly vectors: number;
  /** Vectors of their texts and sums over their memories that were kept for a while. */
  readonly cache: number;
  readonly audit_event: string | null;
}

/**
 * Deletes a person's memories; the person, and the key that seals what is in backups, stay. Without a scope what is theirs
 * alone; with one, what they wrote in that scope.
 */
export const deleteOfPerson = async (
  deps: MemoryServiceDeps,
  cache: Cache,
  caller: Caller,
  userId: string,
  options: { readonly scope: Scope | undefined; readonly reason: string | null },
): Promise<PersonDeleted> => {
  const named = requireUserId(caller.principal, { explicit: userId, header: null });
  requireIn(caller.principal, 'delete', options.scope ?? 'user');
  const person = await deps.people.find(deps.db, named);
  const rows = person ? await selectOfPerson(deps, person.ref, SCOPES.indexOf(options.scope ?? 'user')) : [];
  await deps.vault.prepare(rows.map(({ slot }) => slot));
  const texts = new Map(rows.map((row) => [row.id, deps.presenter.open(row)?.content]));
  const { rows: gone, held, vectors, auditEvent } = await sweep(deps, caller, rows, options.reason);
  const forgotten = await forget(
    cache,
    deps.embedder.model,
    gone.flatMap(({ id }) => texts.get(id) ?? []),
  );
  return { deleted: gone.length, held, vectors, cache: forgotten, audit_event: auditEvent };
};

/** The vectors of their texts, and every sum: which of them their memories went into nobody knows. */
const forget = async (cache: Cache, model: string, texts: readonly string[]): Promise<number> => {
  if (texts.length === 0) return 0;
  const names = [...new Set(texts)].map((text) => embeddingName(model, text));
  const kept = (await cache.getMany('embedding', names)).filter((value) => value !== undefined).length;
  await cache.delete('embedding', names);
  return kept + (await cache.clear('stats')) + (await cache.clear('centroid'));
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
