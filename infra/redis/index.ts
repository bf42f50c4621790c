import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsRedis } from './aws.js';
import { buildAzureRedis } from './azure.js';
import { type RedisConfig, type RedisOutput, withRedisDefaults } from './contract.js';
import { buildGcpRedis } from './gcp.js';

export type { RedisConfig, RedisOutput } from './contract.js';

/** `id` is also the logical id of the cache. */
export function buildRedis(scope: Construct, id: string, config: RedisConfig): RedisOutput {
  const unit = new Construct(scope, id);
  const redis = withRedisDefaults(config);
  const { site } = redis;
  switch (site.cloud) {
    case 'aws':
      return buildAwsRedis(unit, { ...redis, site });
    case 'gcp':
      return buildGcpRedis(unit, { ...redis, site });
    case 'azure':
      return buildAzureRedis(unit, { ...redis, site });
    default:
      return unreachable(site);
  }
}
