import { ElasticacheUser } from '@cdktf/provider-aws/lib/elasticache-user/index.js';
import { ElasticacheUserGroup } from '@cdktf/provider-aws/lib/elasticache-user-group/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedRedis } from './contract.js';

type AwsRedis = ResolvedRedis<AwsSite>;

/**
 * Every group must have a user named `default`: this one may do nothing. The other proves itself by IAM, for which
 * ElastiCache wants its id and its name to be the same. There is no user a tenant: their number is bounded.
 */
export function buildUsers(unit: Construct, { site, name, tags }: AwsRedis) {
  const shared = { ...providerOf(site), engine: 'redis', tags: buildTags('aws', tags, 'data') };
  const nobody = new ElasticacheUser(unit, 'nobody', {
    ...shared,
    userId: `${name}-default`,
    userName: 'default',
    accessString: 'off ~* -@all',
    authenticationMode: { type: 'no-password-required' },
  });
  const service = new ElasticacheUser(unit, 'service', {
    ...shared,
    userId: `${name}-service`,
    userName: `${name}-service`,
    // All of the data, none of the server.
    accessString: 'on ~* &* +@all -@admin -@dangerous +info',
    authenticationMode: { type: 'iam' },
  });
  const group = new ElasticacheUserGroup(unit, 'users', {
    ...shared,
    userGroupId: name,
    userIds: [nobody.userId, service.userId],
  });
  return { service, group };
}
