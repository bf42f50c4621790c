import { createHash } from 'node:crypto';
import { askUnless, type CloudQuestion } from './cloud-ask.js';
import { atEndpoint, CloudRefused, type Json, type TokenSource } from './cloud-rest.js';

const MANAGEMENT = 'https://management.azure.com';
const API = {
  identity: '2023-01-31',
  assignment: '2022-04-01',
} as const;

export interface AzureManagementOptions {
  readonly token: TokenSource;
  readonly endpoint?: string | undefined;
}

export interface Assignment {
  /** A resource id. */
  readonly scope: string;
  /** Of the role's definition. */
  readonly role: string;
  readonly principalId: string;
  readonly condition?: string;
}

/** Azure's resource manager, as far as the operator may use it: identities of tenants, and roles of ours for them. */
export class AzureManagement {
  readonly #options: AzureManagementOptions;

  constructor(options: AzureManagementOptions) {
    this.#options = options;
  }

  get(id: string): Promise<Json | undefined> {
    return this.#ask({ id, api: API.identity });
  }

  async put(id: string, body: object): Promise<Json> {
    return (await this.#ask({ id, api: API.identity, method: 'PUT', body })) ?? {};
  }

  async delete(id: string): Promise<void> {
    await this.#ask({ id, api: API.identity, method: 'DELETE' });
  }

  async list(id: string): Promise<readonly Json[]> {
    return ((await this.#ask({ id, api: API.identity }))?.value ?? []) as readonly Json[];
  }

  /** Repeating it is one assignment: its name is made of what it says. */
  async assign({ scope, role, principalId, condition }: Assignment): Promise<void> {
    const properties = {
      ...{ roleDefinitionId: role, principalId, principalType: 'ServicePrincipal' },
      ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
    };
    const id = `${scope}${ASSIGNMENTS}/${guidFrom(`${scope}|${role}|${principalId}`)}`;
    try {
      await this.#ask({ id, api: API.assignment, method: 'PUT', body: { properties } });
    } catch (error) {
      // The same one under a name of somebody else's making.
      if (!(error instanceof CloudRefused) || error.code !== 'RoleAssignmentExists') throw error;
    }
  }

  async withdraw({ scope, role, principalId }: Assignment): Promise<void> {
    const id = `${scope}${ASSIGNMENTS}/${guidFrom(`${scope}|${role}|${principalId}`)}`;
    await this.#ask({ id, api: API.assignment, method: 'DELETE' });
  }

  /** Ends those of the assignments made at this very scope, which must have few. */
  async unassign(scope: string, which: (principalId: string) => boolean): Promise<void> {
    const found = await this.#ask({ id: `${scope}${ASSIGNMENTS}`, api: API.assignment, query: '&$filter=atScope()' });
    for (const { id, properties } of (found?.value ?? []) as readonly { id: string; properties: Json }[]) {
      const { scope: at, principalId } = properties;
      if (String(at).toLowerCase() !== scope.toLowerCase()) continue;
      if (which(String(principalId))) await this.#ask({ id, api: API.assignment, method: 'DELETE' });
    }
  }

  /** `undefined` when there is no such thing. */
  #ask({
    id,
    api,
    query = '',
    ...call
  }: CloudQuestion & { readonly id: string; readonly api: string; readonly query?: string }) {
    const { token, endpoint } = this.#options;
    const url = atEndpoint(`${MANAGEMENT}${id}?api-version=${api}${query}`, endpoint);
    const mayBeGone = call.method === undefined || call.method === 'DELETE';
    return askUnless(mayBeGone ? 404 : undefined, { ...call, url, token });
  }
}

const ASSIGNMENTS = '/providers/Microsoft.Authorization/roleAssignments';

/** Azure names assignments by GUID: one that anybody can compute again, in the form of version 8, which is free to choose. */
function guidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
