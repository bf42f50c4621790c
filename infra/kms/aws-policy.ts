import type { AwsSite } from '../support/site.js';
import type { KeyPurpose } from './contract.js';

type Statement = Readonly<Record<string, unknown>>;

const ADMINISTER = [
  'kms:Create*',
  'kms:Describe*',
  'kms:Enable*',
  'kms:List*',
  'kms:Put*',
  'kms:Update*',
  'kms:Get*',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:RotateKeyOnDemand',
  'kms:ReplicateKey',
];
const USE = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:ReEncrypt*',
  'kms:GenerateDataKey*',
  'kms:DescribeKey',
  'kms:CreateGrant',
  'kms:Sign',
  'kms:Verify',
  'kms:GetPublicKey',
];
const DESTROY = ['kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:DeleteImportedKeyMaterial', 'kms:DeleteAlias'];

/**
 * The policy of one key. Nothing in it allows destruction: break-glass needs an Allow that somebody adds on purpose,
 * and the two denials bound even that one. A replica key has a policy of its own, so it gets this one in full.
 */
export function buildKeyPolicy(site: AwsSite, purpose: KeyPurpose): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [...base(site), ...special(site, purpose)] });
}

function base({ partition, accountId, principals }: AwsSite): readonly Statement[] {
  return [
    { Sid: 'Admin', Effect: 'Allow', Principal: { AWS: principals.deploy }, Action: ADMINISTER, Resource: '*' },
    {
      Sid: 'DelegateUseToIam',
      Effect: 'Allow',
      Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
      Action: USE,
      Resource: '*',
    },
    // `BoolIfExists`: `Bool` misses a request without the key, `Null` misses `false`.
    deny('NoDestroyWithoutMfa', DESTROY, { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } }),
    deny('OnlyBreakGlassDestroys', DESTROY, { ArnNotEquals: { 'aws:PrincipalArn': principals.breakGlass } }),
  ];
}

function special(site: AwsSite, purpose: KeyPurpose): readonly Statement[] {
  switch (purpose) {
    case 'audit':
    case 'keys':
      return [onlyThroughS3];
    case 'tenant':
      return tenantKey(site);
    case 'data':
    case 'cluster':
      return [grantsForServicesOnly];
    case 'disk':
      return [grantsForServicesOnly, ...nodeDisks(site)];
    case 'state':
      return [onlyDeployReads(site)];
    case 'ops':
      return [logDelivery(site), alarmDelivery(site), trailDelivery(site)];
    default:
      return [];
  }
}

const onlyThroughS3 = deny(
  'S3Only',
  ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:CreateGrant'],
  { StringNotLikeIfExists: { 'kms:ViaService': 's3.*.amazonaws.com' } },
);

/** Databases use their key through grants, which only their service may ask for. */
const grantsForServicesOnly = deny('GrantsForServicesOnly', 'kms:CreateGrant', {
  BoolIfExists: { 'kms:GrantIsForAWSResource': 'false' },
});

/** Nodes are started by a role of Amazon's own, which takes no policy of ours: the key itself must let it in. */
function nodeDisks({ partition, accountId }: AwsSite): readonly Statement[] {
  const role = 'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling';
  const Principal = { AWS: `arn:${partition}:iam::${accountId}:role/${role}` };
  const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'];
  return [
    { Sid: 'NodesStart', Effect: 'Allow', Principal, Action: use, Resource: '*' },
    {
      Sid: 'NodesKeepTheirDisks',
      Effect: 'Allow',
      Principal,
      Action: 'kms:CreateGrant',
      Resource: '*',
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ];
}

/** A state names everything there is; nobody but who applies it, or breaks the glass, reads one. */
const onlyDeployReads = ({ principals }: AwsSite): Statement =>
  deny('OnlyDeployReads', ['kms:Decrypt', 'kms:GenerateDataKey*', 'kms:CreateGrant'], {
    ArnNotEquals: { 'aws:PrincipalArn': [principals.deploy, principals.breakGlass] },
  });

/** For log groups of this account only: each names itself in the context of every call. */
function logDelivery({ partition, accountId, region }: AwsSite): Statement {
  return {
    Sid: 'LogDelivery',
    Effect: 'Allow',
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    Resource: '*',
    Condition: {
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${accountId}:log-group:*` },
    },
  };
}

/** Alarms are messages under this key, put into their topic by these services. */
const alarmDelivery = ({ accountId }: AwsSite): Statement => ({
  Sid: 'AlarmDelivery',
  Effect: 'Allow',
  Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com', 'sns.amazonaws.com'] },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
  Resource: '*',
  Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
});

/** The trail of this account, which names itself in the context. */
const trailDelivery = ({ partition, accountId }: AwsSite): Statement => ({
  Sid: 'TrailDelivery',
  Effect: 'Allow',
  Principal: { Service: 'cloudtrail.amazonaws.com' },
  Action: ['kms:GenerateDataKey*', 'kms:DescribeKey'],
  Resource: '*',
  Condition: {
    StringEquals: { 'aws:SourceAccount': accountId },
    StringLike: {
      'kms:EncryptionContext:aws:cloudtrail:arn': `arn:${partition}:cloudtrail:*:${accountId}:trail/*`,
    },
  },
});

/** Tenants' pods read, the operator rewraps, nobody does both, and nothing works without naming the tenant. */
function tenantKey({ principals }: AwsSite): readonly Statement[] {
  return [
    deny('ContextAlways', ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'], {
      Null: { 'kms:EncryptionContext:tenant': 'true' },
    }),
    deny(
      'OnlyTenantRoleReads',
      ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair*', 'kms:CreateGrant'],
      { ArnNotEquals: { 'aws:PrincipalArn': principals.tenant } },
    ),
    deny('OnlyOperatorRewraps', 'kms:ReEncrypt*', { ArnNotEquals: { 'aws:PrincipalArn': principals.operator } }),
    // ReEncryptFrom here with a foreign key as destination would be Decrypt by another name.
    deny('RewrapSameKeyOnly', 'kms:ReEncrypt*', { Bool: { 'kms:ReEncryptOnSameKey': 'false' } }),
  ];
}

function deny(Sid: string, Action: string | readonly string[], Condition: Statement): Statement {
  return { Sid, Effect: 'Deny', Principal: '*', Action, Resource: '*', Condition };
}
