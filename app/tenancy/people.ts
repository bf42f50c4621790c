import { randomUUID } from 'node:crypto';
import type { Queryable } from '../db/pool.js';
import { createLruMap } from './lru-map.js';
import {
  type EntityRow,
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
  /** Nothing of what was looked up is remembered: somebody is being erased. */
  forget(): void;
}

/** Some 20 MB at worst. People are never renamed or moved to another slot: what is known stays true until one is erased. */
const CACHED = 50_000;

export const entityKey = ({ kind, slot, id }: EntityName): string => `${kind}\n${slot}\n${id}`;

export const createPeople = (vault: Vault): People => new StoredPeople(vault);

class StoredPeople implements People {
  readonly #vault: Vault;
  #people = createLruMap<string, Person>(CACHED);
  #entities = createLruMap<string, string>(CACHED);
  #names = createLruMap<string, string>(CACHED);
  #epoch: number;

  constructor(vault: Vault) {
    this.#vault = vault;
    this.#epoch = vault.epoch();
  }

  forget(): void {
    this.#people = createLruMap(CACHED);
    this.#entities = createLruMap(CACHED);
    this.#names = createLruMap(CACHED);
  }

  /** A keyring of another epoch: somebody may have been erased, and come back as somebody new. */
  #followKeyring(): void {
    const epoch = this.#vault.epoch();
    if (epoch !== this.#epoch) this.forget();
    this.#epoch = epoch;
  }

  async find(db: Queryable, id: string): Promise<Person | undefined> {
    this.#followKeyring();
    return this.#people.get(id) ?? (await this.#load(db, [id])).get(id);
  }

  async ensure(db: Queryable, wanted: Iterable<string>): Promise<ReadonlyMap<string, Person>> {
    this.#followKeyring();
    const found = new Map<string, Person>();
    const unknown: string[] = [];
    for (const id of new Set(wanted)) {
      const person = this.#people.get(id);
      if (person) found.set(id, person);
      else unknown.push(id);
    }
    if (unknown.length > 0) for (const [id, person] of await this.#load(db, unknown)) found.set(id, person);
    const missing = unknown.filter((id) => !found.has(id));
    for (const id of missing) await this.#create(db, id);
    // Another replica may have been first: whoever is in the table now is right.
    if (missing.length > 0) for (const [id, person] of await this.#load(db, missing)) found.set(id, person);
    return found;
  }

  async findEntities(db: Queryable, kind: EntityKind, id: string): Promise<readonly string[]> {
    const rows = await selectEntitiesByToken(db, ENTITY_KINDS[kind], [this.#vault.lookupToken(kind, id)]);
    return rows.map(({ ref }) => ref);
  }

  async ensureEntities(db: Queryable, wanted: readonly EntityName[]): Promise<ReadonlyMap<string, string>> {
    this.#followKeyring();
    const found = new Map<string, string>();
    const unknown = new Map<string, EntityName>();
    for (const name of wanted) {
      const ref = this.#entities.get(entityKey(name));
      if (ref === undefined) unknown.set(entityKey(name), name);
      else found.set(entityKey(name), ref);
    }
    if (unknown.size === 0) return found;
    await this.#vault.prepare([...unknown.values()].map(({ slot }) => slot));
    const rows = new Map([...unknown].map(([key, name]) => [key, sealEntity(this.#vault, name)]));
    const stored = await insertEntities(db, [...rows.values()]);
    const refs = new Map(stored.map((row) => [storedKey(row), row.ref]));
    for (const [key, row] of rows) {
      const ref = refs.get(storedKey(row)) ?? row.ref;
      this.#entities.set(key, ref);
      found.set(key, ref);
    }
    return found;
  }

  async names(db: Queryable, wanted: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    this.#followKeyring();
    const found = new Map<string, string>();
    const unknown: string[] = [];
    for (const ref of new Set(wanted)) {
      const name = this.#names.get(ref);
      if (name === undefined) unknown.push(ref);
      else found.set(ref, name);
    }
    if (unknown.length === 0) return found;
    for (const [ref, name] of await loadNames(db, this.#vault, unknown)) {
      this.#names.set(ref, name);
      found.set(ref, name);
    }
    return found;
  }

  async #load(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, Person>> {
    const idOf = new Map(ids.map((id) => [this.#vault.lookupToken('user', id).toString('hex'), id]));
    const found = new Map<string, Person>();
    for (const row of await selectUsersByToken(
      db,
      [...idOf.keys()].map((token) => Buffer.from(token, 'hex')),
    )) {
      checkUser(this.#vault, row);
      const id = idOf.get(row.token.toString('hex'));
      if (id === undefined) continue;
      const person = { slot: row.slot, ref: row.ref };
      this.#people.set(id, person);
      found.set(id, person);
    }
    return found;
  }

  async #create(db: Queryable, id: string): Promise<void> {
    const slot = await nextUserSlot(db);
    await this.#vault.prepare([slot]);
    const ref = randomUUID();
    const row = { slot, ref, token: this.#vault.lookupToken('user', id), created_at: new Date() };
    await insertUser(db, {
      ...row,
      sealed_id: this.#vault.sealIdentity({ slot, table: 'users', rowId: ref, version: 1 }, id),
      mac: this.#vault.rowMac('users', userMacFields(row)),
    });
  }
}

const sealEntity = (vault: Vault, { kind, slot, id }: EntityName): EntityRow => {
  const ref = randomUUID();
  const sealed_id = vault.sealIdentity({ slot, table: 'entities', rowId: ref, version: 1 }, id);
  return { ref, kind: ENTITY_KINDS[kind], slot, token: vault.lookupToken(kind, id), sealed_id };
};

const storedKey = ({ kind, slot, token }: EntityRow): string => `${kind} ${slot} ${token.toString('hex')}`;

/** References of erased people stay without a name. */
const loadNames = async (
  db: Queryable,
  vault: Vault,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>();
  const users = await selectUsersByRef(db, refs);
  const entities = users.length < refs.length ? await selectEntitiesByRef(db, refs) : [];
  const rows = [
    ...users.map((row) => ({ ...row, table: 'users' })),
    ...entities.map((row) => ({ ...row, table: 'entities' })),
  ];
  await vault.prepare(rows.map(({ slot }) => slot));
  for (const { slot, table, ref, sealed_id } of rows) {
    if (sealed_id.length === 0) continue;
    try {
      names.set(ref, vault.openIdentity({ slot, table, rowId: ref, version: 1 }, sealed_id));
    } catch (cause) {
      if (!isErased(cause)) throw cause;
    }
  }
  return names;
};

export const userMacFields = (row: Pick<UserRow, 'slot' | 'ref' | 'token' | 'created_at'>) => ({
  slot: row.slot,
  ref: row.ref,
  token: row.token.toString('base64'),
  created_at: row.created_at.toISOString(),
});

/** Whoever can write to the table could else give one person's id another person's slot. */
const checkUser = (vault: Vault, row: UserRow): void => {
  if (!vault.verifyRowMac('users', userMacFields(row), row.mac)) {
    throw new Error(
      `Row ${row.ref} of table users has a wrong MAC: it was not written by this service; restore it from a backup`,
    );
  }
};
