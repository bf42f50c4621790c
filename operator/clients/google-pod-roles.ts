import { askUnless, type CloudQuestion } from './cloud-ask.js';
import { atEndpoint, type Json, type TokenSource } from './cloud-rest.js';
import { saysJust } from './google-bindings.js';
import { Lately } from './lately.js';
import { type AccountAnnotations, binding, type PodRoles, type PodTenant } from './pod-roles.js';

/** What the pods of a namespace may do in its folder of one bucket. */
export interface FolderGrant {
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly folder: (namespace: string) => string;
  /** A custom role's id. */
  readonly role: string;
  readonly members: (namespace: string) => readonly string[];
}

export interface GooglePodRolesOptions {
  readonly grants: readonly FolderGrant[];
  readonly token: TokenSource;
}

const FORBIDDEN =
  "give the operator's service account the roles keyringAdmin and folderAdmin on the buckets, as the plane's stack does";

/**
 * Service accounts of GKE are principals of Google's themselves, so there is nothing to make; what they may do ends at a
 * managed folder, because the conditions of a bucket's policy end at 1,500 members.
 */
export class GooglePodRoles implements PodRoles {
  readonly #options: GooglePodRolesOptions;
  readonly #bound = new Lately<true>();

  constructor(options: GooglePodRolesOptions) {
    this.#options = options;
  }

  async bind({ namespace }: PodTenant): Promise<AccountAnnotations> {
    if (this.#bound.found(namespace)) return {};
    for (const grant of this.#options.grants) {
      const what = `let the pods of ${namespace} into ${grant.folder(namespace)} of bucket ${grant.bucket}`;
      await binding(what, FORBIDDEN, () => this.#admit(grant, namespace));
    }
    this.#bound.note(namespace, true);
    return {};
  }

  /** The objects stay; what leads to them goes with the folder. */
  async unbind({ namespace }: PodTenant): Promise<void> {
    this.#bound.forget(namespace);
    for (const grant of this.#options.grants) {
      const what = `take ${grant.folder(namespace)} of bucket ${grant.bucket} from the pods of ${namespace}`;
      const folder = encodeURIComponent(grant.folder(namespace));
      const call = { path: `/managedFolders/${folder}?allowNonEmpty=true`, method: 'DELETE' };
      await binding(what, FORBIDDEN, () => this.#ask(grant, call, 404));
    }
  }

  async #admit(grant: FolderGrant, namespace: string): Promise<void> {
    const members = [...grant.members(namespace)].sort();
    const name = grant.folder(namespace);
    await this.#ask(grant, { path: '/managedFolders', body: { name } }, 409);
    const path = `/managedFolders/${encodeURIComponent(name)}/iam`;
    const policy = (await this.#ask(grant, { path })) ?? {};
    const bindings = [{ role: grant.role, members }];
    if (saysJust(policy.bindings, bindings)) return;
    // The etag refuses a policy that somebody else changed meanwhile; the next look finds that one.
    await this.#ask(grant, { path, method: 'PUT', body: { bindings, etag: policy.etag } });
  }

  #ask(
    { bucket, endpoint }: FolderGrant,
    { path, ...call }: CloudQuestion & { readonly path: string },
    expected?: number,
  ): Promise<Json | undefined> {
    const url = atEndpoint(`https://storage.googleapis.com/storage/v1/b/${bucket}${path}`, endpoint);
    return askUnless(expected, { ...call, url, token: this.#options.token });
  }
}
