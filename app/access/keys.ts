import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { AuditTrail } from '../audit/trail.js';
import { type Database, inTransaction, type Transaction } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import type { Epoch } from './epoch.js';
import { createKeyCache, type KeyCache } from './key-cache.js';
import {
  BOOTSTRAP,
  buildKeyRow,
  buildSecret,
  describeKey,
  type KeyDescription,
  type NewKey,
  openName,
  userIdOf,
} from './key-row.js';
import {
  type ApiKeyRow,
  countApiKeys,
  insertApiKey,
  type KeyPage,
  lockAdminKeys,
  lockApiKey,
  macFieldsOf,
  selectApiKeyByToken,
  selectApiKeys,
  selectSuccessor,
  updateApiKeyEnd,
} from './key-store.js';
import type { KeyUsage } from './key-usage.js';
import { isPredefined } from './permissions.js';
import type { Principal } from './principal.js';
import { holdRole } from './role-store.js';
import type { Roles } from './roles.js';
import { actorOf, type SecurityEvents } from './security-events.js';

export type { KeyDescription, NewKey } from './key-row.js';

export type NewKeyAnswer = KeyDescription & { readonly key: string };

export type Rotated = NewKeyAnswer & { readonly replaced: KeyDescription };

export interface AccessKeys {
  /** Who a key's text belongs to; `undefined` for one that is unknown, expired or revoked. */
  authenticate(text: string): Principal | undefined | Promise<Principal | undefined>;
  /** The text is in the answer and nowhere else, ever. */
  create(by: Principal, key: NewKey): Promise<NewKeyAnswer>;
  /** `last` is where the next page begins, when there is one. */
  list(page: KeyPage): Promise<{ readonly keys: readonly KeyDescription[]; readonly last: KeyPage['after'] }>;
  count(): Promise<number>;
  find(id: string): Promise<KeyDescription>;
  revoke(by: Principal, id: string): Promise<KeyDescription>;
  /** A new key of the same person, role and lifetime, and of the same name unless another is given; the old one works on for the overlap. */
  rotate(by: Principal, id: string, overlapMs: number, name?: string): Promise<Rotated>;
  /** Makes the operator's key an admin key, unless it is known: run at every start, it changes nothing the second time. */
  registerBootstrap(text: string): Promise<void>;
}

/** 32 random bytes: nobody guesses one, so a keyed hash is enough and a slow one would only slow us. */
const KEY_BYTES = 32;

export interface AccessKeysOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly roles: Roles;
  readonly epoch: Epoch;
  readonly events: SecurityEvents;
  readonly usage: KeyUsage;
  readonly audit: AuditTrail;
  readonly now?: () => number;
}

export const createAccessKeys = (options: AccessKeysOptions): AccessKeys => new StoredKeys(options);

/** So that no key stays in memory: a plain hash is enough here, what is stored has a keyed one. */
const cacheName = (text: string): string => hash('sha256', text, 'base64');

const newText = (): string => `mb_${randomBytes(KEY_BYTES).toString('base64url')}`;

/** It was there when the request was looked at. */
const noSuchRole = (role: string): Problem =>
  problem('invalid_request', `The role ${role} was deleted meanwhile.`, {
    remedy: 'Use one of the roles that GET /api/v1/roles lists, or make it again: PUT /api/v1/roles/{name}.',
    errors: [{ pointer: '/role', code: 'enum', detail: `/role is ${role}; there is no such role any more` }],
  });

class StoredKeys implements AccessKeys {
  readonly #options: AccessKeysOptions;
  readonly #now: () => number;
  readonly #cache: KeyCache;

