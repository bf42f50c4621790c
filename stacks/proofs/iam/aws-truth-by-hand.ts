import type { World } from '../rule.js';
import type { Call, Caller } from './aws-evaluator.js';
import { clusterArn } from './aws-references.js';
import { bucketOf, type Cast, kekContext, keyOf, NAMESPACE } from './aws-stage.js';
import { onBucket } from './aws-truth-buckets.js';
import { onKey } from './aws-truth-keys.js';
import type { Question } from './truth.js';

type Row = Question<Call>;

/** Whom the platform gives roles, one a tenant, where `identity.aws` is `Irsa`: no stack says what these permit. */
const OF_TENANTS: ReadonlySet<string> = new Set(['tenant', 'backup', 'audit']);

/**
 * Rows that can be asked where somebody else makes tenants' roles. What such a role permits is not in these stacks, so
 * it is taken for everything, and what is asked is what keys and buckets themselves let it do.
 */
export const askedByHand = (rows: readonly Row[]): readonly Row[] => rows.filter(({ who }) => !OF_TENANTS.has(who));

export function byHandQuestions(world: World, cast: Cast, role: (name: string) => string): readonly Row[] {
  const named = (name: string): Caller => ({ kind: 'role', arn: role(name), administrator: true });
  const acme = named('tenant-acme');
  return [
    ...[false, true].flatMap((there) => tenantKey(world, acme, named, there)),
    ...(['keys', 'keysReplica'] as const).flatMap((kind) => keyrings(world, acme, named, kind)),
    ...(world.environment.buckets.audit.lock === 'Compliance' ? records(world, named('audit-acme')) : []),
    ...operatorRows(world, cast, role('tenant-acme')),
  ];
}

type Named = (name: string) => Caller;

function tenantKey(world: World, acme: Caller, named: Named, there: boolean): readonly Row[] {
  const row = onKey(keyOf(world, 'tenants', 'tenant', there));
  const own = kekContext();
  const who = 'a role that is named as a tenant’s';
  return [
    row('allow', who, acme, 'Decrypt', 'its own key', own),
    row('deny', who, acme, 'Decrypt', 'without a context, with everything attached'),
    row('deny', who, acme, 'ReEncryptFrom', 'onto the same key, with everything attached', {
      ...own,
      'kms:ReEncryptOnSameKey': 'true',
    }),
    ...['tenant', 'backup-acme', 'audit-acme'].map((name) =>
      row('deny', `role ${name}`, named(name), 'Decrypt', 'of a tenant, with everything attached', own),
    ),
  ];
}

function keyrings(world: World, acme: Caller, named: Named, kind: 'keys' | 'keysReplica'): readonly Row[] {
  const row = onBucket(bucketOf(world, kind));
  const ring = `keys/${NAMESPACE}/ring`;
  const who = 'a role that is named as a tenant’s';
  return [
    row('allow', who, acme, 'GetObject', 'its own keyring', ring),
    row('allow', who, acme, 'PutObject', 'its own keyring, if unchanged', ring, { 's3:if-match': '"etag"' }),
    row('deny', who, acme, 'PutObject', 'whatever is there, with everything attached', ring),
    row('deny', who, acme, 'DeleteObject', 'its own keyring, with everything attached', ring),
    ...['tenant', 'backup-acme'].map((name) =>
      row('deny', `role ${name}`, named(name), 'GetObject', 'a keyring, with everything attached', ring),
    ),
  ];
}

function records(world: World, writer: Caller): readonly Row[] {
  const record = `${NAMESPACE}/2026/record`;
  const who = 'a role that writes records';
  return (['audit', 'auditReplica'] as const).flatMap((kind) => {
    const row = onBucket(bucketOf(world, kind));
    const lock = (mode: string, days: string) => ({
      's3:object-lock-mode': mode,
      's3:object-lock-remaining-retention-days': days,
    });
    return [
      row('deny', who, writer, 'PutObject', 'for a month, with everything attached', record, lock('COMPLIANCE', '30')),
      row('deny', who, writer, 'PutObject', 'under GOVERNANCE', record, lock('GOVERNANCE', '2556')),
      row('deny', who, writer, 'DeleteObject', 'with everything attached', record),
      row('deny', who, writer, 'DeleteObjectVersion', 'with everything attached', record),
    ];
  });
}

/** Who may neither make roles nor hand them out has no part in who is which tenant. */
function operatorRows(world: World, { operator }: Cast, tenant: string): readonly Row[] {
  const ask = (action: string, how: string, resource: string, context: Call['context'] = {}): Row => ({
    ...{ want: 'deny', who: 'operator', action, how, on: resource.split(':').at(-1) ?? resource },
    call: { caller: operator, action, resource, context },
  });
  return [
    ask('iam:PassRole', 'to pods', tenant, { 'iam:PassedToService': 'pods.eks.amazonaws.com' }),
    ask('sts:AssumeRole', 'itself', tenant),
    ask('eks:CreatePodIdentityAssociation', 'for a tenant', clusterArn(world)),
  ];
}
