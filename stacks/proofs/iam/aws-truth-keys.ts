import type { World } from '../rule.js';
import type { Call, Caller } from './aws-evaluator.js';
import { accountOf } from './aws-references.js';
import { type Cast, kekContext, keyOf, keysOf, NAMESPACE, type Thing } from './aws-stage.js';
import type { Question } from './truth.js';

type Row = Question<Call>;
type Context = Readonly<Record<string, string>>;

/** As KMS says it of a call that S3 makes for somebody: in the region of the key. */
const throughS3 = ({ arn }: Thing): Context => ({ 'kms:ViaService': `s3.${arn.split(':')[3]}.amazonaws.com` });

/** Calls of one key. Its aliases are in the context of every call, as KMS puts them there. */
export function onKey(key: Thing) {
  return (
    want: 'allow' | 'deny',
    who: string,
    caller: Caller,
    action: string,
    how: string,
    context: Context = {},
  ): Row => ({
    who,
    action: `kms:${action}`,
    how,
    on: key.address,
    call: {
      caller,
      action: `kms:${action}`,
      resource: key.arn,
      context: { ...context, 'kms:ResourceAliases': key.aliases },
    },
    want,
  });
}

const all = (caller: Caller): Caller => ({ ...caller, administrator: true });
const DESTROY = ['ScheduleKeyDeletion', 'DisableKey'] as const;

export function keyQuestions(world: World, cast: Cast): readonly Row[] {
  const vault = ['audit', 'keys', 'anchor'];
  const plane = ['objects', 'data', 'ops', 'disk', 'cluster'];
  const everyKey = [
    ...vault.map((purpose) => keyOf(world, 'vault', purpose)),
    ...vault.map((purpose) => keyOf(world, 'vault', purpose, true)),
    keyOf(world, 'tenants', 'tenant'),
    keyOf(world, 'tenants', 'tenant', true),
    ...keysOf(world, 'bootstrap', ['state']),
    ...keysOf(world, 'plane', plane),
    ...keysOf(world, 'plane', plane, true),
  ];
  const ofServices = ['data', 'disk', 'cluster'];
  return [
    ...everyKey.flatMap((key) => destruction(key, cast)),
    ...[...keysOf(world, 'plane', ofServices), ...keysOf(world, 'plane', ofServices, true)].flatMap((key) =>
      grants(key, cast),
    ),
    ...tenantKey(keyOf(world, 'tenants', 'tenant'), cast),
    ...tenantKey(keyOf(world, 'tenants', 'tenant', true), cast),
    ...auditKey(keyOf(world, 'vault', 'audit'), cast),
    evidenceKey(keyOf(world, 'vault', 'audit'), cast),
    ...auditKey(keyOf(world, 'vault', 'audit', true), cast),
    ...keyringsKey(keyOf(world, 'vault', 'keys'), cast),
    ...keyringsKey(keyOf(world, 'vault', 'keys', true), cast),
    ...anchorKey(keyOf(world, 'vault', 'anchor'), cast),
    ...objectsKey(keyOf(world, 'plane', 'objects'), cast),
    ...serviceKeys(world, cast),
    ...keysOf(world, 'bootstrap', ['state']).flatMap((key) => stateKey(key, cast)),
  ];
}

function tenantKey(key: Thing, cast: Cast): readonly Row[] {
  const row = onKey(key);
  const own = kekContext();
  const { tenant } = cast;
  const { 'kms:EncryptionContext:namespace': _, ...homeless } = own;
  return [
    row('allow', 'tenant', tenant, 'Decrypt', 'its own key', own),
    row('deny', 'tenant', tenant, 'Decrypt', 'of another namespace', kekContext('mem-other')),
    row('deny', 'tenant', tenant, 'Decrypt', 'of a retained tenant', kekContext('retained/7f3c')),
    row('deny', 'tenant', tenant, 'Decrypt', 'without its namespace', homeless),
    row('deny', 'tenant', tenant, 'Decrypt', 'without a context'),
    row('deny', 'tenant', cast.stray, 'Decrypt', 'in a session without tags', own),
    ...OTHERS.map((who) => row('deny', who, cast[who], 'Decrypt', 'of a tenant', own)),
    row('deny', 'tenant', tenant, 'Encrypt', 'its own key', own),
    row('deny', 'tenant', tenant, 'GenerateDataKey', 'its own key', own),
    row('deny', 'tenant', tenant, 'CreateGrant', 'to anybody', own),
    ...rewraps(key, cast),
  ];
}

