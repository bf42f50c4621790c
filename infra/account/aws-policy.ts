import type { AwsSite } from '../support/site.js';
import type { AccountConfig, Pipeline } from './contract.js';

type AwsAccount = AccountConfig<AwsSite>;
type Actions = string | readonly string[];

const statement = (Effect: 'Allow' | 'Deny', Sid: string, Action: Actions, Resource: Actions, Condition?: object) => ({
  Sid,
  Effect,
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

const document = (Statement: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

/** One subject, in full, and tokens that were made for AWS. */
export function buildPipelineTrust(provider: string, { issuer, subject }: Pipeline): string {
  const host = issuer.replace(/^https:\/\//, '');
  return document([
    {
      Sid: 'OnePipeline',
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:sub`]: subject } },
    },
  ]);
}

/** Named people with a second factor that they showed within the hour; nobody stands in the role. */
export const buildPeopleTrust = (people: readonly string[]): string =>
  document([
    {
      Sid: 'NamedPeople',
      Effect: 'Allow',
      Principal: { AWS: people },
      Action: 'sts:AssumeRole',
      Condition: {
        Bool: { 'aws:MultiFactorAuthPresent': 'true' },
        NumericLessThan: { 'aws:MultiFactorAuthAge': '3600' },
      },
    },
  ]);

/** Services whose resources the stacks hold. */
const APPLIED = [
  'autoscaling',
  'backup',
  'backup-storage',
  'cloudtrail',
  'cloudwatch',
  'ec2',
  'ecr',
  'ecs',
  'eks',
  'elasticache',
  'elasticloadbalancing',
  'application-autoscaling',
  'events',
  'kms',
  'logs',
  'rds',
  's3',
  'secretsmanager',
  'sns',
  'sqs',
  'tag',
];

/**
 * What Terraform has to do, and roles of this environment only. It may still change locks' defaults and policies of
 * keys: hence one subject, an alarm on each, and Compliance, which binds it too.
 */
export function buildDeployPolicy({ site }: AwsAccount): string {
  const own = `arn:${site.partition}:iam::${site.accountId}:role${site.rolePath}*`;
  const iam = (what: string) => `arn:${site.partition}:iam::${site.accountId}:${what}`;
  const people = [site.principals.deploy, site.principals.compliance, site.principals.breakGlass];
  return document([
    statement(
      'Allow',
      'Applies',
      APPLIED.map((service) => `${service}:*`),
      '*',
    ),
    statement('Allow', 'LooksAround', ['iam:Get*', 'iam:List*', 'sts:GetCallerIdentity'], '*'),
    statement('Allow', 'KeepsRolesOfTheEnvironment', 'iam:*', [own, iam('oidc-provider/*')]),
    statement('Allow', 'KeepsAmazonsRoles', 'iam:CreateServiceLinkedRole', iam('role/aws-service-role/*')),
    statement(
      'Deny',
      'NeitherItselfNorItsJudges',
      ['iam:Put*', 'iam:Attach*', 'iam:Detach*', 'iam:Delete*', 'iam:Update*', 'iam:CreateRole', 'iam:PassRole'],
      people,
    ),
  ]);
}

/** Reads and extends, and deletes nothing, although the bucket's policy would let it: two mistakes are needed. */
export function buildCompliancePolicy({ site, audit, auditKey }: AwsAccount): string {
  const buckets = [audit, audit.replace(/-audit-/, '-audit-replica-')];
  const objects = buckets.map((arn) => `${arn}/*`);
  const keys = `arn:${site.partition}:kms:*:${site.accountId}:key/*`;
  return document([
    statement(
      'Allow',
      'Finds',
      ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketObjectLockConfiguration'],
      buckets,
    ),
    statement(
      'Allow',
      'ReadsAndExtends',
      [
        's3:GetObject',
        's3:GetObjectVersion',
        's3:GetObjectRetention',
        's3:GetObjectLegalHold',
        's3:PutObjectRetention',
        's3:PutObjectLegalHold',
      ],
      objects,
    ),
    statement('Allow', 'AuditKeyThroughS3', 'kms:Decrypt', keys, {
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': auditKey },
      StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' },
    }),
    statement('Allow', 'ReadsTheTrail', ['cloudtrail:LookupEvents', 'cloudtrail:Describe*', 'cloudtrail:Get*'], '*'),
    statement('Deny', 'DeletesNothing', ['s3:DeleteObject*', 's3:BypassGovernanceRetention'], '*'),
  ]);
}

const RESTORES = [
  'rds:RestoreDBInstanceToPointInTime',
  'rds:RestoreDBInstanceFromDBSnapshot',
  'rds:ModifyDBInstance',
  'rds:AddTagsToResource',
  'rds:Describe*',
];

/** Repairs: brings keys back that somebody destroyed, restores databases, reads the state. It never uses a tenant's key. */
export function buildBreakGlassPolicy({ site }: AwsAccount): string {
  const state = `arn:${site.partition}:s3:::memplane-*-state-${site.accountId}`;
  return document([
    statement('Allow', 'BringsKeysBack', ['kms:CancelKeyDeletion', 'kms:EnableKey', 'kms:Describe*', 'kms:List*'], '*'),
    statement('Allow', 'Restores', RESTORES, '*'),
    statement(
      'Allow',
      'Looks',
      ['ec2:Describe*', 'eks:Describe*', 'eks:List*', 'elasticache:Describe*', 'logs:StartQuery', 'logs:GetQueryResults'],
      '*',
    ),
    statement('Allow', 'ReadsTheState', ['s3:GetObject', 's3:ListBucket'], [state, `${state}/*`]),
    statement('Allow', 'StateKeyThroughS3', 'kms:Decrypt', `arn:${site.partition}:kms:*:${site.accountId}:key/*`, {
      StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' },
    }),
  ]);
}
