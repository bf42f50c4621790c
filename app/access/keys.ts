import { randomBytes, randomUUID } from 'node:crypto';
import { type Database, inTransaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import {
  type ApiKeyRow,
  insertApiKey,
  lockApiKey,
  macFieldsOf,
  selectApiKeyByToken,
  selectApiKeys,
  setApiKeyRevoked,
} from './key-store.js';
import { isPredefined, ROLE_PERMISSIONS, resolveGrants } from './permissions.js';
import type { Principal, Role } from './principal.js';

export interface KeyDescription {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly role: Role;
  readonly user_id: string | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly bootstrap: boolean;
}

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  readonly userId: string | null;
  readonly teams: readonly string[];
  readonly organizations: readonly string[];
  readonly expiresAt: Date | null;
}

export interface AccessKeys {
  /** Who a key's text belongs to; `undefined` for one that is unknown, expired or revoked. */
  authenticate(text: string): Promise<Principal | undefined>;
  /** The text is in the answer and nowhere else, ever. */
  create(key: NewKey): Promise<KeyDescription & { readonly key: string }>;
  list(): Promise<readonly KeyDescription[]>;
  revoke(id: string): Promise<KeyDescription>;
  /** Makes the operator's key an admin key, unless it is known: run at every start, it changes nothing the second time. */
  registerBootstrap(text: string): Promise<void>;
}

/** Between a revocation here and its effect in another replica. Without it every request would ask the database first. */
const CACHE_MS = 2_000;
const CACHED = 10_000;
/** `mb_` and four letters: enough to recognise a key, 24 bits of its 256. */
const HINT_LENGTH = 7;
/** 32 random bytes: nobody guesses one, so a keyed hash is enough and a slow one would only slow us. */
const KEY_BYTES = 32;

export interface AccessKeysOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly log: { error(fields: object, message: string): void };
  readonly now?: () => number;
}

export const createAccessKeys = (options: AccessKeysOptions): AccessKeys => new StoredKeys(options);

interface CachedKey {
  readonly row: ApiKeyRow;
  readonly principal: Principal;
  readonly until: number;
}

class StoredKeys implements AccessKeys {
  readonly #options: AccessKeysOptions;
  readonly #now: () => number;
  readonly #cache = new Map<string, CachedKey>();

