import type { TerraformStack } from 'cdktf';
import { type BucketOutput, buildBucket } from '../../infra/bucket/index.js';
import { buildKms, type Key, type KmsOutput } from '../../infra/kms/index.js';
import { buildNetwork } from '../../infra/network/index.js';
import { buildReplication } from '../../infra/replication/index.js';
import { addressOfBucket, buildPlaneOutput, identityOf, planeKms, vaultBuckets } from '../output.js';
import { bucketSettings, irreversible, kmsSettings, networkSettings } from '../settings.js';
import type { Environment } from '../spec/environment.js';
import { logTarget, replicationName } from '../spec/names.js';
import type { Sites } from './vault.js';

interface Backups {
  readonly here: BucketOutput;
  readonly there?: BucketOutput;
  readonly keys: readonly Key[];
}

/** What serves tenants: keys → network → artifacts → backups. It knows the vault by derived names only. */
export function buildPlane(stack: TerraformStack, environment: Environment, sites: Sites): void {
  const kms = buildKms(stack, 'kms', kmsSettings(environment, sites.here, 'plane', ['objects', 'ops']));
  const network = buildNetwork(stack, 'network', networkSettings(environment, sites.here, kms.keys.ops));
  const artifacts = buildBucket(stack, 'artifacts', {
    ...bucketSettings(environment, sites.here, 'artifacts', 'artifacts'),
    key: kms.keys.objects,
    logsTo: logTarget(environment, 'accessLogs'),
  });
  const backups = buildBackups(stack, environment, sites, kms);
  buildPlaneOutput(stack, {
    ...identityOf(environment),
    region: environment.place.region,
    clusterID: environment.clusterId,
    baseDomain: environment.baseDomain,
    buckets: {
      artifacts: addressOfBucket(artifacts),
      backups: addressOfBucket(backups.here),
      ...(backups.there === undefined ? {} : { backupsReplica: addressOfBucket(backups.there) }),
      ...vaultBuckets(environment),
    },
    network: { id: network.id, nodeSubnets: network.nodeSubnets },
    kms: planeKms(environment, kms.keys.objects.id),
    irreversible: irreversible(
      environment,
      [backups.here, ...(backups.there === undefined ? [] : [backups.there])],
      [kms.keys.objects, kms.keys.ops, ...backups.keys],
    ),
  });
}

function buildBackups(
  stack: TerraformStack,
  environment: Environment,
  { here, there }: Sites,
  kms: KmsOutput<'objects'>,
): Backups {
  const backups = buildBucket(stack, 'backups', {
    ...bucketSettings(environment, here, 'backups', 'backups'),
    key: kms.keys.objects,
    logsTo: logTarget(environment, 'accessLogs'),
  });
  if (!environment.buckets.backups.crossRegion) return { here: backups, keys: [] };
  const kmsThere = buildKms(stack, 'kms_replica', {
    ...kmsSettings(environment, there, 'planeReplica', ['objects']),
    copyOf: kms,
  });
  const replica = buildBucket(stack, 'backups_replica', {
    ...bucketSettings(environment, there, 'backupsReplica', 'backups'),
    key: kmsThere.keys.objects,
    logsTo: logTarget(environment, 'accessLogsReplica'),
  });
  buildReplication(stack, 'backups_replication', {
    site: here,
    name: replicationName(environment, 'backups'),
    tags: environment.tags,
    source: backups,
    sourceKey: kms.keys.objects,
    destination: replica,
    destinationKey: kmsThere.keys.objects,
  });
  return { here: backups, there: replica, keys: [kmsThere.keys.objects] };
}
