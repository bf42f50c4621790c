import type { BucketKind } from '../../spec/names.js';
import type { World } from '../rule.js';
import type { Call, Caller } from './aws-evaluator.js';
import { accountOf } from './aws-references.js';
import { bucketOf, type Cast, NAMESPACE, type Thing } from './aws-stage.js';
import type { Question } from './truth.js';

type Row = Question<Call>;
type Context = Readonly<Record<string, string>>;

/** Calls of one bucket, or of an object in it. */
export function onBucket(bucket: Thing) {
  return (
    want: 'allow' | 'deny',
    who: string,
    caller: Caller,
    action: string,
    how: string,
    key: string | undefined,
    context: Context = {},
  ): Row => ({
    who,
    action: `s3:${action}`,
    how,
    on: bucket.address,
    call: {
      caller,
      action: `s3:${action}`,
      resource: key === undefined ? bucket.arn : `${bucket.arn}/${key}`,
      context,
    },
    want,
  });
}

const OWN = `${NAMESPACE}/2026/record`;
const lock = (mode: string, days: string): Context => ({
  's3:object-lock-mode': mode,
  's3:object-lock-remaining-retention-days': days,
});
const SETTINGS = [
  'PutBucketObjectLockConfiguration',
  'PutBucketVersioning',
  'PutReplicationConfiguration',
  'PutLifecycleConfiguration',
  'PutBucketPolicy',
  'DeleteBucket',
] as const;

export function bucketQuestions(world: World, cast: Cast): readonly Row[] {
  const { audit, backups } = world.environment.buckets;
  const locks = (lock: string): boolean => lock === 'Compliance';
  return [
    ...plain(world, cast),
    ...logs(world),
    ...keyrings(bucketOf(world, 'keys'), cast),
    ...keyrings(bucketOf(world, 'keysReplica'), cast),
    ...(locks(audit.lock) ? auditRecords(bucketOf(world, 'audit'), cast) : []),
    ...(locks(audit.lock) ? auditCopy(bucketOf(world, 'auditReplica'), cast) : []),
    ...(locks(backups.lock) ? backupsOf(bucketOf(world, 'backups'), cast) : []),
    ...(locks(backups.lock) && backups.crossRegion ? backupsCopy(bucketOf(world, 'backupsReplica'), cast) : []),
    ...artifacts(bucketOf(world, 'artifacts'), cast),
  ];
}

const EVERY: readonly BucketKind[] = [
  ...(['audit', 'auditReplica', 'keys', 'keysReplica', 'accessLogs', 'accessLogsReplica'] as const),
  ...(['artifacts', 'artifactsReplica', 'backups', 'backupsReplica', 'state'] as const),
];

/** Asked by whoever would get through otherwise: keyrings refuse everybody but the plane already. */
function plain(world: World, { administrator, operator, anybody, stranger }: Cast): readonly Row[] {
  return EVERY.flatMap((kind) => {
    const bucket = bucketOf(world, kind);
    if (bucket.address === 'not there') return [];
    const row = onBucket(bucket);
    const [who, caller] = kind.startsWith('keys')
      ? (['operator', operator] as const)
      : (['administrator', administrator] as const);
    return [
      row('allow', who, caller, 'GetObject', 'over TLS 1.3', OWN),
      row('deny', who, caller, 'GetObject', 'over plain HTTP', OWN, { 'aws:SecureTransport': 'false' }),
      row('deny', who, caller, 'GetObject', 'over TLS 1.1', OWN, { 's3:TlsVersion': '1.1' }),
      row('deny', 'anybody', anybody, 'GetObject', 'from the internet', OWN),
      row('deny', 'stranger', stranger, 'GetObject', 'from another account', OWN),
    ];
  });
}

