import { contains, parseCidr } from '../spec/cidr.js';
import type { Topic } from './controls.js';
import { isAction } from './iam/actions.js';
import { policiesOf, stringsOf } from './iam/aws-document.js';
import { isParameter, parametersOf } from './parameters.js';
import { type Evidence, evidence, type ProvenStack, type Rule, type World } from './rule.js';
import { at, type Json, listOf, type Resource, referred, resourcesOf, shown } from './terraform-json.js';

/**
 * What neither `terraform validate` nor `plan` notices on AWS and only the apply, or nobody, does. Nineteen of them with
 * WORM-LOCK (governance) and WORM-BORN (a lock configuration on a bucket without object lock).
 */
type Judge = (
  stack: ProvenStack,
  one: Resource,
  world: World,
) => readonly (readonly [holds: boolean, attribute: string, value: string])[];

function gap(id: string, title: string, topic: Topic, type: string, wanted: string, judge: Judge): Rule {
  return {
    id,
    title,
    topic,
    scanners: [],
    remedy: wanted,
    prove: (world) =>
      world.stacks.flatMap((stack) =>
        resourcesOf(stack.json, type).flatMap((one): readonly Evidence[] =>
          judge(stack, one, world).map(([holds, attribute, value]) =>
            evidence(stack, one, holds, { attribute, value, wanted }),
          ),
        ),
      ),
  };
}

const PG = 'aws_db_instance';
const CACHE = 'aws_elasticache_replication_group';
const S3 = 'aws_s3_bucket';
const said = (value: Json | undefined): boolean => value !== undefined && value !== null && value !== false;

const caches: readonly Rule[] = [
  gap(
    'PLAN-AUTH-TOKEN',
    'A token is sent over TLS only',
    'inTransit',
    CACHE,
    'no auth_token, or TLS',
    (_, { attributes }) => {
      const token = said(at(attributes, 'auth_token'));
      return [
        [!token || at(attributes, 'transit_encryption_enabled') === true, 'auth_token', token ? 'a token' : 'none'],
      ];
    },
  ),
  gap(
    'PLAN-TLS-MODE',
    'TLS that is required is switched on',
    'inTransit',
    CACHE,
    'transit_encryption_enabled true',
    (_, { attributes }) => {
      const mode = at(attributes, 'transit_encryption_mode');
      const on = at(attributes, 'transit_encryption_enabled') === true;
      return [[mode === undefined || on, 'transit_encryption_enabled', `${on}, mode ${shown(mode)}`]];
    },
  ),
  gap(
    'PLAN-REDIS-USER',
    'A user with an identity has one name only',
    'access',
    'aws_elasticache_user',
    'user_id equal to user_name',
    (_, { attributes }) => {
      const identity = at(attributes, 'authentication_mode', 'type') === 'iam';
      const [id, name] = [at(attributes, 'user_id'), at(attributes, 'user_name')];
      return identity ? [[id === name, 'user_id', `${shown(id)}, user_name ${shown(name)}`]] : [];
    },
  ),
];

/** Families that exist for Postgres in every region that the spec knows. */
const CLASS =
  /^db\.(t3|t4g|m5|m6g|m6i|m6gd|m7g|m7i|m8g|r5|r6g|r6i|r6gd|r7g|r7i|r8g|x2g)\.(micro|small|medium|large|\d{0,2}xlarge)$/;

