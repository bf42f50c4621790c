import { askUnless, type CloudQuestion } from './cloud-ask.js';
import { googleKmsUrl, type Json, type TokenSource } from './cloud-rest.js';
import { saysJust } from './google-bindings.js';
import { KeyringError } from './keyring-errors.js';
import type { TenantKms } from './kms.js';
import { Lately } from './lately.js';
import { kmsProblem } from './tenant-kms-errors.js';

export interface GoogleTenantKmsOptions {
  /** `projects/…/locations/…/keyRings/…` */
  readonly ring: string;
  readonly protection: 'Hsm' | 'Software';
  readonly rotationDays: number;
  /** How long a destroyed version can be brought back. */
  readonly deletionWindowDays: number;
  /** Who a tenant's pods are to Google, by their namespace. */
  readonly members: (namespace: string) => readonly string[];
  readonly token: TokenSource;
  readonly endpoint?: string | undefined;
}

/** The name of a tenant's key is its id, which is given once: a key is found again without a note of it. */
export const googleKeyId = (ring: string, tenantId: string): string => `${ring}/cryptoKeys/${tenantId}`;

const USE = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
const TENANT = 'memplane-tenant';
const DAY_S = 86_400;

const REFUSALS = {
  who: 'Cloud KMS',
  forbidden: "give the operator's service account the role tenantKeyAdmin on the key ring, as the plane's stack does",
  missing: 'correct kms.keyID of the MemoryPlane: it names the key ring of the tenants',
};

/** Cloud KMS: a key a tenant in the plane's ring. A deny policy keeps the operator from every use of it. */
export class GoogleTenantKms implements TenantKms {
  readonly #options: GoogleTenantKmsOptions;
  readonly #ready = new Lately<string>();
  readonly #admitted = new Lately<true>();

  constructor(options: GoogleTenantKmsOptions) {
    this.#options = options;
  }