const OTHERS = [
  ...(['operator', 'witness', 'audit', 'backup', 'secrets', 'administrator'] as const),
  ...(['deploy', 'root', 'breakGlass', 'compliance', 'stranger', 'anybody'] as const),
];

/** The operator makes and rewraps, and never sees. */
function rewraps(key: Thing, { tenant, operator, administrator }: Cast): readonly Row[] {
  const row = onKey(key);
  const own = kekContext();
  const same = { ...own, 'kms:ReEncryptOnSameKey': 'true' };
  const foreign: Context = { ...own, 'kms:ReEncryptOnSameKey': 'false' };
  return [
    row('allow', 'operator', operator, 'GenerateDataKeyWithoutPlaintext', 'for a tenant', own),
    row('deny', 'operator', operator, 'GenerateDataKeyWithoutPlaintext', 'for no tenant', {
      'kms:EncryptionContext:memplane': 'kek/1',
    }),
    row('deny', 'operator', operator, 'GenerateDataKey', 'which shows it', own),
    row('allow', 'operator', operator, 'ReEncryptFrom', 'onto the same key', same),
    row('allow', 'operator', operator, 'ReEncryptTo', 'from the same key', same),
    row('deny', 'operator', operator, 'ReEncryptFrom', 'onto a foreign key', foreign),
    row('deny', 'operator', operator, 'CreateGrant', 'to anybody', own),
    // With everything attached to their own roles, only what the key itself says is left.
    row('deny', 'tenant', all(tenant), 'Decrypt', 'without a tenant, with everything attached', {
      'kms:EncryptionContext:memplane': 'kek/1',
    }),
    row('deny', 'operator', all(operator), 'ReEncryptFrom', 'onto a foreign key, with everything attached', foreign),
    row('deny', 'operator', all(operator), 'Decrypt', 'with everything attached', own),
    row('deny', 'administrator', administrator, 'ReEncryptFrom', 'onto the same key', same),
    row('deny', 'administrator', administrator, 'CreateGrant', 'to anybody', own),
    row('deny', 'administrator', administrator, 'GenerateDataKey', 'for a tenant', own),
  ];
}

/** Nothing allows it, break-glass included: an Allow must be added on purpose, and that is alarmed. */
function destruction(key: Thing, cast: Cast): readonly Row[] {
  const row = onKey(key);
  const { deploy, administrator, root, breakGlass, compliance, operator } = cast;
  const callers: readonly (readonly [string, Caller])[] = [
    ['operator', operator],
    ['deploy', deploy],
    ['administrator', administrator],
    ['root', root],
    ['compliance', compliance],
    ['break-glass with MFA', breakGlass],
    ['break-glass without MFA', { ...breakGlass, mfa: false }],
  ];
  const opened = (want: 'allow' | 'deny', who: string, caller: Caller): Row => {
    const asked = row(want, who, caller, 'ScheduleKeyDeletion', 'after somebody allowed it');
    return { ...asked, call: { ...asked.call, opened: true } };
  };
  return [
    ...DESTROY.flatMap((action) =>
      callers.map(([who, caller]) => row('deny', who, caller, action, 'which ends all it encrypts')),
    ),
    opened('deny', 'administrator', administrator),
    opened('deny', 'break-glass without MFA', { ...breakGlass, mfa: false }),
    opened('allow', 'break-glass with MFA', breakGlass),
    row('deny', 'administrator', administrator, 'PutKeyPolicy', 'to let itself in'),
    row('deny', 'operator', operator, 'PutKeyPolicy', 'to let itself in'),
    // Terraform has to: one exact subject of CI may become `deploy`, and its use is alarmed.
    row('allow', 'deploy', deploy, 'PutKeyPolicy', 'as Terraform must'),
    row('allow', 'administrator', administrator, 'DescribeKey', 'which shows no secret'),
  ];
}

