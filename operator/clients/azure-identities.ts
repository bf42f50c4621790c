import type { AzureManagement } from './azure-management.js';
import { CloudRefused, type Json } from './cloud-rest.js';
import { Lately } from './lately.js';

export interface TenantIdentity {
  readonly principalId: string;
  readonly clientId: string;
}

export interface AzureIdentitiesOptions {
  readonly management: AzureManagement;
  /** `/subscriptions/…/resourceGroups/…`, in which the operator may make identities. */
  readonly group: string;
  readonly location: string;
  /** Who vouches for the pods of the cluster. */
  readonly issuer: string;
  /** The service accounts of a tenant that become its identity. */
  readonly accounts: readonly string[];
  /** What it is for, at the end of its name. @default the tenant's own */
  readonly purpose?: string;
}

/** One user-assigned identity a tenant and purpose, named after its id, which certain service accounts of its namespace may become. */
export class AzureIdentities {
  readonly #options: AzureIdentitiesOptions;
  readonly #made = new Lately<TenantIdentity>();

  constructor(options: AzureIdentitiesOptions) {
    this.#options = options;
  }

  async ensure(tenantId: string): Promise<TenantIdentity> {
    const known = this.#made.found(tenantId);
    if (known !== undefined) return known;
    const { management, location } = this.#options;
    const tags = { 'managed-by': 'memplane', 'memplane-tenant': tenantId };
    return this.#made.note(tenantId, identityOf(await management.put(this.#id(tenantId), { location, tags })));
  }

  async find(tenantId: string): Promise<TenantIdentity | undefined> {
    const found = await this.#options.management.get(this.#id(tenantId));
    return found && identityOf(found);
  }

  /** One after the other, because Azure refuses two at once; what was there of another namespace goes. */
  async federate(tenantId: string, namespace: string): Promise<void> {
    const { management, issuer, accounts } = this.#options;
    const credentials = `${this.#id(tenantId)}/federatedIdentityCredentials`;
    const there = await management.list(credentials);
    for (const account of accounts) {
      const subject = `system:serviceaccount:${namespace}:${account}`;
      const found = there.find(({ name }) => name === account)?.properties as Json | undefined;
      if (found?.subject === subject && found.issuer === issuer) continue;
      const properties = { issuer, subject, audiences: ['api://AzureADTokenExchange'] };
      await management.put(`${credentials}/${account}`, { properties });
    }
    for (const { name } of there) {
      if (!accounts.includes(String(name))) await management.delete(`${credentials}/${String(name)}`);
    }
  }

  /** With its credentials. */
  async remove(tenantId: string): Promise<void> {
    this.#made.forget(tenantId);
    await this.#options.management.delete(this.#id(tenantId));
  }

  #id(tenantId: string): string {
    const { group, purpose } = this.#options;
    const name = ['memplane', tenantId, ...(purpose === undefined ? [] : [purpose])].join('-');
    return `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  }
}

function identityOf({ properties }: Json): TenantIdentity {
  const { principalId, clientId } = (properties ?? {}) as Json;
  if (typeof principalId === 'string' && typeof clientId === 'string') return { principalId, clientId };
  throw new CloudRefused('Azure answered an identity without principalId and clientId', undefined);
}
