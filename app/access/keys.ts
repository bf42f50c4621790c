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
const MIN_LENGTH = 16;
/** 32 random bytes: nobody guesses one, so a keyed hash is enough and a slow one would only slow us. */
const KEY_BYTES = 32;

export interface AccessKeysOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly log: { error(fields: object, message: string): void };
  readonly now?: () => number;
}

export const createAccessKeys = (options: AccessKeysOptions): AccessKeys => {
  const { db, vault, people } = options;
  const now = options.now ?? Date.now;
  const cache = new Map<string, { readonly row: ApiKeyRow; readonly principal: Principal; readonly until: number }>();

  const isGenuine = (row: ApiKeyRow): boolean => {
    if (vault.verifyRowMac('api_keys', macFieldsOf(row), row.mac)) return true;
    options.log.error({ key: row.id, event: 'security.tamper' }, 'an API key row has a wrong MAC and is refused');
    return false;
  };
  const isLive = (row: ApiKeyRow): boolean =>
    row.revoked_at === null && (row.expires_at === null || row.expires_at.getTime() > now());

  const describe = async (row: ApiKeyRow): Promise<KeyDescription> => {
    const names = await people.names(db, row.user_ref === null ? [] : [row.user_ref]);
    return {
      id: row.id,
      name: vault.openIdentity(placeOf(row.id), row.sealed_name),
      hint: row.hint,
      role: row.role,
      user_id: row.user_ref === null ? null : (names.get(row.user_ref) ?? null),
      created_at: row.created_at.toISOString(),
      expires_at: row.expires_at?.toISOString() ?? null,
      revoked_at: row.revoked_at?.toISOString() ?? null,
      bootstrap: row.bootstrap,
    };
  };

  const authenticate = async (text: string): Promise<Principal | undefined> => {
    const token = vault.apiKeyToken(text);
    const cacheKey = token.toString('base64');
    const known = cache.get(cacheKey);
    if (known && known.until > now()) return isLive(known.row) ? known.principal : undefined;
    cache.delete(cacheKey);
    const row = await selectApiKeyByToken(db, token);
    if (!row || !isGenuine(row) || !isLive(row)) return undefined;
    const names = await people.names(db, row.user_ref === null ? [] : [row.user_ref]);
    const userId = row.user_ref === null ? null : names.get(row.user_ref);
    // The person was erased: a key without its person must not become a key of the tenant.
    if (userId === undefined) return undefined;
    const principal = {
      keyId: row.id,
      role: row.role,
      userId,
      userRef: row.user_ref,
      teamRefs: row.team_refs,
      organizationRefs: row.organization_refs,
    };
    if (cache.size >= CACHED) cache.clear();
    cache.set(cacheKey, { row, principal, until: now() + CACHE_MS });
    return principal;
  };

  const build = async (text: string, key: NewKey, bootstrap: boolean): Promise<ApiKeyRow> => {
    const id = randomUUID();
    const owner = key.userId === null ? undefined : (await people.ensure(db, [key.userId])).get(key.userId);
    const row = {
      id,
      token: vault.apiKeyToken(text),
      hint: text.slice(0, 7),
      sealed_name: vault.sealIdentity(placeOf(id), key.name),
      role: key.role,
      user_ref: owner?.ref ?? null,
      team_refs: await sharedRefs(people, db, 'team', key.teams),
      organization_refs: await sharedRefs(people, db, 'organization', key.organizations),
      bootstrap,
      created_at: new Date(now()),
      expires_at: key.expiresAt,
      revoked_at: null,
    };
    return { ...row, mac: vault.rowMac('api_keys', macFieldsOf(row)) };
  };

  return {
    authenticate,
    create: async (key) => {
      const text = `mb_${randomBytes(KEY_BYTES).toString('base64url')}`;
      const row = await build(text, key, false);
      await insertApiKey(db, row);
      return { ...(await describe(row)), key: text };
    },
    list: async () => Promise.all((await selectApiKeys(db)).filter(isGenuine).map(describe)),
    revoke: async (id) => {
      const revoked = await inTransaction(db, async (transaction) => {
        const row = await lockApiKey(transaction, id);
        if (!row || !isGenuine(row)) throw problem('not_found', `There is no API key ${id}.`);
        if (row.revoked_at !== null) return row;
        const next = { ...row, revoked_at: new Date(now()) };
        await setApiKeyRevoked(transaction, id, next.revoked_at, vault.rowMac('api_keys', macFieldsOf(next)));
        return next;
      });
      cache.clear();
      return describe(revoked);
    },
    registerBootstrap: async (text) => {
      if (text.length < MIN_LENGTH)
        throw new Error(`The bootstrap key has ${text.length} characters; at least ${MIN_LENGTH} are needed`);
      if (await selectApiKeyByToken(db, vault.apiKeyToken(text))) return;
      const name = 'bootstrap key of the operator';
      await insertApiKey(
        db,
        await build(text, { name, role: 'admin', userId: null, teams: [], organizations: [], expiresAt: null }, true),
      );
    },
  };
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