const databases: readonly Rule[] = [
  gap(
    'PLAN-FINAL',
    'A database that goes has a name for its last snapshot',
    'recovery',
    PG,
    'a final_snapshot_identifier, or a replica',
    (_, { attributes }) => {
      const replica = said(at(attributes, 'replicate_source_db'));
      const name = at(attributes, 'final_snapshot_identifier');
      return [
        [
          replica || said(at(attributes, 'skip_final_snapshot')) || said(name),
          'final_snapshot_identifier',
          shown(name),
        ],
      ];
    },
  ),
  gap(
    'PLAN-PARAMETER-FAMILY',
    'Parameters are of the version that runs',
    'change',
    PG,
    'the family of the engine version',
    (stack, { attributes }) => {
      const group = referred(stack.json, at(attributes, 'parameter_group_name'));
      const version = engineVersion(stack, attributes);
      if (group === undefined || version === undefined) return [];
      const family = at(group.attributes, 'family');
      return [
        [family === `postgres${version.split('.')[0]}`, 'parameter_group_name', `${shown(family)} for ${version}`],
      ];
    },
  ),
  gap(
    'PLAN-ZONES',
    'A database of two zones has subnets in two',
    'recovery',
    PG,
    'subnets in two zones at least',
    (stack, { attributes }) => {
      if (at(attributes, 'multi_az') !== true) return [];
      const group = referred(stack.json, at(attributes, 'db_subnet_group_name'));
      const subnets = listOf(at(group?.attributes, 'subnet_ids')).map((one) => referred(stack.json, one)?.attributes);
      const zones = new Set(subnets.map((one) => at(one, 'availability_zone')));
      return [[zones.size >= 2, 'db_subnet_group_name', `${zones.size} zones`]];
    },
  ),
  gap('PLAN-CLASS', 'Machines are of a class that exists', 'change', PG, 'a class of AWS', (_, { attributes }) => {
    const name = at(attributes, 'instance_class');
    return [[CLASS.test(String(name)), 'instance_class', shown(name)]];
  }),
  gap(
    'PLAN-REPLICA-PASSWORD',
    'A database with read replicas keeps its password itself',
    'recovery',
    PG,
    'no manage_master_user_password on the source',
    (stack, { attributes }) => {
      const source = referred(stack.json, at(attributes, 'replicate_source_db'));
      if (source === undefined) return [];
      const managed = said(at(source.attributes, 'manage_master_user_password'));
      return [[!managed, 'replicate_source_db', managed ? `${source.address} has a managed password` : source.address]];
    },
  ),
  gap(
    'PLAN-TWO-PASSWORDS',
    "A password is ours or the cloud's, not both",
    'access',
    PG,
    'password_wo or manage_master_user_password',
    (_, { attributes }) => {
      const [ours, theirs] = [said(at(attributes, 'password_wo')), said(at(attributes, 'manage_master_user_password'))];
      return [[!(ours && theirs), 'password_wo', `${ours}, manage_master_user_password ${theirs}`]];
    },
  ),
];

/** Of a replica: that of its source. */
function engineVersion(stack: ProvenStack, attributes: Resource['attributes']): string | undefined {
  const source = referred(stack.json, at(attributes, 'replicate_source_db'));
  const version = at(attributes, 'engine_version') ?? at(source?.attributes, 'engine_version');
  return version === undefined ? undefined : String(version);
}

const others: readonly Rule[] = [
  gap(
    'PLAN-SUBNET',
    'Subnets lie in their network',
    'network',
    'aws_subnet',
    'a range within that of the network',
    (stack, { attributes }) => {
      const outer = parseCidr(String(at(referred(stack.json, at(attributes, 'vpc_id'))?.attributes, 'cidr_block')));
      const inner = parseCidr(String(at(attributes, 'cidr_block')));
      const inside = outer !== undefined && inner !== undefined && contains(outer, inner);
      return [[inside, 'cidr_block', shown(at(attributes, 'cidr_block'))]];
    },
  ),
  gap(
    'PLAN-REPLICATION-VERSIONS',
    'Versions are on at both ends of a copy',
    'worm',
    `${S3}_replication_configuration`,
    'versioning Enabled at both ends',
    (stack, { attributes }) => {
      const ends = [at(attributes, 'bucket'), at(attributes, 'rule', 0, 'destination', 'bucket')];
      return ends.map((end) => {
        const status = versioningOf(stack, referred(stack.json, end));
        return [status === 'Enabled', 'versioning', `${shown(end)}: ${shown(status)}`] as const;
      });
    },
  ),
  gap(
    'PLAN-SIGN-ROTATION',
    'Keys that sign do not rotate',
    'keys',
    'aws_kms_key',
    'no enable_key_rotation on a signing key',
    (_, { attributes }) => {
      if (at(attributes, 'key_usage') !== 'SIGN_VERIFY') return [];
      const on = at(attributes, 'enable_key_rotation');
      return [[!said(on), 'enable_key_rotation', shown(on)]];
    },
  ),
  gap(
    'PLAN-MULTI-REGION',
    'A key with a replica was made for it',
    'recovery',
    'aws_kms_replica_key',
    'multi_region true on the primary',
    (stack, { attributes }) => {
      const source = referred(stack.json, at(attributes, 'primary_key_arn'));
      const multi = at(source?.attributes, 'multi_region');
      return [
        [multi === true, 'primary_key_arn', `${source?.address ?? 'none of this stack'}: multi_region ${shown(multi)}`],
      ];
    },
  ),
  gap(
    'PLAN-LOG-TARGET',
    'Access logs go to a bucket without a lock',
    'records',
    `${S3}_logging`,
    'a target of the environment without object lock',
    (stack, { attributes }, world) => {
      const target = logTarget(stack, at(attributes, 'target_bucket'), world);
      const locked = at(target?.attributes, 'object_lock_enabled');
      const value = target === undefined ? 'no bucket of the environment' : `${target.address}: ${shown(locked)}`;
      return [[target !== undefined && locked !== true, 'target_bucket', value]];
    },
  ),
];

