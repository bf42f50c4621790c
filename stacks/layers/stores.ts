import type { TerraformStack } from 'cdktf';
import type { Key, KmsOutput } from '../../infra/kms/index.js';
import type { NetworkOutput } from '../../infra/network/index.js';
import type { WatchedDatabase } from '../../infra/observability/index.js';
import { buildPostgres } from '../../infra/postgres/index.js';
import { buildQueue } from '../../infra/queue/index.js';
import { buildRedis } from '../../infra/redis/index.js';
import type { PostgresServer, QueueAddress, RedisServer } from '../outputs.js';
import { postgresSettings, queueSettings, redisSettings } from '../settings.js';
import type { Environment } from '../spec/environment.js';
import type { Sites } from './sites.js';

export interface Surroundings {
  readonly network: NetworkOutput;
  readonly kms: KmsOutput<'data' | 'ops'>;
  /** The data key of the second region, if anything of this plane survives there. */
  readonly keyThere?: Key;
}

export function buildPostgresServers(
  stack: TerraformStack,
  environment: Environment,
  sites: Sites,
  around: Surroundings,
): { readonly servers: readonly PostgresServer[]; readonly databases: readonly WatchedDatabase[] } {
  const made = environment.postgres.map((server) => {
    const made = buildPostgres(stack, `pg_${server.name}`, postgresSettings(environment, sites, server, around));
    const { host, readHosts, port, adminSecret, ca } = made;
    const { name, maxConnections, reservedConnections, capacity, pooler } = server;
    return {
      server: { name, host, readHosts, port, adminSecret, ca, maxConnections, reservedConnections, capacity, pooler },
      database: {
        ...made.watched,
        label: server.name,
        replicas: made.replicas,
        storageGb: server.storageGb,
        maxConnections,
      },
    };
  });
  return { servers: made.map(({ server }) => server), databases: made.map(({ database }) => database) };
}

/** None if the charts run it. */
export function buildRedisServers(
  stack: TerraformStack,
  environment: Environment,
  { here }: Sites,
  { network, kms }: Surroundings,
): { readonly servers: readonly RedisServer[]; readonly cache?: string } {
  if (environment.redis.target === 'inCluster') return { servers: [] };
  const made = buildRedis(stack, 'redis', redisSettings(environment, here, network, kms));
  const { host, port, auth, user, ca, grantOn } = made;
  return { servers: [{ name: 'r-a', host, port, auth, user, ca }], cache: grantOn };
}

/** Without an address, writes are not queued. */
export function buildWriteQueue(
  stack: TerraformStack,
  environment: Environment,
  { here }: Sites,
  { network, kms }: Surroundings,
): { readonly address?: QueueAddress; readonly queue?: string } {
  if (!environment.queue.enabled) return {};
  const made = buildQueue(stack, 'queue', queueSettings(environment, here, network, kms));
  const { provider, url, deadLetter } = made;
  return { address: { provider, url, deadLetter }, queue: made.grantOn };
}