  constructor(options: AccessKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async authenticate(text: string): Promise<Principal | undefined> {
    const token = this.#options.vault.apiKeyToken(text);
    const cacheKey = token.toString('base64');
    const known = this.#cache.get(cacheKey);
    if (known && known.until > this.#now()) return this.#isLive(known.row) ? known.principal : undefined;
    this.#cache.delete(cacheKey);
    const row = await selectApiKeyByToken(this.#options.db, token);
    if (!row || !this.#isGenuine(row) || !this.#isLive(row)) return undefined;
    const principal = await this.#principalOf(row);
    if (principal) this.#remember(cacheKey, { row, principal, until: this.#now() + CACHE_MS });
    return principal;
  }

  async create(key: NewKey): Promise<KeyDescription & { readonly key: string }> {
    const text = `mb_${randomBytes(KEY_BYTES).toString('base64url')}`;
    const row = await this.#build(text, key, false);
    await insertApiKey(this.#options.db, row);
    return { ...(await this.#describe(row)), key: text };
  }

  async list(): Promise<readonly KeyDescription[]> {
    const rows = await selectApiKeys(this.#options.db);
    return Promise.all(rows.filter((row) => this.#isGenuine(row)).map((row) => this.#describe(row)));
  }

  async revoke(id: string): Promise<KeyDescription> {
    const { db, vault } = this.#options;
    const revoked = await inTransaction(db, async (transaction) => {
      const row = await lockApiKey(transaction, id);
      if (!row || !this.#isGenuine(row)) throw problem('not_found', `There is no API key ${id}.`);
      if (row.revoked_at !== null) return row;
      const next = { ...row, revoked_at: new Date(this.#now()) };
      await setApiKeyRevoked(transaction, id, next.revoked_at, vault.rowMac('api_keys', macFieldsOf(next)));
      return next;
    });
    this.#cache.clear();
    return this.#describe(revoked);
  }

  async registerBootstrap(text: string): Promise<void> {
    const { db, vault } = this.#options;
    if (await selectApiKeyByToken(db, vault.apiKeyToken(text))) return;
    await insertApiKey(db, await this.#build(text, BOOTSTRAP, true));
  }

  #remember(cacheKey: string, key: CachedKey): void {
    if (this.#cache.size >= CACHED) this.#cache.clear();
    this.#cache.set(cacheKey, key);
  }

  #isGenuine(row: ApiKeyRow): boolean {
    if (this.#options.vault.verifyRowMac('api_keys', macFieldsOf(row), row.mac)) return true;
    this.#options.log.error({ key: row.id, event: 'security.tamper' }, 'an API key row has a wrong MAC and is refused');
    return false;
  }

  #isLive(row: ApiKeyRow): boolean {
    return row.revoked_at === null && (row.expires_at === null || row.expires_at.getTime() > this.#now());
  }

  /** `undefined` when the person was erased: a key without its person must not become a key of the tenant. */
  async #principalOf(row: ApiKeyRow): Promise<Principal | undefined> {
    const userId = await this.#nameOf(row.user_ref);
    if (userId === undefined) return undefined;
    const { id: keyId, role, user_ref: userRef, team_refs: teamRefs, organization_refs: organizationRefs } = row;
    const grants = resolveGrants(isPredefined(role) ? ROLE_PERMISSIONS[role] : [], userRef !== null);
    return { kind: 'key', keyId, role, grants, userId, userRef, teamRefs, organizationRefs };
  }

  async #nameOf(ref: string | null): Promise<string | null | undefined> {
    if (ref === null) return null;
    return (await this.#options.people.names(this.#options.db, [ref])).get(ref);
  }

  async #describe(row: ApiKeyRow): Promise<KeyDescription> {
    return {
      id: row.id,
      name: this.#options.vault.openIdentity(placeOf(row.id), row.sealed_name),
      hint: row.hint,
      role: row.role,
      user_id: (await this.#nameOf(row.user_ref)) ?? null,
      created_at: row.created_at.toISOString(),
      expires_at: row.expires_at?.toISOString() ?? null,
      revoked_at: row.revoked_at?.toISOString() ?? null,
      bootstrap: row.bootstrap,
    };
  }

  async #build(text: string, key: NewKey, bootstrap: boolean): Promise<ApiKeyRow> {
    const { db, vault, people } = this.#options;
    const id = randomUUID();
    const owner = key.userId === null ? undefined : (await people.ensure(db, [key.userId])).get(key.userId);
    const row = {
      id,
      token: vault.apiKeyToken(text),
      hint: text.slice(0, HINT_LENGTH),
      sealed_name: vault.sealIdentity(placeOf(id), key.name),
      role: key.role,
      user_ref: owner?.ref ?? null,
      team_refs: await sharedRefs(people, db, 'team', key.teams),
      organization_refs: await sharedRefs(people, db, 'organization', key.organizations),
      bootstrap,
      created_at: new Date(this.#now()),
      expires_at: key.expiresAt,
      revoked_at: null,
    };
    return { ...row, mac: vault.rowMac('api_keys', macFieldsOf(row)) };
  }
}

const BOOTSTRAP: NewKey = {
  name: 'bootstrap key of the operator',
  role: 'admin',
  userId: null,
  teams: [],
  organizations: [],
  expiresAt: null,
};

const placeOf = (id: string) => ({ slot: 1, table: 'api_keys', rowId: id, version: 1 });

const sharedRefs = async (
  people: People,
  db: Database,
  kind: 'team' | 'organization',
  ids: readonly string[],
): Promise<readonly string[]> => {
  const names = [...new Set(ids)].map((id) => ({ kind, slot: 0, id }));
  return [...(await people.ensureEntities(db, names)).values()];
};
