import type { TerraformStack } from 'cdktf';
import { type BucketOutput, buildBucket } from '../../infra/bucket/index.js';
import { buildKms, type Key, type KmsOutput } from '../../infra/kms/index.js';
import { buildLinks, type Link } from '../../infra/links/index.js';
import { buildNetwork, type NetworkOutput } from '../../infra/network/index.js';
import { buildObservability } from '../../infra/observability/index.js';
import { buildRegistry } from '../../infra/registry/index.js';
import { buildReplication } from '../../infra/replication/index.js';
import { observabilitySettings } from '../observability-settings.js';
import { addressOfBucket, buildPlaneOutput, identityOf, planeKms, vaultBuckets } from '../output.js';
import type { BucketAddress } from '../outputs.js';
import { bucketSettings, irreversible, kmsSettings, networkSettings, registrySettings } from '../settings.js';
import type { Environment } from '../spec/environment.js';
import { logTarget, prefixOf, replicationName, vaultLinks } from '../spec/names.js';
import { buildCompute } from './compute.js';
import type { Sites } from './sites.js';
import { buildPostgresServers, buildRedisServers, buildWriteQueue } from './stores.js';

interface Pair {
  readonly here: BucketOutput;
  readonly there?: BucketOutput;
}

type Keys = KmsOutput<'objects' | 'data'>;

const PURPOSES = ['objects', 'data', 'disk', 'cluster', 'ops'] as const;

/** What serves tenants: keys → network → stores → artifacts → backups. It knows the vault by derived names only. */
export function buildPlane(stack: TerraformStack, environment: Environment, sites: Sites): void {
  const kms = buildKms(stack, 'kms', kmsSettings(environment, sites.here, 'plane', PURPOSES));
  const kmsThere = buildKeysThere(stack, environment, sites, kms);
  const network = buildNetwork(stack, 'network', networkSettings(environment, sites.here, kms.keys.ops));
  const keyThere = kmsThere === undefined ? {} : { keyThere: kmsThere.keys.data };
  const around = { network, kms, ...keyThere };
  const { servers: postgres, databases } = buildPostgresServers(stack, environment, sites, around);
  const { servers: redis, ...cache } = buildRedisServers(stack, environment, sites, around);
  const { address: queue, ...write } = buildWriteQueue(stack, environment, sites, around);
  const { here: artifacts, there: copies } = buildPair(stack, environment, sites, 'artifacts', { kms, kmsThere });
  const backups = buildPair(stack, environment, sites, 'backups', { kms, kmsThere });
  const there = backups.there === undefined ? [] : [backups.there];
  const images = buildRegistry(stack, 'registry', registrySettings(environment, sites.here, kms.keys.objects));
  linkStores(stack, environment, sites, network, kms, { artifacts, backups: backups.here, images });
  const needs = { network, kms, images, artifacts, backups: backups.here, ...cache, ...write };
  const { id: cluster, ...compute } = buildCompute(stack, environment, sites, needs);
  const watched = { databases, cluster, keyStore: kms.store, registry: images.id, ...cache, ...write };
  buildObservability(stack, 'observability', observabilitySettings(environment, sites.here, kms.keys.ops, watched));
  buildPlaneOutput(stack, {
    ...identityOf(environment),
    region: environment.place.region,
    clusterID: environment.clusterId,
    baseDomain: environment.baseDomain,
    buckets: {
      artifacts: addressOfBucket(artifacts),
      backups: addressOfBucket(backups.here),
      ...secondRegion({ artifactsReplica: copies, backupsReplica: backups.there }),
      ...vaultBuckets(environment),
    },
    network: { id: network.id, nodeSubnets: network.nodeSubnets },
    ...compute,
    postgres,
    redis,
    ...(queue === undefined ? {} : { queue }),
    registry: images.prefix,
    ...(environment.registry.mirrors.length === 0 ? {} : { mirrors: images.mirrors }),
    kms: planeKms(environment, kms.keys.objects.id),
    irreversible: irreversible(environment, [backups.here, ...there], [...keysOf(kms), ...keysOf(kmsThere)]),
  });
}

/** What is there, under its name. */
const secondRegion = <K extends string>(buckets: Readonly<Record<K, BucketOutput | undefined>>) =>
  Object.fromEntries(
    Object.entries<BucketOutput | undefined>(buckets).flatMap(([name, bucket]) =>
      bucket === undefined ? [] : [[name, addressOfBucket(bucket)]],
    ),
  ) as { readonly [N in K]?: BucketAddress };

/** What pods reach outside of the network: the plane's own buckets and keys, and those of the vault. */
function linkStores(
  stack: TerraformStack,
  environment: Environment,
  { here: site }: Sites,
  network: NetworkOutput,
  { store }: Keys,
  { images, ...buckets }: Readonly<Record<'artifacts' | 'backups' | 'images', { readonly id: string }>>,
): void {
  const own = Object.entries(buckets).map(([name, { id }]): Link => ({ name, kind: 'Objects', id }));
  buildLinks(stack, 'links', {
    site,
    name: prefixOf(environment),
    tags: environment.tags,
    network,
    links: [
      ...own,
      { name: 'images', kind: 'Images', id: images.id },
      { name: 'plane-vault', kind: 'Keys', id: store },
      ...vaultLinks(environment),
    ],
  });
}

const keysOf = (kms: { readonly keys: Readonly<Record<string, Key>> } | undefined): readonly Key[] =>
  Object.values(kms?.keys ?? {});

/** Both or neither: whatever survives the region is under a key that does. */
function buildKeysThere(
  stack: TerraformStack,
  environment: Environment,
  { there }: Sites,
  copyOf: Keys,
): Keys | undefined {
  const { buckets, postgres } = environment;
  if (!buckets.backups.crossRegion && !postgres.some(({ crossRegion }) => crossRegion)) return undefined;
  return buildKms(stack, 'kms_replica', {
    ...kmsSettings(environment, there, 'planeReplica', ['objects', 'data']),
    copyOf,
  });
}

/** `buckets.backups.crossRegion` speaks for both: a restored database without its files is half a tenant. */
function buildPair(
  stack: TerraformStack,
  environment: Environment,
  { here, there }: Sites,
  kind: 'artifacts' | 'backups',
  { kms, kmsThere }: { readonly kms: Keys; readonly kmsThere: Keys | undefined },
): Pair {
  const source = buildBucket(stack, kind, {
    ...bucketSettings(environment, here, kind, kind),
    key: kms.keys.objects,
    logsTo: logTarget(environment, 'accessLogs'),
  });
  if (!environment.buckets.backups.crossRegion || kmsThere === undefined) return { here: source };
  const replica = buildBucket(stack, `${kind}_replica`, {
    ...bucketSettings(environment, there, `${kind}Replica`, kind),
    key: kmsThere.keys.objects,
    logsTo: logTarget(environment, 'accessLogsReplica'),
  });
  buildReplication(stack, `${kind}_replication`, {
    site: here,
    name: replicationName(environment, kind),
    tags: environment.tags,
    source,
    sourceKey: kms.keys.objects,
    destination: replica,
    destinationKey: kmsThere.keys.objects,
    ...(kind === 'artifacts' ? { deletions: 'Follow' } : {}),
  });
  return { here: source, there: replica };
}
