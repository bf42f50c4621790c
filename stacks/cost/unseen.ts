import type { Environment, Place, Size } from '../spec/environment.js';
import { TENANT_PODS } from '../spec/sizes.js';
import { type Charge, DAYS_A_MONTH, ingestGb } from './charge.js';

export interface Unseen {
  readonly address: string;
  readonly charge: Charge;
}

const DISKS: Readonly<Record<Place['cloud'], string>> = { aws: 'disk/gp3', gcp: 'disk/pd-ssd', azure: 'disk/premium' };

/** What the cluster makes, and what is paid by use: no resource of a stack says how much. */
export function unseenCharges(environment: Environment): readonly Unseen[] {
  const { place, qdrant } = environment;
  return [
    { address: 'volumes of qdrant', charge: { item: DISKS[place.cloud], quantity: qdrant.nodes * qdrant.diskGb } },
    { address: 'snapshots of qdrant', charge: { item: 'object/standard', quantity: snapshotGb(environment) } },
    { address: 'requests of tenants’ keys', charge: { item: 'key/requests', quantity: unwraps(environment) / 10_000 } },
    { address: 'writes that cross zones', charge: { item: 'cross-zone', quantity: crossZoneGb(environment) } },
    ...snapshotsOfCache(environment),
  ].filter(({ charge }) => charge.quantity > 0);
}

/** As if every disk were full, in each of the copies and of the snapshots that the bucket keeps. */
function snapshotGb({ qdrant: { diskGb, replicationFactor, snapshotHours }, buckets }: Environment): number {
  const retained = Math.max(1, Math.floor(((buckets.backups.expireDays ?? DAYS_A_MONTH) * 24) / snapshotHours));
  return diskGb * replicationFactor * retained;
}

/** A pod keeps a tenant's key for an hour, then asks again. */
const UNWRAPS_A_POD = 24 * DAYS_A_MONTH;

const unwraps = ({ prices, postgres }: Environment): number => {
  const size: Size = postgres[0]?.size ?? 'large';
  return prices.assumptions.tenants * TENANT_PODS[size] * UNWRAPS_A_POD;
};

/** What is written is written again in another zone: by the standby, by each further copy of vectors and of the cache. */
function crossZoneGb(environment: Environment): number {
  const { postgres, qdrant, redis } = environment;
  const standby = postgres.some(({ highlyAvailable }) => highlyAvailable) ? 1 : 0;
  const cache = redis.target === 'managed' ? redis.replicas : 0;
  return ingestGb(environment) * (standby + (qdrant.replicationFactor - 1) + cache);
}

/** Memory of a machine of the cache; Azure keeps its snapshots for nothing. */
const CACHE_GB: Readonly<Record<Size, number>> = { small: 3, medium: 13, large: 26 };

/** One of them is free. */
function snapshotsOfCache({ place, redis }: Environment): readonly Unseen[] {
  if (place.cloud === 'azure' || redis.target !== 'managed' || redis.snapshotDays < 2) return [];
  const quantity = CACHE_GB[redis.size] * (redis.snapshotDays - 1);
  return [{ address: 'snapshots of the cache', charge: { item: 'redis/snapshot', quantity } }];
}