  async ensureKey(tenantId: string): Promise<string> {
    const known = this.#ready.found(tenantId);
    if (known !== undefined) return known;
    const id = googleKeyId(this.#options.ring, tenantId);
    const key = (await this.#read(id)) ?? (await this.#create(tenantId)) ?? (await this.#read(id)) ?? {};
    demandUsable(id, key, tenantId);
    await this.#followRotation(id, key);
    return this.#ready.note(tenantId, id);
  }

  async admit(tenantId: string, namespace: string): Promise<void> {
    if (this.#admitted.found(tenantId, namespace)) return;
    const members = [...this.#options.members(namespace)].sort();
    await this.#setUsers(tenantId, members);
    this.#admitted.note(tenantId, true, namespace);
  }

  async dismiss(tenantId: string): Promise<void> {
    this.#admitted.forget(tenantId);
    if ((await this.#read(googleKeyId(this.#options.ring, tenantId))) !== undefined) await this.#setUsers(tenantId, []);
  }

  async destroyKey(tenantId: string): Promise<void> {
    this.#ready.forget(tenantId);
    const id = googleKeyId(this.#options.ring, tenantId);
    const key = await this.#read(id);
    if (key === undefined) return;
    // A key that goes on rotating bears versions after its end.
    const still = { path: `${id}?updateMask=rotationPeriod,nextRotationTime`, method: 'PATCH', body: {} };
    if (key.rotationPeriod !== undefined) await this.#ask('end the rotation of', id, still);
    for (const { name, state } of await this.#versions(id)) {
      if (state === 'PENDING_GENERATION') throw pending(id);
      if (state !== 'ENABLED' && state !== 'DISABLED') continue;
      await this.#ask('destroy a version of', id, { path: `${String(name)}:destroy`, body: {} });
    }
  }

  #read(id: string): Promise<Json | undefined> {
    return this.#ask('look at', id, { path: id }, 404);
  }

  /** `undefined` when somebody else just made it. */
  #create(tenantId: string): Promise<Json | undefined> {
    const { ring, protection, deletionWindowDays } = this.#options;
    const body = {
      purpose: 'ENCRYPT_DECRYPT',
      versionTemplate: {
        protectionLevel: protection === 'Hsm' ? 'HSM' : 'SOFTWARE',
        algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
      },
      ...this.#rotation(),
      destroyScheduledDuration: `${deletionWindowDays * DAY_S}s`,
      labels: { 'managed-by': 'memplane', [TENANT]: tenantId },
    };
    const id = googleKeyId(ring, tenantId);
    return this.#ask('make', id, { path: `${ring}/cryptoKeys?cryptoKeyId=${tenantId}`, body }, 409);
  }

  #rotation() {
    const seconds = this.#options.rotationDays * DAY_S;
    const nextRotationTime = new Date(Date.now() + seconds * 1_000).toISOString();
    return { rotationPeriod: `${seconds}s`, nextRotationTime };
  }

  async #followRotation(id: string, key: Json): Promise<void> {
    const wanted = this.#rotation();
    if (key.rotationPeriod === wanted.rotationPeriod) return;
    const path = `${id}?updateMask=rotationPeriod,nextRotationTime`;
    await this.#ask('set the rotation of', id, { path, method: 'PATCH', body: wanted });
  }

  /** The whole policy: who else was let in is let out. */
  async #setUsers(tenantId: string, members: readonly string[]): Promise<void> {
    const id = googleKeyId(this.#options.ring, tenantId);
    const policy = (await this.#ask('read the policy of', id, { path: `${id}:getIamPolicy` })) ?? {};
    const bindings = members.length === 0 ? [] : [{ role: USE, members }];
    if (saysJust(policy.bindings, bindings)) return;
    // The etag refuses a policy that somebody else changed meanwhile; the next look finds that one.
    const body = { policy: { bindings, etag: policy.etag } };
    await this.#ask('set the policy of', id, { path: `${id}:setIamPolicy`, body });
  }

  async #versions(id: string): Promise<readonly Json[]> {
    const found: Json[] = [];
    let pageToken = '';
    do {
      const path = `${id}/cryptoKeyVersions${pageToken && `?pageToken=${encodeURIComponent(pageToken)}`}`;
      const page = (await this.#ask('list the versions of', id, { path })) ?? {};
      found.push(...((page.cryptoKeyVersions ?? []) as readonly Json[]));
      pageToken = typeof page.nextPageToken === 'string' ? page.nextPageToken : '';
    } while (pageToken !== '');
    return found;
  }

  async #ask(
    verb: string,
    id: string,
    { path, ...call }: CloudQuestion & { readonly path: string },
    expected?: number,
  ): Promise<Json | undefined> {
    const { token, endpoint } = this.#options;
    try {
      return await askUnless(expected, { ...call, url: googleKmsUrl(path, endpoint), token });
    } catch (cause) {
      throw kmsProblem(REFUSALS, `${verb} ${id}`, cause);
    }
  }
}

const pending = (id: string): KeyringError =>
  new KeyringError('KmsPending', `the key ${id} is being made in its HSM`, 'it is looked at again');

/** A key of another making under this name is nobody's to give away. */
function demandUsable(id: string, { labels, purpose, primary }: Json, tenantId: string): void {
  const refused = (why: string, remedy: string) => new KeyringError('KmsRefused', `the key ${id} ${why}`, remedy);
  if ((labels as Json | undefined)?.[TENANT] !== tenantId || purpose !== 'ENCRYPT_DECRYPT') {
    throw refused(`is not one that the operator made for this tenant (label ${TENANT})`, 'find out who made it');
  }
  const state = (primary as Json | undefined)?.state;
  if (state === 'ENABLED') return;
  if (state === 'PENDING_GENERATION') throw pending(id);
  const remedy = `gcloud kms keys versions enable, or restore and then enable while its waiting time lasts`;
  throw refused(`cannot be used: its primary version is ${String(state ?? 'missing')}`, remedy);
}