/** Services of AWS bring logs, each for this account only. */
function logs(world: World): readonly Row[] {
  const service = (name: string): Caller => ({ kind: 'service', arn: `${name}.amazonaws.com` });
  const { id, partition, region, replicaRegion } = accountOf(world);
  const trail = (where: string, account = id): Context => ({
    'aws:SourceAccount': account,
    'aws:SourceArn': `arn:${partition}:cloudtrail:${where}:${account}:trail/memplane`,
  });
  const balanced = (where: string, account = id): Context => ({
    'aws:SourceAccount': account,
    'aws:SourceArn': `arn:${partition}:elasticloadbalancing:${where}:${account}:loadbalancer/app/memplane/1`,
  });
  const from = (account: string): Context => ({ 'aws:SourceAccount': account });
  const OTHER = '999999999999';
  return (['accessLogs', 'accessLogsReplica'] as const).flatMap((kind) => {
    const row = onBucket(bucketOf(world, kind));
    const where = kind === 'accessLogs' ? region : replicaRegion;
    const [s3, cloudtrail] = [service('logging.s3'), service('cloudtrail')];
    const log = `AWSLogs/${id}/CloudTrail/log`;
    const [balancer, own] = [service('logdelivery.elasticloadbalancing'), `memplane-ecs/AWSLogs/${id}/log`];
    return [
      row('allow', 'a load balancer', balancer, 'PutObject', 'its log', own, balanced(where)),
      row('deny', 'a load balancer', balancer, 'PutObject', "of another account's", own, balanced(where, OTHER)),
      row('deny', 'a load balancer', balancer, 'PutObject', 'anywhere else', 'elsewhere', balanced(where)),
      row('allow', 'log delivery', s3, 'PutObject', 'of a bucket of ours', 'log', from(id)),
      row('deny', 'log delivery', s3, 'PutObject', "of another account's", 'log', from(OTHER)),
      row('allow', 'the trail', cloudtrail, 'GetBucketAcl', 'before it writes', undefined, trail(where)),
      row('allow', 'the trail', cloudtrail, 'PutObject', 'its log', log, trail(where)),
      row('deny', 'the trail', cloudtrail, 'PutObject', "of another account's", log, trail(where, OTHER)),
      row('deny', 'the trail', cloudtrail, 'PutObject', 'anywhere else', 'elsewhere', trail(where)),
    ];
  });
}

/** Who could take the lock off, or hide what it keeps. */
function unlocking(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const { administrator, root, breakGlass, operator, deploy } = cast;
  return [
    ...SETTINGS.flatMap((action) => [
      row('deny', 'administrator', administrator, action, 'to weaken the lock', undefined),
      row('deny', 'operator', operator, action, 'to weaken the lock', undefined),
      row('deny', 'break-glass', breakGlass, action, 'to weaken the lock', undefined),
    ]),
    row('deny', 'root', root, 'PutBucketObjectLockConfiguration', 'to weaken the lock', undefined),
    row('deny', 'root', root, 'DeleteObjectVersion', 'that is locked', OWN),
    row('deny', 'compliance', cast.compliance, 'DeleteObjectVersion', 'that is locked', OWN),
    row('deny', 'deploy', deploy, 'DeleteObjectVersion', 'that is locked', OWN),
    row('deny', 'root', root, 'PutObjectRetention', 'with an earlier date', OWN, {
      ...lock('COMPLIANCE', '400'),
      'memplane:shortens': 'true',
    }),
    ...(['administrator', 'root', 'deploy', 'breakGlass'] as const).map((who) =>
      row('deny', who, cast[who], 'BypassGovernanceRetention', 'of a version', OWN),
    ),
    // What stays open, so that it is known: the lock binds what was written, whoever holds the settings.
    row(
      'allow',
      'root',
      root,
      'DeleteBucketPolicy',
      'which AWS never refuses: the lock binds root, not the policy',
      undefined,
    ),
    row('allow', 'deploy', deploy, 'PutBucketObjectLockConfiguration', 'as Terraform must', undefined),
  ];
}

