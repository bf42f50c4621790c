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
export function buildBreakGlassPolicy({ site, state, stateKey }: AwsAccount): string {
  return document([
    statement('Allow', 'BringsKeysBack', ['kms:CancelKeyDeletion', 'kms:EnableKey', 'kms:Describe*', 'kms:List*'], '*'),
    statement('Allow', 'Restores', RESTORES, '*'),
    statement(
      'Allow',
      'Looks',
      [
        'ec2:Describe*',
        'eks:Describe*',
        'eks:List*',
        'elasticache:Describe*',
        'logs:StartQuery',
        'logs:GetQueryResults',
      ],
      '*',
    ),
    statement('Allow', 'ReadsTheState', ['s3:GetObject', 's3:ListBucket'], [state, `${state}/*`]),
    statement('Allow', 'StateKeyThroughS3', 'kms:Decrypt', `arn:${site.partition}:kms:*:${site.accountId}:key/*`, {
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': stateKey },
      StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' },
    }),
  ]);
}
