import { randomUUID } from 'node:crypto';
import type { Database } from '../db/pool.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import { type ApiKeyRow, macFieldsOf } from './key-store.js';
import type { Role } from './permissions.js';

export interface KeyDescription {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly role: Role;
  readonly user_id: string | null;
  readonly teams: readonly string[];
  readonly organizations: readonly string[];
  readonly status: 'active' | 'expired' | 'revoked';
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  /** To within some seconds. */
  readonly last_used_at: string | null;
  readonly replaces: string | null;
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

export const BOOTSTRAP: NewKey = {
  name: 'bootstrap key of the operator',
  role: 'admin',
  userId: null,
  teams: [],
  organizations: [],
  expiresAt: null,
};

interface Stores {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
}

/** `mb_` and four letters: enough to recognise a key, 24 bits of its 256. */
const HINT_LENGTH = 7;

const placeOf = (id: string) => ({ slot: 1, table: 'api_keys', rowId: id, version: 1 });

/** What of a row belongs to its own text and id: made anew for each key, its name included. */
export const buildSecret = (vault: Vault, id: string, text: string, name: string) => ({
  token: vault.apiKeyToken(text),
  hint: text.slice(0, HINT_LENGTH),
  sealed_name: vault.sealIdentity(placeOf(id), name),
});

export const openName = (vault: Vault, row: ApiKeyRow): string => vault.openIdentity(placeOf(row.id), row.sealed_name);

export const buildKeyRow = async (
  { db, vault, people }: Stores,
  text: string,
  key: NewKey,
  options: { readonly now: number; readonly bootstrap: boolean },
): Promise<ApiKeyRow> => {
  const id = randomUUID();
  const owner = key.userId === null ? undefined : (await people.ensure(db, [key.userId])).get(key.userId);
  const refs = async (kind: 'team' | 'organization', ids: readonly string[]): Promise<readonly string[]> => {
    const names = [...new Set(ids)].map((name) => ({ kind, slot: 0, id: name }));
    return [...(await people.ensureEntities(db, names)).values()];
  };
  const row = {
    id,
    ...buildSecret(vault, id, text, key.name),
    role: key.role,
    user_ref: owner?.ref ?? null,
    team_refs: await refs('team', key.teams),
    organization_refs: await refs('organization', key.organizations),
    bootstrap: options.bootstrap,
    created_at: new Date(options.now),
    expires_at: key.expiresAt,
    revoked_at: null,
    replaces: null,
    last_used_at: null,
  };
  return { ...row, mac: vault.rowMac('api_keys', macFieldsOf(row)) };
};

/** `undefined` when the person was erased. */
export const userIdOf = async ({ db, people }: Stores, ref: string | null): Promise<string | null | undefined> =>
  ref === null ? null : (await people.names(db, [ref])).get(ref);

export const describeKey = async (stores: Stores, row: ApiKeyRow, now: number): Promise<KeyDescription> => {
  const refs = [...(row.user_ref === null ? [] : [row.user_ref]), ...row.team_refs, ...row.organization_refs];
  const names = refs.length === 0 ? new Map<string, string>() : await stores.people.names(stores.db, refs);
  const known = (wanted: readonly string[]): readonly string[] => wanted.flatMap((ref) => names.get(ref) ?? []);
  return {
    id: row.id,
    name: openName(stores.vault, row),
    hint: row.hint,
    role: row.role,
    user_id: (row.user_ref === null ? undefined : names.get(row.user_ref)) ?? null,
    teams: known(row.team_refs),
    organizations: known(row.organization_refs),
    status: statusOf(row, now),
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    replaces: row.replaces,
    bootstrap: row.bootstrap,
  };
};

const statusOf = ({ revoked_at, expires_at }: ApiKeyRow, now: number): KeyDescription['status'] => {
  if (revoked_at !== null) return 'revoked';
  return expires_at !== null && expires_at.getTime() <= now ? 'expired' : 'active';
};
