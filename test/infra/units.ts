import { Testing } from 'cdktf';
import { type BucketConfig, buildBucket } from '../../infra/bucket/index.js';
import { buildKms, type Key, type KmsOutput } from '../../infra/kms/index.js';
import { buildNetwork, type NetworkConfig, type NetworkOutput, type StoreAccess } from '../../infra/network/index.js';
import { buildPostgres, type PostgresConfig } from '../../infra/postgres/index.js';
import { buildRedis, type RedisConfig } from '../../infra/redis/index.js';
import type { Cloud } from '../../infra/support/site.js';
import { plainId, type StackJson } from '../support/stacks.js';
import { emptyStack, NAMES, SITES, TAGS } from './sites.js';

/** One bucket with its key in a stack of its own, as Terraform will read it. */
export function synthBucket(cloud: Cloud, given: Partial<BucketConfig>): StackJson {
  const stack = emptyStack();
  const kms = buildKms(stack, 'kms', { site: SITES[cloud], name: NAMES[cloud].keys, purposes: ['audit'], tags: TAGS });
  const purpose = given.purpose ?? 'audit';
  buildBucket(stack, 'it', {
    site: SITES[cloud],
    name: NAMES[cloud].bucket,
    purpose,
    tags: TAGS,
    ...(purpose === 'accessLogs' ? {} : { logsTo: 'logs' }),
    ...(cloud === 'aws' && purpose === 'accessLogs' ? {} : { key: kms.keys.audit }),
    ...given,
  });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

/** Every purpose once, and the same again as copies. */
export function synthKeys(cloud: Cloud, protection: 'Hsm' | 'Software' = 'Hsm'): StackJson {
  const stack = emptyStack();
  const purposes = ['audit', 'anchor', 'tenant'] as const;
  const config = { site: SITES[cloud], name: NAMES[cloud].keys, purposes, tags: TAGS, protection };
  const here: KmsOutput<(typeof purposes)[number]> = buildKms(stack, 'here', config);
  buildKms(stack, 'there', { ...config, copyOf: here });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

export function only(stack: StackJson, type: string, id: string) {
  const found = Object.entries(stack.resource[type] ?? {}).find(([one]) => plainId(one) === id);
  if (found === undefined) throw new Error(`no ${type}.${id}; there are ${Object.keys(stack.resource).join(', ')}`);
  return found[1];
}

const ZONES = {
  aws: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  gcp: ['europe-west3-a', 'europe-west3-b', 'europe-west3-c'],
  azure: ['1', '2', '3'],
} as const;

export const networkConfig = (cloud: Cloud, key: Key): NetworkConfig => ({
  site: SITES[cloud],
  name: 'memplane-test',
  tags: TAGS,
  zones: ZONES[cloud],
  cidr: '10.0.0.0/16',
  publicCidrs: ['10.0.101.0/24', '10.0.102.0/24', '10.0.103.0/24'],
  nodeCidrs: ['10.0.32.0/20', '10.0.48.0/20', '10.0.64.0/20'],
  dataCidrs: ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'],
  endpointCidr: '10.0.4.0/24',
  controlPlaneCidr: '10.0.5.0/28',
  podCidr: '10.4.0.0/14',
  serviceCidr: '172.20.0.0/16',
  key,
  ...(cloud === 'azure' ? { flowLogsTo: 'account' } : {}),
});

export function synthNetwork(cloud: Cloud, given: Partial<NetworkConfig> = {}): StackJson {
  const stack = emptyStack();
  const kms = buildKms(stack, 'kms', { site: SITES[cloud], name: NAMES[cloud].keys, purposes: ['ops'], tags: TAGS });
  buildNetwork(stack, 'it', { ...networkConfig(cloud, kms.keys.ops), ...given });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

export const postgresConfig = (
  cloud: Cloud,
  { keys, store }: KmsOutput<'data' | 'ops'>,
  network: NetworkOutput,
): PostgresConfig => ({
  site: SITES[cloud],
  name: 'memplane-test-pg-a',
  tags: TAGS,
  network,
  zones: ZONES[cloud],
  key: keys.data,
  logKey: keys.ops,
  logDays: 400,
  secretStore: store,
  secretName: 'pg-a-admin',
  version: '16',
  instance: 'an-instance',
  storageGb: 100,
  maxStorageGb: 500,
  maxConnections: 500,
});

export function synthPostgres(cloud: Cloud, given: Partial<PostgresConfig>): StackJson {
  const stack = emptyStack();
  const purposes = ['data', 'ops'] as const;
  const kms = buildKms(stack, 'kms', { site: SITES[cloud], name: NAMES[cloud].keys, purposes, tags: TAGS });
  const network = buildNetwork(stack, 'network', networkConfig(cloud, kms.keys.ops));
  buildPostgres(stack, 'it', { ...postgresConfig(cloud, kms, network), ...given });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

export const redisConfig = (
  cloud: Cloud,
  { keys }: KmsOutput<'data' | 'ops'>,
  network: NetworkOutput,
): RedisConfig => ({
  site: SITES[cloud],
  name: 'memplane-test-redis',
  tags: TAGS,
  network,
  key: keys.data,
  logKey: keys.ops,
  logDays: 400,
  instance: 'an-instance',
});

export function synthRedis(cloud: Cloud, given: Partial<RedisConfig>): StackJson {
  const stack = emptyStack();
  const purposes = ['data', 'ops'] as const;
  const kms = buildKms(stack, 'kms', { site: SITES[cloud], name: NAMES[cloud].keys, purposes, tags: TAGS });
  const network = buildNetwork(stack, 'network', networkConfig(cloud, kms.keys.ops));
  buildRedis(stack, 'it', { ...redisConfig(cloud, kms, network), ...given });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

const EMPTY: StoreAccess = { groups: [], subnets: [], dnsZone: undefined, ready: [] };

/** Where a unit's own rules are looked at and nothing is built. */
export const NOWHERE: NetworkOutput = {
  id: 'network',
  nodeSubnets: [],
  nodeGroups: [],
  controlPlane: '',
  stores: { postgres: EMPTY, reader: EMPTY, redis: EMPTY, queue: EMPTY },
  endpoints: EMPTY,
};
