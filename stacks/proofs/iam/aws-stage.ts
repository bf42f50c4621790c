import type { AwsPlace } from '../../spec/environment.js';
import { type BucketKind, bucketName, keyStoreName, roleArn } from '../../spec/names.js';
import type { World } from '../rule.js';
import { at, type Resource, referred, resourcesOf } from '../terraform-json.js';
import type { Caller } from './aws-evaluator.js';
import { accountOf, arnOf } from './aws-references.js';

export const NAMESPACE = 'mem-acme';
const TENANT = '7f3c2a10-0000-4000-8000-000000000001';

/** Context of a tenant's own key, as `formats.md` of the service has it: bound to its namespace. */
export const kekContext = (namespace = NAMESPACE): Readonly<Record<string, string>> => ({
  'kms:EncryptionContext:memplane': 'kek/1',
  'kms:EncryptionContext:tenant': TENANT,
  'kms:EncryptionContext:namespace': namespace,
});

export interface Thing {
  readonly arn: string;
  readonly address: string;
  /** Of a key. */
  readonly aliases: readonly string[];
}

/** Who plays in the table. Roles that no stack makes are taken for administrators of the account. */
export interface Cast {
  readonly tenant: Caller;
  readonly stray: Caller;
  readonly backup: Caller;
  readonly audit: Caller;
  readonly operator: Caller;
  readonly witness: Caller;
  readonly secrets: Caller;
  readonly deploy: Caller;
  readonly compliance: Caller;
  readonly breakGlass: Caller;
  readonly administrator: Caller;
  readonly root: Caller;
  readonly stranger: Caller;
  readonly anybody: Caller;
}

export function castOf(world: World, place: AwsPlace): Cast {
  const { environment } = world;
  const role = (name: string): Caller => ({ kind: 'role', arn: roleArn(environment, place, name) });
  const pod = (name: string): Caller => ({ ...role(name), tags: { 'kubernetes-namespace': NAMESPACE } });
  const person = (arn: string): Caller => ({ kind: 'role', arn, mfa: true, administrator: true });
  const own = `arn:${place.partition}:iam::${place.accountId}`;
  return {
    tenant: pod('tenant'),
    // A session that no pod has: its tags are missing.
    stray: role('tenant'),
    backup: pod('backup'),
    audit: pod('audit'),
    operator: role('operator'),
    witness: role('witness'),
    secrets: role('external-secrets'),
    deploy: { kind: 'role', arn: place.deployRoleArn, administrator: true },
    compliance: person(place.complianceRoleArn),
    breakGlass: person(place.breakGlassRoleArn),
    administrator: person(`${own}:role/somebody-with-administrator-access`),
    root: { kind: 'root', arn: `${own}:root`, mfa: true },
    stranger: { kind: 'stranger', arn: `arn:${place.partition}:iam::999999999999:role/elsewhere` },
    anybody: { kind: 'anonymous', arn: '' },
  };
}

const NOWHERE: Thing = { arn: 'arn:aws:none:::not-there', address: 'not there', aliases: [] };

export function bucketOf(world: World, kind: BucketKind): Thing {
  const name = bucketName(world.environment, kind);
  return thing(world, (one) => one.type === 'aws_s3_bucket' && at(one.attributes, 'bucket') === name, [
    'aws_s3_bucket',
  ]);
}

type Store = 'bootstrap' | 'vault' | 'plane' | 'tenants';

/** By its alias, which is how the service finds it as well. */
export function keyOf(world: World, store: Store, purpose: string, there = false): Thing {
  const alias = `alias/${keyStoreName(world.environment, store)}-${purpose}`;
  for (const { json } of world.stacks) {
    for (const { attributes } of resourcesOf(json, 'aws_kms_alias')) {
      const isThere = at(attributes, 'provider') === 'aws.replica';
      const key = referred(json, at(attributes, 'target_key_id'));
      if (at(attributes, 'name') !== alias || isThere !== there || key === undefined) continue;
      return { arn: arnOf(accountOf(world), key) ?? '', address: key.address, aliases: [alias] };
    }
  }
  return { ...NOWHERE, address: alias };
}

/** Keys that an environment need not have. */
export const keysOf = (world: World, store: Store, purposes: readonly string[], there = false): readonly Thing[] =>
  purposes.map((purpose) => keyOf(world, store, purpose, there)).filter(({ arn }) => arn !== NOWHERE.arn);

export function secretOf(world: World): Thing {
  return thing(world, () => true, ['aws_secretsmanager_secret']);
}

function thing(world: World, is: (one: Resource) => boolean, types: readonly string[]): Thing {
  const account = accountOf(world);
  const found = world.stacks.flatMap(({ json }) => types.flatMap((type) => resourcesOf(json, type))).find(is);
  if (found === undefined) return NOWHERE;
  return { arn: arnOf(account, found) ?? '', address: found.address, aliases: [] };
}
