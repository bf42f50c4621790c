import type { ITerraformDependable } from 'cdktf';
import type { Key } from '../kms/contract.js';
import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Machines of one kind, the same number in every zone. */
export interface Pool {
  readonly instance: string;
  readonly minPerZone: number;
  readonly maxPerZone: number;
  readonly diskGb: number;
}

export type PoolName = 'system' | 'services';

/** Pods find their pool by it: `nodeSelector: { memplane.dev/pool: services }`. */
export const POOL_LABEL = 'memplane.dev/pool';

export interface ClusterConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly network: NetworkOutput;
  readonly zones: readonly string[];
  /** `1.33` */
  readonly version: string;
  readonly serviceCidr: string;
  readonly podCidr: string;
  /** The cluster key: what Kubernetes calls secret is encrypted with it before it is written. */
  readonly key: Key;
  /** The disk key, of nodes and volumes. */
  readonly diskKey: Key;
  /** The ops key, of the API server's log on AWS. */
  readonly logKey: Key;
  readonly logDays: number;
  readonly pools: Readonly<Record<PoolName, Pool>>;
  /** What keeps the keys; Azure lets the cluster in there. */
  readonly keyStore: string;
  /** The registry that nodes pull from; Google Cloud runs no image from anywhere else. */
  /** `mirrors`: what stands for other registries, by host; on Google Cloud each is a repository beside it. @default none */
  readonly images: {
    readonly id: string;
    readonly prefix: string;
    readonly mirrors?: Readonly<Record<string, string>>;
  };
  /** Answers on the internet, to `apiSourceCidrs` alone. @default false */
  readonly publicEndpoint?: boolean;
  /** Who may reach the API server from outside of the network. @default none */
  readonly apiSourceCidrs?: readonly string[];
  /** The cloud's own agent scrapes pods. AWS has none in the cluster. @default false */
  readonly managedMetrics?: boolean;
}

/** What a further pool of this cluster is made of; each cloud takes what it knows. */
export interface NodeBase {
  /** AWS: the nodes' role. Google Cloud: their service account. Azure: none. */
  readonly identity: string;
  /** AWS: security groups. */
  readonly groups: readonly string[];
  /** Azure: id of the disk encryption set. Elsewhere the key's own id. */
  readonly diskEncryption: string;
  readonly ready: readonly ITerraformDependable[];
}

export interface ClusterOutput {
  readonly name: string;
  readonly endpoint: string;
  /** Who signs the tokens of its service accounts. */
  readonly issuer: string;
  /** AWS: ARN. Elsewhere the resource id. */
  readonly id: string;
  /** Who vouches for them in the cloud. AWS: ARN of the provider. Google Cloud: workload pool. Azure: the issuer. */
  readonly federation: string;
  /** AWS: prefix of the conditions of a trust. Elsewhere empty. */
  readonly issuerHost: string;
  readonly version: string;
  readonly nodes: NodeBase;
  readonly address: string;
}

export interface ResolvedCluster<S extends Site> extends ClusterConfig<S> {
  readonly publicEndpoint: boolean;
  readonly apiSourceCidrs: readonly string[];
  readonly managedMetrics: boolean;
}

export function withClusterDefaults<S extends Site>(config: ClusterConfig<S>): ResolvedCluster<S> {
  const { publicEndpoint = false, apiSourceCidrs = [], managedMetrics = false } = config;
  const cluster = { ...config, publicEndpoint, apiSourceCidrs, managedMetrics };
  checkKeys(cluster);
  checkAccess(cluster);
  for (const [name, pool] of Object.entries(config.pools)) checkPool(`cluster ${config.name}.pools.${name}`, pool);
  return cluster;
}

function checkKeys({ name, key, diskKey, logKey }: ClusterConfig): void {
  const wanted = [
    ['key', key, 'cluster'],
    ['diskKey', diskKey, 'disk'],
    ['logKey', logKey, 'ops'],
  ] as const;
  for (const [field, given, purpose] of wanted) {
    if (given.purpose === purpose) continue;
    throw refused(`cluster ${name}.${field}`, given.purpose, 'a key of another purpose', `pass the ${purpose} key`);
  }
}

function checkAccess({ name, version, publicEndpoint, apiSourceCidrs }: ResolvedCluster<Site>): void {
  if (!/^1\.\d\d$/.test(version)) {
    throw refused(`cluster ${name}.version`, version, 'not a version of Kubernetes', 'name one like 1.33');
  }
  if (publicEndpoint && apiSourceCidrs.length === 0) {
    const why = 'a public API server that everybody reaches';
    throw refused(`cluster ${name}.apiSourceCidrs`, apiSourceCidrs, why, 'name the ranges that may');
  }
  for (const cidr of apiSourceCidrs.filter((one) => one.endsWith('/0'))) {
    throw refused(`cluster ${name}.apiSourceCidrs`, cidr, 'everybody is not a range', 'name the ranges that may');
  }
}

export function checkPool(at: string, { minPerZone, maxPerZone, diskGb }: Pool): void {
  for (const [field, value, least, most] of [
    ['minPerZone', minPerZone, 1, maxPerZone],
    ['maxPerZone', maxPerZone, 1, 100],
    ['diskGb', diskGb, 20, 4095],
  ] as const) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw refused(
      `${at}.${field}`,
      value,
      `needs a whole number from ${least} to ${most}`,
      'set cluster.pools in the spec',
    );
  }
}
