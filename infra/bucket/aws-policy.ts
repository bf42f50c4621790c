import type { AwsSite } from '../support/site.js';
import type { ResolvedBucket } from './contract.js';

type Statement = Readonly<Record<string, unknown>>;
type AwsBucket = ResolvedBucket<AwsSite>;

/** The policy of one bucket. Denies only, except that the log service needs to be let in. */
export function buildBucketPolicy(bucket: AwsBucket): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [...transport(bucket), ...special(bucket)] });
}

const arn = ({ site, name }: AwsBucket): string => `arn:${site.partition}:s3:::${name}`;

function transport(bucket: AwsBucket): readonly Statement[] {
  const everything = [arn(bucket), `${arn(bucket)}/*`];
  return [
    deny('TlsOnly', 's3:*', everything, { Bool: { 'aws:SecureTransport': 'false' } }),
    deny('Tls12', 's3:*', everything, { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
  ];
}

function special(bucket: AwsBucket): readonly Statement[] {
  switch (bucket.purpose) {
    case 'audit':
      return [...locked(bucket), ...undeletable(bucket), ...floor(bucket)];
    case 'backups':
      return locked(bucket);
    case 'keys':
      return keyrings(bucket);
    case 'accessLogs':
      return [logDelivery(bucket), balancerDelivery(bucket), ...trailDelivery(bucket)];
    default:
      return [];
  }
}

/**
 * `deploy` may still change these settings, because Terraform has to; the lock on written versions binds it too,
 * and so it does the account's root, whom no bucket policy binds.
 */
function locked(bucket: AwsBucket): readonly Statement[] {
  if (bucket.lock.mode === 'None') return [];
  const { compliance, deploy } = bucket.site.principals;
  const settings = [
    's3:PutBucketObjectLockConfiguration',
    's3:PutBucketVersioning',
    's3:PutReplicationConfiguration',
    's3:PutLifecycleConfiguration',
    's3:PutEncryptionConfiguration',
    's3:PutBucketPolicy',
    's3:DeleteBucketPolicy',
    's3:DeleteBucket',
  ];
  const bypass = deny('NobodyBypasses', 's3:BypassGovernanceRetention', `${arn(bucket)}/*`);
  const unlock = deny('NobodyUnlocks', settings, [arn(bucket), `${arn(bucket)}/*`], {
    ArnNotEquals: { 'aws:PrincipalArn': [compliance, deploy] },
  });
  if (bucket.lock.mode === 'Governance') return [unlock];
  const mode = deny('ComplianceModeOnly', ['s3:PutObject', 's3:PutObjectRetention'], `${arn(bucket)}/*`, {
    StringEquals: { 's3:object-lock-mode': 'GOVERNANCE' },
  });
  return [bypass, unlock, mode];
}

/** The lock keeps versions; this keeps delete markers from hiding them. */
function undeletable(bucket: AwsBucket): readonly Statement[] {
  const { compliance } = bucket.site.principals;
  const remove = ['s3:DeleteObject', 's3:DeleteObjectVersion'];
  return [
    deny('NobodyDeletes', remove, `${arn(bucket)}/*`, { ArnNotEquals: { 'aws:PrincipalArn': compliance } }),
    deny('ComplianceWithMfa', [...remove, 's3:PutObjectLegalHold'], `${arn(bucket)}/*`, {
      ArnEquals: { 'aws:PrincipalArn': compliance },
      BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' },
    }),
  ];
}

/** Not for backups: their writers name exactly `floorDays`, of which less remains when the request arrives. */
function floor(bucket: AwsBucket): readonly Statement[] {
  if (bucket.lock.mode === 'None') return [];
  return [
    deny('RetentionFloor', ['s3:PutObject', 's3:PutObjectRetention'], `${arn(bucket)}/*`, {
      NumericLessThan: { 's3:object-lock-remaining-retention-days': String(bucket.lock.floorDays) },
    }),
  ];
}

/** Keyrings are changed by compare-and-swap only, which also rules out CopyObject; the operator alone destroys. */
function keyrings(bucket: AwsBucket): readonly Statement[] {
  const { operator, tenant, witness, deploy } = bucket.site.principals;
  const objects = `${arn(bucket)}/*`;
  const settings = [
    's3:PutReplicationConfiguration',
    's3:PutBucketVersioning',
    's3:PutBucketObjectLockConfiguration',
    's3:PutLifecycleConfiguration',
    's3:DeleteBucket',
  ];
  return [
    deny('OnlyPlane', ['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject*'], objects, {
      ArnNotEquals: { 'aws:PrincipalArn': [operator, tenant, witness].flat() },
    }),
    deny('OnlyOperatorDeletes', 's3:DeleteObject*', objects, { ArnNotEquals: { 'aws:PrincipalArn': operator } }),
    deny('ConditionalPutsOnly', 's3:PutObject', objects, {
      Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' },
    }),
    deny('NoCopies', settings, arn(bucket), { ArnNotEquals: { 'aws:PrincipalArn': deploy } }),
  ];
}

function logDelivery(bucket: AwsBucket): Statement {
  return {
    Sid: 'LogDelivery',
    Effect: 'Allow',
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `${arn(bucket)}/*`,
    Condition: { StringEquals: { 'aws:SourceAccount': bucket.site.accountId } },
  };
}

/** Load balancers of this account, whatever stack they are in. */
function balancerDelivery(bucket: AwsBucket): Statement {
  const { partition, region, accountId } = bucket.site;
  return {
    Sid: 'BalancerDelivery',
    Effect: 'Allow',
    Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `${arn(bucket)}/*/AWSLogs/${accountId}/*`,
    Condition: {
      StringEquals: { 'aws:SourceAccount': accountId },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:elasticloadbalancing:${region}:${accountId}:loadbalancer/*` },
    },
  };
}

/** The trail of this account, whatever stack it is in. */
function trailDelivery(bucket: AwsBucket): readonly Statement[] {
  const { partition, region, accountId } = bucket.site;
  const trails = `arn:${partition}:cloudtrail:${region}:${accountId}:trail/*`;
  const allow = (Sid: string, Action: string, Resource: string): Statement => ({
    Sid,
    Effect: 'Allow',
    Principal: { Service: 'cloudtrail.amazonaws.com' },
    Action,
    Resource,
    Condition: { StringEquals: { 'aws:SourceAccount': accountId }, ArnLike: { 'aws:SourceArn': trails } },
  });
  return [
    allow('TrailLooks', 's3:GetBucketAcl', arn(bucket)),
    allow('TrailDelivery', 's3:PutObject', `${arn(bucket)}/AWSLogs/${accountId}/*`),
  ];
}

function deny(
  Sid: string,
  Action: string | readonly string[],
  Resource: string | readonly string[],
  Condition?: Statement,
): Statement {
  const statement = { Sid, Effect: 'Deny', Principal: '*', Action, Resource };
  return Condition === undefined ? statement : { ...statement, Condition };
}