/** Databases and disks use their key through grants, which only their service may ask for. */
function grants(key: Thing, { administrator }: Cast): readonly Row[] {
  const row = onKey(key);
  return [row('deny', 'administrator', administrator, 'CreateGrant', 'to anybody')];
}

function stateKey(key: Thing, { administrator, operator, deploy }: Cast): readonly Row[] {
  const row = onKey(key);
  return [
    row('deny', 'administrator', administrator, 'Decrypt', 'of the state'),
    row('deny', 'operator', operator, 'Decrypt', 'of the state'),
    row('allow', 'deploy', deploy, 'Decrypt', 'of the state'),
  ];
}

/** Keys that services of AWS use on behalf of somebody, or for themselves. */
function serviceKeys(world: World, { tenant, secrets, operator }: Cast): readonly Row[] {
  const { id, partition, region } = accountOf(world);
  const data = onKey(keyOf(world, 'plane', 'data'));
  const via = (service: string): Context => ({ 'kms:ViaService': `${service}.${region}.amazonaws.com` });
  const scaling: Caller = {
    kind: 'service',
    arn: `arn:${partition}:iam::${id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
  };
  const disks = keysOf(world, 'plane', ['disk']).map(onKey);
  return [
    data('allow', 'secrets', secrets, 'Decrypt', 'through Secrets Manager', via('secretsmanager')),
    data('deny', 'secrets', secrets, 'Decrypt', 'past Secrets Manager'),
    data('deny', 'operator', operator, 'Decrypt', 'through Secrets Manager', via('secretsmanager')),
    ...(world.environment.queue.enabled
      ? [data('allow', 'tenant', tenant, 'GenerateDataKey', 'through its queue', via('sqs'))]
      : []),
    data('deny', 'tenant', tenant, 'Decrypt', 'past its queue'),
    ...logKey(world),
    ...disks.flatMap((disk) => [
      disk('allow', 'autoscaling', scaling, 'Decrypt', 'to start a node'),
      disk('allow', 'autoscaling', scaling, 'CreateGrant', 'for its disk', { 'kms:GrantIsForAWSResource': 'true' }),
      disk('deny', 'autoscaling', scaling, 'CreateGrant', 'to anybody'),
    ]),
  ];
}

/** Logs, alarms and the trail: services of AWS, each for this account only. */
function logKey(world: World): readonly Row[] {
  const { id, partition, region } = accountOf(world);
  const logs: Caller = { kind: 'service', arn: `logs.${region}.amazonaws.com` };
  const group = (account: string): Context => ({
    'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:/memplane/x`,
  });
  const service = (name: string): Caller => ({ kind: 'service', arn: `${name}.amazonaws.com` });
  const trail = (account: string): Context => ({
    'aws:SourceAccount': account,
    'kms:EncryptionContext:aws:cloudtrail:arn': `arn:${partition}:cloudtrail:${region}:${account}:trail/memplane`,
  });
  const ops = onKey(keyOf(world, 'plane', 'ops'));
  return [
    ops('allow', 'alarms', service('cloudwatch'), 'GenerateDataKey', 'to tell of one', { 'aws:SourceAccount': id }),
    ops('deny', 'alarms', service('cloudwatch'), 'GenerateDataKey', "of another account's", {
      'aws:SourceAccount': '999999999999',
    }),
    ops('allow', 'the trail', service('cloudtrail'), 'GenerateDataKey', 'for its log', trail(id)),
    ops('deny', 'the trail', service('cloudtrail'), 'GenerateDataKey', "of another account's", trail('999999999999')),
    ops('allow', 'logs', logs, 'GenerateDataKey', 'of a group of ours', group(id)),
    ops('deny', 'logs', logs, 'GenerateDataKey', "of another account's group", group('999999999999')),
  ];
}