/** Of this stack by reference, of another by name. */
function logTarget(stack: ProvenStack, target: Json | undefined, world: World): Resource | undefined {
  const buckets = world.stacks.flatMap(({ json }) => resourcesOf(json, S3));
  return referred(stack.json, target) ?? buckets.find(({ attributes }) => at(attributes, 'bucket') === target);
}

function versioningOf(stack: ProvenStack, bucket: Resource | undefined): Json | undefined {
  const found = resourcesOf(stack.json, `${S3}_versioning`).find(
    ({ attributes }) => referred(stack.json, at(attributes, 'bucket'))?.id === bucket?.id,
  );
  return at(found?.attributes, 'versioning_configuration', 'status');
}

/** The limit counts what is not white space, over all inline policies of a role. */
const INLINE_LIMIT = 10_240;

const policies: readonly Rule[] = [
  {
    id: 'PLAN-ACTION',
    title: 'Policies name actions that exist',
    topic: 'access',
    scanners: [],
    remedy: 'correct the action, or add it to stacks/proofs/iam/actions.ts if AWS has it',
    prove: (world) =>
      world.stacks.flatMap((stack) =>
        policiesOf(stack.json).map(({ resource, attribute, statements }) => {
          const named = statements.flatMap(({ Action, NotAction }) => [...stringsOf(Action), ...stringsOf(NotAction)]);
          const unknown = [...new Set(named.filter((one) => !isAction(one)))];
          const told = { attribute, value: unknown.join(', ') || `${named.length} actions`, wanted: 'actions of AWS' };
          return evidence(stack, resource, unknown.length === 0, told);
        }),
      ),
  },
  gap(
    'PLAN-POLICY-SIZE',
    'The inline policies of a role fit',
    'access',
    'aws_iam_role',
    `at most ${INLINE_LIMIT} characters`,
    (stack, role) => {
      const own = resourcesOf(stack.json, 'aws_iam_role_policy').filter(
        ({ attributes }) => referred(stack.json, at(attributes, 'role'))?.id === role.id,
      );
      const size = own.reduce(
        (sum, { attributes }) => sum + String(at(attributes, 'policy')).replace(/\s/g, '').length,
        0,
      );
      return [[size <= INLINE_LIMIT, 'inline policies', `${size} characters`]];
    },
  ),
];

const parameterNames: Rule = {
  id: 'PLAN-PARAMETER-NAME',
  title: 'Parameters of Postgres are spelt as Postgres spells them',
  topic: 'change',
  scanners: [],
  remedy: 'correct the name, or add it to stacks/proofs/parameters.ts if Postgres has it',
  prove: (world) =>
    world.stacks.flatMap((stack) =>
      parametersOf(stack.json).map(([one, attribute, names]) => {
        const unknown = names.filter((name) => !isParameter(name));
        const value = unknown.map(String).join(', ') || `${names.length} names`;
        return evidence(stack, one, unknown.length === 0, { attribute, value, wanted: 'parameters of Postgres' });
      }),
    ),
};

export const planRules: readonly Rule[] = [...caches, ...databases, ...others, ...policies, parameterNames];
