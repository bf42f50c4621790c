import type { AzureIdentities } from './azure-identities.js';
import type { AzureManagement } from './azure-management.js';
import { askUnless, type CloudQuestion } from './cloud-ask.js';
import { atEndpoint, CloudRefused, type Json, type TokenSource } from './cloud-rest.js';
import { KeyringError } from './keyring-errors.js';
import type { TenantKms } from './kms.js';
import { Lately } from './lately.js';
import { kmsProblem } from './tenant-kms-errors.js';

export interface AzureTenantKmsOptions {
  /** Where the vault of tenants' keys answers. */
  readonly vaultUri: string;
  /** The same vault as a resource, on whose keys the role is assigned. */
  readonly vaultScope: string;
  readonly unwrapRole: string;
  readonly protection: 'Hsm' | 'Software';
  readonly rotationDays: number;
  readonly identities: AzureIdentities;
  readonly management: AzureManagement;
  /** For the vault. */
  readonly token: TokenSource;
  readonly endpoint?: string | undefined;
}

/** Without a version: the pod takes the newest to wrap with, and writes down which it was. */
export const azureKeyId = (vaultUri: string, tenantId: string): string =>
  `${vaultUri.replace(/\/+$/, '')}/keys/${tenantId}`;

const TENANT = 'memplane-tenant';
const API = 'api-version=7.4';
const KEY_BITS = 3_072;

const REFUSALS = {
  who: 'Key Vault',
  forbidden:
    "assign the operator's identity the role tenantKeyAdmin on the tenants' vault, as the plane's stack does, and let its network in",
  missing: "correct kms.keyID of the MemoryPlane: it is the URL of the tenants' vault",
};

const ASSIGNING = {
  who: 'Azure',
  forbidden: "let the operator's identity assign the role unwrap on the tenants' vault, as the plane's stack does",
  missing: "correct identity.scopes.tenantVault of the MemoryPlane: the vault's resource id",
};

/** Key Vault: an RSA key a tenant. The role of the operator has neither wrap nor unwrap, and it may not assign itself one. */
export class AzureTenantKms implements TenantKms {
  readonly #options: AzureTenantKmsOptions;
  readonly #ready = new Lately<string>();
  readonly #admitted = new Lately<true>();

  constructor(options: AzureTenantKmsOptions) {
    this.#options = options;
  }

  async ensureKey(tenantId: string): Promise<string> {
    const known = this.#ready.found(tenantId);
    if (known !== undefined) return known;
    const id = azureKeyId(this.#options.vaultUri, tenantId);
    const key = (await this.#read(id)) ?? (await this.#create(id, tenantId));
    demandUsable(id, key, tenantId);
    await this.#followRotation(id);
    return this.#ready.note(tenantId, id);
  }

  async admit(tenantId: string, namespace: string): Promise<void> {
    if (this.#admitted.found(tenantId, namespace)) return;
    const { unwrapRole: role, management, identities } = this.#options;
    const scope = this.#scope(tenantId);
    await assigning(`let the pods of ${namespace} use key ${tenantId}`, async () => {
      const { principalId } = await identities.ensure(tenantId);
      await management.assign({ scope, role, principalId });
      // An identity that was made anew left the assignments of the one before.
      await management.unassign(scope, (one) => one !== principalId);
    });
    this.#admitted.note(tenantId, true, namespace);
  }

  async dismiss(tenantId: string): Promise<void> {
    this.#admitted.forget(tenantId);
    await assigning(`take key ${tenantId} from its pods`, () =>
      this.#options.management.unassign(this.#scope(tenantId), () => true),
    );
  }

  /** Soft deletion: the vault keeps it for its own waiting time, and nobody may purge it before. */
  async destroyKey(tenantId: string): Promise<void> {
    this.#ready.forget(tenantId);
    const id = azureKeyId(this.#options.vaultUri, tenantId);
    await this.#ask('delete', id, { path: '', method: 'DELETE' }, 404);
  }

  #scope(tenantId: string): string {
    return `${this.#options.vaultScope}/keys/${tenantId}`;
  }

  #read(id: string): Promise<Json | undefined> {
    return this.#ask('look at', id, { path: '' }, 404);
  }

  async #create(id: string, tenantId: string): Promise<Json> {
    const body = {
      kty: this.#options.protection === 'Hsm' ? 'RSA-HSM' : 'RSA',
      key_size: KEY_BITS,
      key_ops: ['wrapKey', 'unwrapKey'],
      attributes: { enabled: true },
      tags: { 'managed-by': 'memplane', [TENANT]: tenantId },
    };
    return (await this.#ask('make', id, { path: '/create', body })) ?? {};
  }

  /** New versions come by themselves; older ones stay, because what they wrapped is opened by them alone. */
  async #followRotation(id: string): Promise<void> {
    const wanted = `P${this.#options.rotationDays}D`;
    const policy = (await this.#ask('read the rotation of', id, { path: '/rotationpolicy' }, 404)) ?? {};
    const actions = (policy.lifetimeActions ?? []) as readonly { readonly trigger?: Json; readonly action?: Json }[];
    const rotate = actions.find(({ action }) => String(action?.type).toLowerCase() === 'rotate');
    if (rotate?.trigger?.timeAfterCreate === wanted) return;
    const body = {
      lifetimeActions: [{ trigger: { timeAfterCreate: wanted }, action: { type: 'Rotate' } }],
      attributes: {},
    };
    await this.#ask('set the rotation of', id, { path: '/rotationpolicy', method: 'PUT', body });
  }

  async #ask(
    verb: string,
    id: string,
    { path, ...call }: CloudQuestion & { readonly path: string },
    expected?: number,
  ): Promise<Json | undefined> {
    const { token, endpoint } = this.#options;
    try {
      return await askUnless(expected, { ...call, url: atEndpoint(`${id}${path}?${API}`, endpoint), token });
    } catch (cause) {
      if (cause instanceof CloudRefused && cause.status === 409) throw deleted(id, cause);
      throw kmsProblem(REFUSALS, `${verb} ${id}`, cause);
    }
  }
}

async function assigning(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw kmsProblem(ASSIGNING, what, cause);
  }
}

/** Its name is taken until the waiting time is over, and the operator may neither recover nor purge. */
const deleted = (id: string, cause: unknown): KeyringError =>
  new KeyringError(
    'KmsRefused',
    `the key ${id} was deleted and can still be brought back`,
    'az keyvault key recover, if the tenant is to live on; its data opens with no other key',
    { cause },
  );

/** A key of another making under this name is nobody's to give away. */
function demandUsable(id: string, { tags, attributes }: Json, tenantId: string): void {
  const refused = (why: string, remedy: string) => new KeyringError('KmsRefused', `the key ${id} ${why}`, remedy);
  if ((tags as Json | undefined)?.[TENANT] !== tenantId) {
    throw refused(`is not one that the operator made for this tenant (tag ${TENANT})`, 'find out who made it');
  }
  if ((attributes as Json | undefined)?.enabled === false) {
    throw refused('is disabled', 'az keyvault key set-attributes --enabled true');
  }
}
