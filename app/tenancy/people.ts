import { randomUUID } from 'node:crypto';
import type { Queryable } from '../db/pool.js';
import { createLruMap } from './lru-map.js';
import {
  insertEntities,
  insertUser,
  nextUserSlot,
  selectEntitiesByRef,
  selectEntitiesByToken,
  selectUsersByRef,
  selectUsersByToken,
  type UserRow,
} from './people-store.js';
import { isErased, type Vault } from './vault.js';

export interface Person {
  readonly slot: number;
  readonly ref: string;
}
export type EntityKind = 'agent' | 'session' | 'app' | 'team' | 'organization';
export const ENTITY_KINDS: Readonly<Record<EntityKind, number>> = {
  agent: 1,
  session: 2,
  app: 3,
  team: 4,
  organization: 5,
};

export interface EntityName {
  readonly kind: EntityKind;
  readonly slot: number;
  readonly id: string;
}

/** Between the ids that clients use and the random references that rows carry. */
export interface People {
  find(db: Queryable, id: string): Promise<Person | undefined>;
  /** Finds or makes them. Not part of the caller's transaction: a person who was mentioned exists from then on. */
  ensure(db: Queryable, ids: Iterable<string>): Promise<ReadonlyMap<string, Person>>;
  /** All references of an outside id: one for each person it appears with. */
  findEntities(db: Queryable, kind: EntityKind, id: string): Promise<readonly string[]>;
  ensureEntities(db: Queryable, names: readonly EntityName[]): Promise<ReadonlyMap<string, string>>;
  /** Back from references to outside ids. Those that cannot be opened any more (erased) are left out. */
  names(db: Queryable, refs: Iterable<string>): Promise<ReadonlyMap<string, string>>;
}

/** Some 20 MB at worst. People are never renamed or moved to another slot, so what is known stays true. */
const CACHED = 50_000;

export const entityKey = ({ kind, slot, id }: EntityName): string => `${kind}\n${slot}\n${id}`;

export const createPeople = (vault: Vault): People => {
  const people = createLruMap<string, Person>(CACHED);
  const entities = createLruMap<string, string>(CACHED);
  const names = createLruMap<string, string>(CACHED);

  const load = async (db: Queryable, ids: readonly string[]): Promise<void> => {
    const tokens = new Map(ids.map((id) => [vault.lookupToken('user', id).toString('hex'), id]));
    for (const row of await selectUsersByToken(
      db,
      [...tokens.keys()].map((token) => Buffer.from(token, 'hex')),
    )) {
      checkUser(vault, row);
      const id = tokens.get(row.token.toString('hex'));
      if (id !== undefined) people.set(id, { slot: row.slot, ref: row.ref });
    }
  };

  const create = async (db: Queryable, id: string): Promise<void> => {
    const slot = await nextUserSlot(db);
    await vault.prepare([slot]);
    const ref = randomUUID();
    const row = { slot, ref, token: vault.lookupToken('user', id), created_at: new Date() };
    await insertUser(db, {
      ...row,
      sealed_id: vault.sealIdentity({ slot, table: 'users', rowId: ref, version: 1 }, id),
      mac: vault.rowMac('users', macFields(row)),
    });
  };

  return {
    find: async (db, id) => {
      if (!people.has(id)) await load(db, [id]);
      return people.get(id);
    },
    ensure: async (db, wanted) => {
      const ids = [...new Set(wanted)];
      const unknown = () => ids.filter((id) => !people.has(id));
      if (unknown().length > 0) await load(db, unknown());
      const missing = unknown();
      for (const id of missing) await create(db, id);
      // Another replica may have been first: whoever is in the table now is right.
      if (missing.length > 0) await load(db, missing);
      return new Map(ids.map((id) => [id, people.get(id) as Person]));
    },
    findEntities: async (db, kind, id) => {
      const rows = await selectEntitiesByToken(db, ENTITY_KINDS[kind], [vault.lookupToken(kind, id)]);
      return rows.map(({ ref }) => ref);
    },
    ensureEntities: async (db, wanted) => {
      const unknown = new Map(wanted.map((name) => [entityKey(name), name]));
      for (const key of unknown.keys()) if (entities.has(key)) unknown.delete(key);
      if (unknown.size > 0) {
        await vault.prepare([...unknown.values()].map(({ slot }) => slot));
        const rows = [...unknown.values()].map(({ kind, slot, id }) => {
          const ref = randomUUID();
          const sealed_id = vault.sealIdentity({ slot, table: 'entities', rowId: ref, version: 1 }, id);
          return { ref, kind: ENTITY_KINDS[kind], slot, token: vault.lookupToken(kind, id), sealed_id };
        });
        const known = await insertEntities(db, rows);
        [...unknown.keys()].forEach((key, index) => {
          const { kind, slot, token } = rows[index] as (typeof rows)[number];
          const found = known.find((row) => row.kind === kind && row.slot === slot && row.token.equals(token));
          if (found) entities.set(key, found.ref);
        });
      }
      return new Map(wanted.map((name) => [entityKey(name), entities.get(entityKey(name)) as string]));
    },
    names: async (db, wanted) => {
      const refs = [...new Set(wanted)];
      const unknown = refs.filter((ref) => !names.has(ref));
      if (unknown.length > 0) await loadNames(db, vault, unknown, names);
      return new Map(refs.flatMap((ref) => (names.has(ref) ? [[ref, names.get(ref) as string]] : [])));
    },
  };
};

/** References of erased people stay without a name. */
const loadNames = async (
  db: Queryable,
  vault: Vault,
  refs: readonly string[],
  names: { set(ref: string, name: string): void },
): Promise<void> => {
  const users = await selectUsersByRef(db, refs);
  const entities = users.length < refs.length ? await selectEntitiesByRef(db, refs) : [];
  const rows = [
    ...users.map((row) => ({ ...row, table: 'users' })),
    ...entities.map((row) => ({ ...row, table: 'entities' })),
  ];
  await vault.prepare(rows.map(({ slot }) => slot));
  for (const { slot, table, ref, sealed_id } of rows) {
    try {
      names.set(ref, vault.openIdentity({ slot, table, rowId: ref, version: 1 }, sealed_id));
    } catch (cause) {
      if (!isErased(cause)) throw cause;
    }
  }
};

const macFields = (row: Pick<UserRow, 'slot' | 'ref' | 'token' | 'created_at'>) => ({
  slot: row.slot,
  ref: row.ref,
  token: row.token.toString('base64'),
  created_at: row.created_at.toISOString(),
});

/** Whoever can write to the table could else give one person's id another person's slot. */
const checkUser = (vault: Vault, row: UserRow): void => {
  if (!vault.verifyRowMac('users', macFields(row), row.mac)) {
    throw new Error(
      `Row ${row.ref} of table users has a wrong MAC: it was not written by this service; restore it from a backup`,
    );
  }
};
