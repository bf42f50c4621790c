import type { BucketOutput } from '../bucket/contract.js';
import { type ClusterOutput, checkPool } from '../cluster/contract.js';
import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** What the charts call it, and where its snapshots lie in the bucket of backups. */
export const ACCOUNT = 'qdrant';
export const FOLDER = 'qdrant';
export const STORAGE_CLASS = 'memplane-encrypted';

/** Nobody else runs on its nodes: a rebuild of an index takes all of a machine. */
export const TAINT = { 'memplane.dev/pool': 'qdrant' } as const;
export const POOL = 'qdrant';

/** The vector store, which the charts run: nodes, volumes under our key, and a place for its snapshots. */
export interface QdrantConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly cluster: ClusterOutput;
  /** One a zone; Google Cloud: one for all. */
  readonly nodeSubnets: readonly string[];
  readonly zones: readonly string[];
  readonly nodes: 1 | 3 | 5;
  readonly instance: string;
  /** The node's own disk. Volumes are made by Kubernetes, of the storage class. @default 50 */
  readonly nodeDiskGb?: number;
  readonly namespace: string;
  /** The bucket of backups, and the key of objects. */
  readonly backups: BucketOutput;
  readonly key: Key;
  /** How long a copy of a volume is kept, where the cloud makes one: from the lock of the backups, in days. */
  readonly keptDays: readonly [number, number];
  /** Whether that is a promise that nobody takes back. */
  readonly locked: boolean;
  /** Google Cloud and Azure: roles that the bootstrap made. */
  readonly roles: Readonly<Record<string, string>>;
}

export interface StorageClass {
  readonly name: string;
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** A volume is made in the zone of its pod. */
  readonly volumeBindingMode: 'WaitForFirstConsumer';
  readonly allowVolumeExpansion: true;
  /** A claim that is deleted by mistake takes no data with it. */
  readonly reclaimPolicy: 'Retain';
}

export interface QdrantOutput {
  readonly storageClass: StorageClass;
  /** Of its service account. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly { readonly key: string; readonly value: string; readonly effect: 'NoSchedule' }[];
  /** Where it puts its snapshots: within the bucket of backups. */
  readonly snapshotFolder: string;
}

export interface ResolvedQdrant<S extends Site> extends QdrantConfig<S> {
  readonly nodeDiskGb: number;
}

export function withQdrantDefaults<S extends Site>(config: QdrantConfig<S>): ResolvedQdrant<S> {
  const qdrant = { ...config, nodeDiskGb: config.nodeDiskGb ?? 50 };
  const at = `qdrant ${config.name}`;
  if (![1, 3, 5].includes(config.nodes)) {
    throw refused(`${at}.nodes`, config.nodes, 'a majority needs an odd number', 'choose 1, 3 or 5');
  }
  if (config.key.purpose !== 'objects') {
    throw refused(`${at}.key`, config.key.purpose, 'snapshots have the key of objects', 'pass the objects key');
  }
  checkPool(at, { instance: config.instance, minPerZone: 1, maxPerZone: 2, diskGb: qdrant.nodeDiskGb });
  return qdrant;
}

/** How many of its nodes stand in each zone: 5 are 2, 2 and 1. */
export const spread = (nodes: number, zones: readonly string[]): readonly number[] =>
  zones.map((_, index) => Math.floor(nodes / zones.length) + (index < nodes % zones.length ? 1 : 0));

export const outputOf = (
  provisioner: string,
  parameters: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): QdrantOutput => ({
  storageClass: {
    name: STORAGE_CLASS,
    provisioner,
    parameters,
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
    reclaimPolicy: 'Retain',
  },
  annotations,
  nodeSelector: { 'memplane.dev/pool': POOL },
  tolerations: Object.entries(TAINT).map(([key, value]) => ({ key, value, effect: 'NoSchedule' })),
  snapshotFolder: `${FOLDER}/`,
});
