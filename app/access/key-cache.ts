import type { ApiKeyRow } from './key-store.js';
import type { Principal } from './principal.js';
import type { Roles } from './roles.js';

/** What a request needs of a key, without asking the database. */
export interface KeyCache {
  /** Nothing when the key must be looked up; a principal of `undefined` when it works no more. */
  get(token: string): { readonly principal: Principal | undefined } | undefined;
  /** Remembers the row unless something has changed since it was asked for. */
  put(token: string, row: ApiKeyRow, userId: string | null, since: number): Principal | undefined;
  generation(): number;
  clear(): void;
}

/** A change is told by the epoch; this bounds what somebody gains who changes rows behind our back. */
const TTL_MS = 5_000;
const CACHED = 10_000;

interface Entry {
  readonly row: ApiKeyRow;
  readonly until: number;
  rolesVersion: number;
  principal: Principal;
}

export const createKeyCache = (roles: Pick<Roles, 'grantsOf' | 'version'>, now: () => number): KeyCache => {
  const entries = new Map<string, Entry>();
  let generation = 0;
  const isLive = ({ revoked_at, expires_at }: ApiKeyRow): boolean =>
    revoked_at === null && (expires_at === null || expires_at.getTime() > now());
  return {
    get: (token) => {
      const entry = entries.get(token);
      if (entry === undefined) return undefined;
      if (entry.until <= now()) {
        entries.delete(token);
        return undefined;
      }
      if (!isLive(entry.row)) return { principal: undefined };
      if (entry.rolesVersion !== roles.version()) {
        const { role, userId } = entry.principal;
        entry.principal = { ...entry.principal, grants: roles.grantsOf(role, userId !== null) };
        entry.rolesVersion = roles.version();
      }
      return entry;
    },
    put: (token, row, userId, since) => {
      const principal = buildPrincipal(row, userId, roles);
      if (since === generation) {
        if (entries.size >= CACHED) entries.clear();
        entries.set(token, { row, principal, rolesVersion: roles.version(), until: now() + TTL_MS });
      }
      return isLive(row) ? principal : undefined;
    },
    generation: () => generation,
    clear: () => {
      generation++;
      entries.clear();
    },
  };
};

const buildPrincipal = (row: ApiKeyRow, userId: string | null, roles: Pick<Roles, 'grantsOf'>): Principal => ({
  kind: 'key',
  keyId: row.id,
  role: row.role,
  grants: roles.grantsOf(row.role, userId !== null),
  userId,
  userRef: row.user_ref,
  teamRefs: row.team_refs,
  organizationRefs: row.organization_refs,
  expiresAt: row.expires_at,
});