function auditRecords(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const { audit, witness, operator, tenant, administrator, compliance, backup } = cast;
  const years = lock('COMPLIANCE', '2556');
  return [
    row('allow', 'audit', audit, 'PutObject', 'its own record for seven years', OWN, years),
    row('allow', 'audit', audit, 'PutObjectLegalHold', 'on its own record', OWN),
    row('deny', 'audit', audit, 'PutObject', 'for a month', OWN, lock('COMPLIANCE', '30')),
    row('deny', 'audit', audit, 'PutObjectRetention', 'for a month', OWN, lock('COMPLIANCE', '30')),
    row('deny', 'audit', audit, 'PutObject', 'under GOVERNANCE', OWN, lock('GOVERNANCE', '2556')),
    row('deny', 'audit', audit, 'PutObject', "among another's records", 'mem-other/record', years),
    row('deny', 'audit', audit, 'GetObject', "another's record", 'mem-other/record'),
    row('deny', 'audit', audit, 'DeleteObject', 'its own record', OWN),
    row('deny', 'audit', audit, 'DeleteObjectVersion', 'its own record', OWN),
    row('deny', 'audit', audit, 'ListBucket', 'at all', undefined),
    row('allow', 'witness', witness, 'PutObject', 'an anchor', 'anchor/2026/head', years),
    row('deny', 'witness', witness, 'PutObject', 'a record', OWN, years),
    row('allow', 'witness', witness, 'GetObject', 'a record', OWN),
    row('deny', 'operator', operator, 'GetObject', 'a record', OWN),
    row('deny', 'tenant', tenant, 'GetObject', 'a record', OWN),
    row('deny', 'backup', backup, 'PutObject', 'a record', OWN, years),
    ...nobodyDeletes(bucket, cast),
    ...evidenceOfReleases(bucket, cast),
    row('deny', 'compliance', { ...compliance, mfa: false }, 'PutObjectLegalHold', 'without MFA', OWN),
    row('deny', 'administrator', administrator, 'PutObject', 'for a month', OWN, lock('COMPLIANCE', '30')),
    ...unlocking(bucket, cast),
  ];
}

/** The pipeline stores what synth proved, as the bootstrap lets it, and nothing beside it. */
function evidenceOfReleases(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const deploy: Caller = { ...cast.deploy, administrator: false };
  const evidence = 'evidence/aws-prod/1.jsonl';
  const years = lock('COMPLIANCE', '2556');
  return [
    row('allow', 'deploy', deploy, 'PutObject', 'evidence of a release', evidence, years),
    row('deny', 'deploy', deploy, 'PutObject', 'evidence for a month', evidence, lock('COMPLIANCE', '30')),
    row('deny', 'deploy', deploy, 'PutObject', 'a record, with its own permissions', OWN, years),
    row('deny', 'deploy', deploy, 'GetObject', 'a record, with its own permissions', OWN),
    row('deny', 'deploy', deploy, 'GetObject', 'evidence, with its own permissions', evidence),
    row('deny', 'tenant', cast.tenant, 'PutObject', 'evidence of a release', evidence, years),
    row('deny', 'witness', cast.witness, 'PutObject', 'evidence of a release', evidence, years),
  ];
}

function nobodyDeletes(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const callers = ['operator', 'tenant', 'witness', 'backup', 'administrator', 'deploy', 'root', 'breakGlass'] as const;
  return [
    ...callers.map((who) => row('deny', who, cast[who], 'DeleteObject', 'so that it is hidden', OWN)),
    row('deny', 'compliance', { ...cast.compliance, mfa: false }, 'DeleteObject', 'without MFA', OWN),
    // Its bucket policy would let it, so that it could; its own permissions, as bootstrap makes them, do not.
    row(
      'deny',
      'compliance',
      { ...cast.compliance, administrator: false },
      'DeleteObject',
      'with its own permissions',
      OWN,
    ),
  ];
}

function auditCopy(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const { administrator, compliance } = cast;
  return [
    row('deny', 'audit', cast.audit, 'PutObject', 'past the replication', OWN, lock('COMPLIANCE', '2556')),
    row('deny', 'operator', cast.operator, 'GetObject', 'a record', OWN),
    row('deny', 'administrator', administrator, 'PutObject', 'for a month', OWN, lock('COMPLIANCE', '30')),
    row('deny', 'administrator', administrator, 'PutObject', 'under GOVERNANCE', OWN, lock('GOVERNANCE', '2556')),
    row('deny', 'compliance', { ...compliance, mfa: false }, 'PutObjectLegalHold', 'without MFA', OWN),
    ...nobodyDeletes(bucket, cast),
    ...unlocking(bucket, cast),
  ];
}

function backupsCopy(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  return [
    row('deny', 'administrator', cast.administrator, 'PutObject', 'under GOVERNANCE', OWN, lock('GOVERNANCE', '7')),
    row('deny', 'operator', cast.operator, 'DeleteObject', 'a copy', OWN),
    ...unlocking(bucket, cast),
  ];
}

