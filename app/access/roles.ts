import type { AuditTrail } from '../audit/trail.js';
import { type Database, inTransaction, type Transaction } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import type { Vault } from '../tenancy/vault.js';
import { requireCovered } from './covered.js';
import type { Epoch } from './epoch.js';
import { macFieldsOf, selectKeysOfRole } from './key-store.js';
import {
  type Grants,
  isPredefined,
  PERMISSIONS,
  parseGrant,
  ROLE_PERMISSIONS,
  ROLES,
  type Role,
  resolveGrants,
  SCOPED_PERMISSIONS,
} from './permissions.js';
import type { Principal } from './principal.js';
import { deleteRole, lockRole, type RoleRow, roleMacFields, selectRoles, upsertRole } from './role-store.js';
import { actorOf, type SecurityEvents } from './security-events.js';

export interface RoleDescription {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly predefined: boolean;
  readonly updated_at: string | null;
}

export interface Roles {
  /** What a role comes to now; nothing for one that is not there, or whose row somebody else wrote. */
  grantsOf(role: Role, hasPerson: boolean): Grants;
  /** Whether there is such a role, even one that allows nothing. */
  has(role: Role): boolean;
  /** Changes with every change of what `grantsOf` answers. */
  version(): number;
  /** To be awaited before `grantsOf` when it is there. */
  freshen(): Promise<void> | undefined;
  permissionsOf(role: Role): Promise<readonly string[] | undefined>;
  list(): Promise<readonly RoleDescription[]>;
  find(name: string): Promise<RoleDescription>;
  put(by: Principal, name: string, permissions: readonly string[]): Promise<RoleDescription & { created: boolean }>;
  /** Refused while a key that works has it. A row that somebody else wrote goes too. */
  remove(by: Principal, name: string): Promise<RoleDescription>;
}

export interface RolesOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly epoch: Epoch;
  readonly events: SecurityEvents;
  readonly audit: AuditTrail;
  readonly now?: () => number;
}

/** Whoever changes a row behind our back does not count the change: such a row is met after this long. */
const TTL_MS = 5_000;
const NOTHING: Grants = new Map();

interface Resolved {
  readonly withPerson: Grants;
  readonly without: Grants;
}
const resolve = (permissions: readonly string[]): Resolved => ({
  withPerson: resolveGrants(permissions, true),
  without: resolveGrants(permissions, false),
});
const PREDEFINED = new Map<Role, Resolved>(ROLES.map((role) => [role, resolve(ROLE_PERMISSIONS[role])]));

export const createRoles = (options: RolesOptions): Roles => new StoredRoles(options);

class StoredRoles implements Roles {
  readonly #options: RolesOptions;
  readonly #now: () => number;
  #own = new Map<Role, Resolved>();
  #rows: readonly RoleRow[] = [];
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #version = 0;
  /** A load that began before a change must not be taken for the state after it. */
  #changes = 0;

  constructor(options: RolesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    options.epoch.onChange(() => {
      this.#loadedAt = Number.NEGATIVE_INFINITY;
      this.#loading = undefined;
      this.#changes++;
    });
  }

  grantsOf(role: Role, hasPerson: boolean): Grants {
    const resolved = PREDEFINED.get(role) ?? this.#own.get(role);
    return (hasPerson ? resolved?.withPerson : resolved?.without) ?? NOTHING;
  }

  has(role: Role): boolean {
    return PREDEFINED.has(role) || this.#own.has(role);
  }

  version(): number {
    return this.#version;
  }

