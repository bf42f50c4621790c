import type { ClusterOutput } from '../cluster/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Who works in a cluster, by what it may do. `tenant`, `backup` and `audit` are in the namespace of every tenant. */
export type Worker = 'tenant' | 'backup' | 'audit' | 'operator' | 'witness' | 'externalSecrets';
export type TenantWorker = Extract<Worker, 'tenant' | 'backup' | 'audit'>;
export type PlaneWorker = Exclude<Worker, TenantWorker>;

/** The service accounts of each, as the charts name them. */
export const ACCOUNTS: Readonly<Record<Worker, readonly string[]>> = {
  tenant: ['memory', 'restore'],
  backup: ['backup'],
  audit: ['audit'],
  operator: ['operator'],
  witness: ['witness'],
  externalSecrets: ['external-secrets'],
};

export const PLANE_WORKERS: readonly PlaneWorker[] = ['operator', 'witness', 'externalSecrets'];

/** Every namespace of a tenant, and no other, begins so. */
export const TENANT_NAMESPACES = 'mem-*';

export interface Namespaces {
  /** Of the operator and the witness. */
  readonly operator: string;
  /** Of Qdrant. */
  readonly data: string;
  /** Of External Secrets. */
  readonly secrets: string;
}

/** What a permission is granted on, as each cloud says it: ARN or alias, name, resource id. */
export interface Scope {
  readonly grantOn: string;
}

export type BucketScope = 'artifacts' | 'backups' | 'audit' | 'keys' | 'keysReplica';
export type KeyScope = 'tenant' | 'tenantReplica' | 'anchor' | 'audit' | 'keys' | 'objects' | 'data';

export interface IdentityConfig<S extends Site = Site> {
  readonly site: S;
  /** Prefix of every role. */
  readonly name: string;
  readonly tags: Tags;
  /** Keyrings are written in both regions. */
  readonly replicaRegion: string;
  readonly cluster: ClusterOutput;
  readonly namespaces: Namespaces;
  /**
   * AWS. `Sessions`: one role for all tenants, told apart by what EKS says of the pod. `ByHand`: a role a tenant,
   * which the platform makes, because nobody in the cluster may.
   * @default 'Sessions'
   */
  readonly tenants?: 'Sessions' | 'ByHand';
  readonly buckets: Readonly<Record<BucketScope, Scope>>;
  readonly keys: Readonly<Record<KeyScope, Scope>>;
  /** What keeps the administrators' secrets. AWS: prefix of their names. Google Cloud: their names. Azure: id of the vault. */
  readonly secrets: { readonly store: string; readonly names: readonly string[] };
  /** What tenants connect to besides. @default nothing */
  readonly cache?: Scope;
  readonly queue?: Scope;
  /** Google Cloud and Azure: roles that the bootstrap made, by their id there. */
  readonly roles: Readonly<Record<string, string>>;
}

export interface IdentityOutput {
  readonly provider: 'eks-pod-identity' | 'eks-irsa' | 'gke' | 'aks';
  /** AWS: ARNs of roles. Elsewhere ids of the roles that the operator grants. */
  readonly roles: Readonly<Record<string, string>>;
  /** Of the service accounts of the plane, by worker. */
  readonly annotations: Readonly<Record<PlaneWorker, Readonly<Record<string, string>>>>;
}

export interface ResolvedIdentity<S extends Site> extends IdentityConfig<S> {
  readonly tenants: 'Sessions' | 'ByHand';
}

export function withIdentityDefaults<S extends Site>(config: IdentityConfig<S>): ResolvedIdentity<S> {
  for (const [who, namespace] of Object.entries(config.namespaces)) {
    if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace) && !namespace.startsWith('mem-')) continue;
    const why = 'not a namespace, or one of those that tenants have';
    throw refused(`identity ${config.name}.namespaces.${who}`, namespace, why, 'set identity.* in the spec');
  }
  return { ...config, tenants: config.tenants ?? 'Sessions' };
}

export const namespaceOf = ({ operator, secrets }: Namespaces, worker: PlaneWorker): string =>
  worker === 'externalSecrets' ? secrets : operator;

/** Roles of our own, which the plane only assigns: whoever applies the plane need not be able to invent rights. */
export interface RolesConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  /** Azure: where they may be assigned. */
  readonly scope: string;
  /** Of each role, derived: `projects/…/roles/…`, or a role definition's resource id. */
  readonly ids: Readonly<Record<string, string>>;
}