function keyrings(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const { tenant, operator } = cast;
  const own = `keys/${NAMESPACE}/ring`;
  const swap = { 's3:if-match': '"etag"' };
  return [
    row('allow', 'tenant', tenant, 'GetObject', 'its own keyring', own),
    row('allow', 'tenant', tenant, 'PutObject', 'its own keyring, if unchanged', own, swap),
    row('allow', 'tenant', tenant, 'PutObject', 'its first keyring', own, { 's3:if-none-match': '*' }),
    row('deny', 'tenant', tenant, 'PutObject', 'whatever is there', own),
    row('deny', 'tenant', tenant, 'GetObject', "another's keyring", 'keys/mem-other/ring'),
    row('deny', 'tenant', tenant, 'PutObject', "another's keyring", 'keys/mem-other/ring', swap),
    row('deny', 'tenant', tenant, 'DeleteObject', 'its own keyring', own),
    row(
      'deny',
      'tenant',
      { ...tenant, administrator: true },
      'DeleteObject',
      'its own keyring, with everything attached',
      own,
    ),
    row('deny', 'tenant', cast.stray, 'GetObject', 'in a session without tags', own),
    row('allow', 'operator', operator, 'GetObject', 'a keyring', own),
    row('allow', 'operator', operator, 'DeleteObject', 'a keyring', own),
    row('allow', 'operator', operator, 'PutObject', 'a keyring, if unchanged', own, swap),
    row('deny', 'operator', operator, 'PutObject', 'whatever is there', own),
    ...outsideKeyrings(bucket, cast),
  ];
}

const OUTSIDERS = [
  ...(['administrator', 'deploy', 'root', 'breakGlass', 'compliance'] as const),
  ...(['backup', 'audit', 'secrets', 'stranger', 'anybody'] as const),
];

function outsideKeyrings(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const { operator, administrator, deploy } = cast;
  const own = `keys/${NAMESPACE}/ring`;
  return [
    row('deny', 'witness', cast.witness, 'DeleteObject', 'a keyring', own),
    ...OUTSIDERS.map((who) => row('deny', who, cast[who], 'GetObject', 'a keyring', own)),
    row('deny', 'administrator', administrator, 'DeleteObject', 'a keyring', own),
    row('deny', 'administrator', administrator, 'PutReplicationConfiguration', 'to copy keys away', undefined),
    row('deny', 'administrator', administrator, 'PutBucketVersioning', 'to keep destroyed keys', undefined),
    row('deny', 'operator', operator, 'PutBucketVersioning', 'to keep destroyed keys', undefined),
    row('deny', 'break-glass', cast.breakGlass, 'DeleteBucket', 'with every key in it', undefined),
    row('allow', 'deploy', deploy, 'PutBucketVersioning', 'as Terraform must', undefined),
  ];
}

function backupsOf(bucket: Thing, cast: Cast): readonly Row[] {
  const row = onBucket(bucket);
  const { backup, tenant, operator } = cast;
  return [
    row('allow', 'backup', backup, 'PutObject', 'its own backup', OWN, lock('COMPLIANCE', '7')),
    row('deny', 'backup', backup, 'PutObject', 'under GOVERNANCE', OWN, lock('GOVERNANCE', '7')),
    row('deny', 'backup', backup, 'PutObject', "among another's", 'mem-other/backup', lock('COMPLIANCE', '7')),
    row('deny', 'backup', backup, 'DeleteObject', 'its own backup', OWN),
    row('deny', 'backup', backup, 'GetObject', 'its own backup', OWN),
    row('allow', 'tenant', tenant, 'GetObject', 'its own backup', OWN),
    row('deny', 'tenant', tenant, 'GetObject', "another's backup", 'mem-other/backup'),
    row('deny', 'tenant', tenant, 'PutObject', 'its own backup', OWN),
    row('allow', 'operator', operator, 'DeleteObject', 'of a tenant that ends', OWN),
    row('deny', 'operator', operator, 'DeleteObjectVersion', 'before its date', OWN),
    row('deny', 'operator', operator, 'GetObject', 'a backup', OWN),
    ...unlocking(bucket, cast),
  ];
}

function artifacts(bucket: Thing, { tenant, operator, backup }: Cast): readonly Row[] {
  const row = onBucket(bucket);
  return [
    row('allow', 'tenant', tenant, 'PutObject', 'its own artifact', OWN),
    row('allow', 'tenant', tenant, 'DeleteObject', 'its own artifact', OWN),
    row('deny', 'tenant', tenant, 'GetObject', "another's artifact", 'mem-other/artifact'),
    row('allow', 'operator', operator, 'DeleteObject', 'of a tenant that ends', OWN),
    row('deny', 'operator', operator, 'GetObject', 'an artifact', OWN),
    row('deny', 'backup', backup, 'DeleteObject', 'an artifact', OWN),
  ];
}
