import type { TerraformStack } from 'cdktf';
import type { Key, KmsOutput } from '../../infra/kms/index.js';
import type { NetworkOutput } from '../../infra/network/index.js';
import { buildPostgres } from '../../infra/postgres/index.js';
import type { PostgresServer } from '../outputs.js';
import { postgresSettings } from '../settings.js';
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
): readonly PostgresServer[] {
  return environment.postgres.map((server) => {
    const made = buildPostgres(stack, `pg_${server.name}`, postgresSettings(environment, sites, server, around));
    const { host, readHosts, port, adminSecret, ca } = made;
    const { name, maxConnections, reservedConnections, capacity, pooler } = server;
    return { name, host, readHosts, port, adminSecret, ca, maxConnections, reservedConnections, capacity, pooler };
  });
}
