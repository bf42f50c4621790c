import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { Construct } from 'constructs';
import { type AwsIdentity, NAMESPACE } from '../identity/aws-statements.js';
import { buildStoresPolicy, buildTenantPolicy } from '../identity/aws-tenant.js';
import { withIdentityDefaults } from '../identity/contract.js';
import { buildName } from '../support/naming.js';
import { providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { EcsConfig } from './contract.js';

/** What every tenant's pods may do, with the one namespace where a session tag would stand. */
export function buildTaskRole(unit: Construct, config: EcsConfig, tenant: string): IamRole {
  const identity: AwsIdentity = { ...withIdentityDefaults(config.identity), site: config.site };
  const own = (policy: string): string => policy.replaceAll(NAMESPACE, `mem-${tenant}`);
  const stores = buildStoresPolicy(identity);
  return buildRole(unit, config, tenant, {
    keys_and_objects: own(buildTenantPolicy(identity)),
    ...(stores === undefined ? {} : { stores }),
  });
}

/** Fargate's own, before the container starts: it pulls the image, reads its secrets and opens its log. */
export function buildExecutionRole(unit: Construct, config: EcsConfig, logs: string): IamRole {
  const { site, secrets, identity } = config;
  const named = `arn:${site.partition}:secretsmanager:${site.region}:${site.accountId}:secret:${secrets}*`;
  const images = `arn:${site.partition}:ecr:${site.region}:${site.accountId}:repository/*`;
  const allow = (Action: string | readonly string[], Resource: string, Condition?: object) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow('ecr:GetAuthorizationToken', '*'),
      allow(['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], images),
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], `${logs}:*`),
      allow('secretsmanager:GetSecretValue', named),
      allow('kms:Decrypt', identity.keys.data.grantOn, {
        StringEquals: { 'kms:ViaService': `secretsmanager.${site.region}.amazonaws.com` },
      }),
    ],
  });
  return buildRole(unit, config, 'execution', { permissions: policy });
}

function buildRole(
  unit: Construct,
  { site, name, tags }: EcsConfig,
  who: string,
  policies: Readonly<Record<string, string>>,
): IamRole {
  const id = `role_${who.replace(/-/g, '_')}`;
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 'ecs-tasks.amazonaws.com' },
    Action: 'sts:AssumeRole',
    Condition: {
      StringEquals: { 'aws:SourceAccount': site.accountId },
      ArnLike: { 'aws:SourceArn': `arn:${site.partition}:ecs:${site.region}:${site.accountId}:*` },
    },
  };
  const role = new IamRole(unit, id, {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, 'ecs', who]),
    path: site.rolePath,
    assumeRolePolicy: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    tags: buildTags('aws', tags, 'identity'),
  });
  for (const [what, policy] of Object.entries(policies)) {
    new IamRolePolicy(unit, `${id}_${what}`, { ...providerOf(site), name: what, role: role.id, policy });
  }
  return role;
}