function auditKey(key: Thing, cast: Cast): readonly Row[] {
  const row = onKey(key);
  const s3 = throughS3(key);
  return [
    row('allow', 'audit', cast.audit, 'GenerateDataKey', 'through S3', s3),
    row('deny', 'audit', cast.audit, 'Decrypt', 'past S3'),
    row('deny', 'deploy', { ...cast.deploy, administrator: false }, 'Decrypt', 'through S3', s3),
    row('allow', 'witness', cast.witness, 'Decrypt', 'through S3', s3),
    row('deny', 'administrator', cast.administrator, 'Decrypt', 'past S3'),
    row('deny', 'operator', cast.operator, 'Decrypt', 'through S3', s3),
    row('deny', 'tenant', cast.tenant, 'Decrypt', 'through S3', s3),
    row('deny', 'operator', all(cast.operator), 'Decrypt', 'through S3, with everything attached', s3),
  ];
}

/** The pipeline stores evidence of releases, and reads none of it. */
const evidenceKey = (key: Thing, { deploy }: Cast): Row => {
  const caller = { ...deploy, administrator: false };
  return onKey(key)('allow', 'deploy', caller, 'GenerateDataKey', 'through S3, for evidence', throughS3(key));
};

function keyringsKey(key: Thing, cast: Cast): readonly Row[] {
  const row = onKey(key);
  const s3 = throughS3(key);
  return [
    row('allow', 'tenant', cast.tenant, 'Decrypt', 'through S3', s3),
    row('deny', 'tenant', cast.tenant, 'Decrypt', 'past S3'),
    row('allow', 'operator', cast.operator, 'GenerateDataKey', 'through S3', s3),
    row('deny', 'administrator', cast.administrator, 'Decrypt', 'past S3'),
    row('deny', 'backup', cast.backup, 'Decrypt', 'through S3', s3),
  ];
}

function anchorKey(key: Thing, cast: Cast): readonly Row[] {
  const row = onKey(key);
  const digest: Context = { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' };
  return [
    row('allow', 'witness', cast.witness, 'Sign', 'a digest', digest),
    row('deny', 'witness', cast.witness, 'Sign', 'a raw message', { ...digest, 'kms:MessageType': 'RAW' }),
    row('allow', 'witness', cast.witness, 'GetPublicKey', 'to show it'),
    row('deny', 'operator', cast.operator, 'Sign', 'a digest', digest),
    row('deny', 'tenant', cast.tenant, 'Sign', 'a digest', digest),
    row('deny', 'audit', cast.audit, 'Sign', 'a digest', digest),
  ];
}

function objectsKey(key: Thing, cast: Cast): readonly Row[] {
  const row = onKey(key);
  const s3 = throughS3(key);
  const backup = (namespace = NAMESPACE): Context => ({
    'kms:EncryptionContext:memplane': 'backup/1',
    'kms:EncryptionContext:namespace': namespace,
  });
  return [
    row('allow', 'backup', cast.backup, 'GenerateDataKey', 'for its own tenant', backup()),
    row('deny', 'backup', cast.backup, 'GenerateDataKey', 'for another tenant', backup('mem-other')),
    row('deny', 'backup', cast.backup, 'Decrypt', 'which only a restore needs', backup()),
    row('allow', 'tenant', cast.tenant, 'Decrypt', 'of its own backup', backup()),
    row('deny', 'tenant', cast.tenant, 'Decrypt', "of another's backup", backup('mem-other')),
    row('deny', 'operator', cast.operator, 'Decrypt', 'of a backup', backup()),
    row('allow', 'backup', cast.backup, 'GenerateDataKey', 'through S3', s3),
    row('allow', 'tenant', cast.tenant, 'GenerateDataKey', 'through S3', s3),
  ];
}