  constructor(options: AccessKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#cache = createKeyCache(options.roles, this.#now);
    options.epoch.onChange(() => this.#cache.clear());
  }

  authenticate(text: string): Principal | undefined | Promise<Principal | undefined> {
    const { epoch, roles } = this.#options;
    const stale = epoch.freshen() ?? roles.freshen();
    const name = cacheName(text);
    const known = stale === undefined ? this.#cache.get(name) : undefined;
    if (known === undefined) return this.#load(text, name);
    if (known.principal !== undefined) this.#options.usage.used(known.principal.keyId);
    return known.principal;
  }

  async #load(text: string, name: string): Promise<Principal | undefined> {
    const { db, vault, epoch, roles, usage } = this.#options;
    await epoch.freshen();
    await roles.freshen();
    const cached = this.#cache.get(name);
    if (cached !== undefined) {
      if (cached.principal !== undefined) usage.used(cached.principal.keyId);
      return cached.principal;
    }
    const since = this.#cache.generation();
    const row = await selectApiKeyByToken(db, vault.apiKeyToken(text));
    if (!row || !this.#isGenuine(row)) return undefined;
    const userId = await userIdOf(this.#options, row.user_ref);
    // A key without its person (erased) must not become a key of the tenant.
    if (userId === undefined) return undefined;
    usage.used(row.id);
    return this.#cache.put(name, row, userId, since);
  }

  async create(by: Principal, key: NewKey): Promise<NewKeyAnswer> {
    const text = newText();
    const row = await buildKeyRow(this.#options, text, key, { now: this.#now(), bootstrap: false });
    await this.#change(async (transaction) => {
      if (!isPredefined(key.role) && !(await holdRole(transaction, key.role))) throw noSuchRole(key.role);
      await insertApiKey(transaction, row);
      await this.#record(transaction, by, 'key.create', row);
    });
    return { ...(await this.#describe(row)), key: text };
  }

  async list({ after, limit }: KeyPage) {
    const rows = await selectApiKeys(this.#options.db, { after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const end = rows.length > limit ? page.at(-1) : undefined;
    const keys = await Promise.all(page.filter((row) => this.#isGenuine(row)).map((row) => this.#describe(row)));
    return { keys, last: end === undefined ? null : { createdAt: end.created_at.toISOString(), id: end.id } };
  }

  count(): Promise<number> {
    return countApiKeys(this.#options.db);
  }

  async find(id: string): Promise<KeyDescription> {
    return this.#describe(await this.#lock(this.#options.db, id));
  }

  async revoke(by: Principal, id: string): Promise<KeyDescription> {
    const revoked = await this.#change(async (transaction) => {
      const admins = await lockAdminKeys(transaction, new Date(this.#now()));
      const row = await this.#lock(transaction, id);
      if (row.revoked_at !== null) return row;
      this.#checkOthers(admins, row);
      const next = this.#sign({ ...row, revoked_at: new Date(this.#now()) });
      await updateApiKeyEnd(transaction, next);
      await this.#record(transaction, by, 'key.revoke', next);
      return next;
    });
    return this.#describe(revoked);
  }

  async rotate(by: Principal, id: string, overlapMs: number, name?: string): Promise<Rotated> {
    const { vault } = this.#options;
    const text = newText();
    const { old, next } = await this.#change(async (transaction) => {
      const row = await this.#lock(transaction, id);
      await this.#checkRotatable(transaction, row);
      const at = this.#now();
      const end = at + overlapMs;
      const old = this.#sign({ ...row, expires_at: new Date(Math.min(end, row.expires_at?.getTime() ?? end)) });
      const lifeMs = row.expires_at === null ? null : row.expires_at.getTime() - row.created_at.getTime();
      const copy = { ...row, id: randomUUID(), bootstrap: false, created_at: new Date(at), last_used_at: null };
      const next = this.#sign({
        ...copy,
        ...buildSecret(vault, copy.id, text, name ?? openName(vault, row)),
        expires_at: lifeMs === null ? null : new Date(at + lifeMs),
        replaces: row.id,
      });
      await updateApiKeyEnd(transaction, old);
      await insertApiKey(transaction, next);
      await this.#record(transaction, by, 'key.rotate', next);
      return { old, next };
    });
    return { ...(await this.#describe(next)), key: text, replaced: await this.#describe(old) };
  }

  async registerBootstrap(text: string): Promise<void> {
    const { db, vault } = this.#options;
    if (await selectApiKeyByToken(db, vault.apiKeyToken(text))) return;
    await insertApiKey(db, await buildKeyRow(this.#options, text, BOOTSTRAP, { now: this.#now(), bootstrap: true }));
  }

  /** Nobody, the operator included, could let anybody in again. */
  #checkOthers(admins: readonly ApiKeyRow[], row: ApiKeyRow): void {
    if (!admins.some(({ id }) => id === row.id)) return;
    if (admins.some((other) => other.id !== row.id && this.#isGenuine(other))) return;
    throw problem('forbidden', `The API key ${row.id} is the last that administers the tenant.`, {
      remedy: 'Make another key of the role admin first, or rotate this one.',
    });
  }

  async #checkRotatable(transaction: Transaction, row: ApiKeyRow): Promise<void> {
    if (row.revoked_at !== null || (row.expires_at !== null && row.expires_at.getTime() <= this.#now())) {
      throw problem('not_found', `The API key ${row.id} works no more: make a new one.`);
    }
    const successor = await selectSuccessor(transaction, row.id);
    if (successor === undefined) return;
    throw problem('key_exists', `The API key ${row.id} was rotated already: ${successor.id} has its place.`, {
      remedy: `Rotate ${successor.id}, or revoke it and make a new key.`,
    });
  }

  /** The change and the count of it are there together; what is cached is forgotten before anybody is told. */
  async #change<T>(run: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { db, epoch } = this.#options;
    const result = await inTransaction(db, async (transaction) => {
      const done = await run(transaction);
      await epoch.advance(transaction);
      return done;
    });
    await epoch.refresh();
    return result;
  }

  async #record(transaction: Transaction, by: Principal, type: `key.${string}`, row: ApiKeyRow): Promise<void> {
    const resource = { kind: 'api_key', id: row.id };
    await this.#options.audit.record(transaction, { type, resource, actor: actorOf(by), detail: { role: row.role } });
  }

  async #lock(db: Database | Transaction, id: string): Promise<ApiKeyRow> {
    const row = await lockApiKey(db, id);
    if (row && this.#isGenuine(row)) return row;
    throw problem('not_found', `There is no API key ${id}.`);
  }

  #sign(row: ApiKeyRow): ApiKeyRow {
    return { ...row, mac: this.#options.vault.rowMac('api_keys', macFieldsOf(row)) };
  }

  #isGenuine(row: ApiKeyRow): boolean {
    if (this.#options.vault.verifyRowMac('api_keys', macFieldsOf(row), row.mac)) return true;
    this.#options.events.tampered('api_keys', row.id, row.mac);
    return false;
  }

  #describe(row: ApiKeyRow): Promise<KeyDescription> {
    return describeKey(this.#options, row, this.#now());
  }
}