  freshen(): Promise<void> | undefined {
    if (this.#now() - this.#loadedAt < TTL_MS) return undefined;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async permissionsOf(role: Role): Promise<readonly string[] | undefined> {
    if (isPredefined(role)) return ROLE_PERMISSIONS[role];
    await this.freshen();
    return this.#rows.find(({ name }) => name === role)?.permissions;
  }

  async list(): Promise<readonly RoleDescription[]> {
    await this.freshen();
    return [...ROLES.map(describePredefined), ...this.#rows.map(describe)];
  }

  async find(name: string): Promise<RoleDescription> {
    if (isPredefined(name)) return describePredefined(name);
    await this.freshen();
    const row = this.#rows.find((one) => one.name === name);
    if (row === undefined) throw noSuchRole(name);
    return describe(row);
  }

  async put(by: Principal, name: string, wanted: readonly string[]): Promise<RoleDescription & { created: boolean }> {
    const { db, vault, epoch, audit } = this.#options;
    if (isPredefined(name)) throw staysAsItIs(name, 'Choose another name for a role of your own.');
    const permissions = [...new Set(wanted)];
    checkPermissions(permissions);
    requireCovered(by, permissions, `the role ${name}`);
    const row = { name, permissions, updated_at: new Date(this.#now()), updated_by: by.keyId };
    const mac = vault.rowMac('roles', roleMacFields(row));
    const created = await inTransaction(db, async (transaction) => {
      const isNew = await upsertRole(transaction, { ...row, mac });
      await epoch.advance(transaction);
      const resource = { kind: 'role', id: name };
      await audit.record(transaction, { type: 'role.change', resource, actor: actorOf(by), detail: { permissions } });
      return isNew;
    });
    await epoch.refresh();
    return { ...describe({ ...row, mac }), created };
  }

  async remove(by: Principal, name: string): Promise<RoleDescription> {
    const { db, epoch, audit } = this.#options;
    if (isPredefined(name)) throw staysAsItIs(name, 'Nothing need be done: nobody has it who was not given it.');
    // A token with no role that is known may read: whoever takes its role away gives it that.
    requireCovered(by, ROLE_PERMISSIONS.readonly, `a token whose only role was ${name}`);
    const removed = await inTransaction(db, async (transaction) => {
      const row = await lockRole(transaction, name);
      if (row === undefined) throw noSuchRole(name);
      await this.#requireUnused(transaction, name);
      await deleteRole(transaction, name);
      await epoch.advance(transaction);
      const resource = { kind: 'role', id: name };
      const detail = { permissions: row.permissions };
      await audit.record(transaction, { type: 'role.delete', resource, actor: actorOf(by), detail });
      return row;
    });
    await epoch.refresh();
    return describe(removed);
  }

  /** A key without its role would allow nothing, until somebody makes another role of the name: then that. */
  async #requireUnused(transaction: Transaction, name: string): Promise<void> {
    const { vault } = this.#options;
    const rows = await selectKeysOfRole(transaction, name, new Date(this.#now()));
    const keys = rows.filter((row) => vault.verifyRowMac('api_keys', macFieldsOf(row), row.mac)).map(({ id }) => id);
    if (keys.length === 0) return;
    const named = keys.slice(0, NAMED_KEYS).join(', ');
    const more = keys.length > NAMED_KEYS ? ` and ${keys.length - NAMED_KEYS} more` : '';
    throw problem('role_in_use', `The role ${name} is that of ${keys.length} API key(s) that work: ${named}${more}.`);
  }

  async #load(): Promise<void> {
    const changes = this.#changes;
    try {
      const rows = await selectRoles(this.#options.db);
      if (changes === this.#changes) this.#take(rows);
    } catch (cause) {
      // What is known holds on while the database is away; it is asked again in a second.
      if (this.#version === 0) throw cause;
      this.#loadedAt = this.#now() - TTL_MS + 1000;
    } finally {
      if (changes === this.#changes) this.#loading = undefined;
    }
  }

  #take(rows: readonly RoleRow[]): void {
    const { vault, events } = this.#options;
    const genuine = rows.filter((row) => vault.verifyRowMac('roles', roleMacFields(row), row.mac));
    for (const row of rows) if (!genuine.includes(row)) events.tampered('roles', row.name, row.mac);
    this.#rows = genuine;
    this.#own = new Map(genuine.map(({ name, permissions }) => [name, resolve(permissions)]));
    this.#version++;
    this.#loadedAt = this.#now();
  }
}

const NAMED_KEYS = 20;

const staysAsItIs = (name: string, remedy: string): Problem =>
  problem('forbidden', `The role ${name} is predefined and stays as it is.`, { remedy });

const noSuchRole = (name: string): Problem =>
  problem('not_found', `There is no role ${name}.`, { remedy: 'GET /api/v1/roles lists those there are.' });

const describePredefined = (name: (typeof ROLES)[number]): RoleDescription => ({
  name,
  permissions: ROLE_PERMISSIONS[name],
  predefined: true,
  updated_at: null,
});

const describe = ({ name, permissions, updated_at }: RoleRow): RoleDescription => ({
  name,
  permissions,
  predefined: false,
  updated_at: updated_at.toISOString(),
});

const checkPermissions = (permissions: readonly string[]): void => {
  const errors = permissions.flatMap((text, index) => {
    if (parseGrant(text) !== undefined) return [];
    const pointer = `/permissions/${index}`;
    return [{ pointer, code: 'enum', detail: `${pointer} is ${JSON.stringify(text.slice(0, 64))}; ${ALLOWED}` }];
  });
  if (errors.length > 0) throw problem('invalid_request', `A permission is not known: ${ALLOWED}.`, { errors });
};

const ALLOWED = `allowed are ${PERMISSIONS.join(', ')}, each also as name:own; ${[...SCOPED_PERMISSIONS].join(', ')} also as name:scope or name:own:scope with a scope of user, team, organization, global`;
