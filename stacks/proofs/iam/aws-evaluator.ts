import type { World } from '../rule.js';
import { at, type Resource, referred, resourcesOf, type StackJson } from '../terraform-json.js';
import { wildcard } from './actions.js';
import { type Context, conditionHolds } from './aws-conditions.js';
import { parseStatements, type Statement, stringsOf } from './aws-document.js';
import { accountOf, arnOf, resolved } from './aws-references.js';

export interface Caller {
  readonly arn: string;
  readonly kind: 'role' | 'root' | 'service' | 'stranger' | 'anonymous';
  /** Session tags; those of a pod are set by EKS. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly mfa?: boolean;
  /** The worst case: somebody attached AdministratorAccess. Whoever has no policy in these stacks is taken for such. */
  readonly administrator?: boolean;
}

export interface Call {
  readonly caller: Caller;
  readonly action: string;
  /** An ARN. */
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** As if somebody had added an Allow to the resource's own policy: only its denials are left. */
  readonly opened?: true;
}

export interface Decision {
  readonly allowed: boolean;
  /** The statement that decided, or why none did. */
  readonly by: string;
}

interface ResourcePolicy {
  readonly arn: string;
  readonly statements: readonly Statement[];
  /** Keys trust nobody that their own policy does not name; buckets trust the account's IAM. */
  readonly strict: boolean;
}

/** Everything in an environment's stacks that AWS would ask before it lets a call through. */
export interface Account {
  readonly id: string;
  readonly identities: ReadonlyMap<string, readonly Statement[]>;
  readonly trusts: ReadonlyMap<string, readonly Statement[]>;
  /** By the ARN of what carries them. */
  readonly policies: ReadonlyMap<string, ResourcePolicy>;
  /** Buckets whose written versions nobody deletes before their date. */
  readonly locked: ReadonlySet<string>;
}

export function accountFrom(world: World): Account {
  const account = accountOf(world);
  const each = <T>(read: (stack: StackJson) => readonly T[]): readonly T[] =>
    world.stacks.flatMap(({ json }) => read(json));
  const { arn, policyOf } = readerOf(account);
  return {
    id: account.id,
    identities: grouped(
      each((stack) =>
        resourcesOf(stack, 'aws_iam_role_policy').map(
          (one) => [arn(referred(stack, at(one.attributes, 'role'))), policyOf(stack, one, 'policy')] as const,
        ),
      ),
    ),
    trusts: grouped(
      each((stack) =>
        resourcesOf(stack, 'aws_iam_role').map(
          (one) => [arn(one), policyOf(stack, one, 'assume_role_policy')] as const,
        ),
      ),
    ),
    policies: byArn(each((stack) => resourcePolicies(account, stack))),
    locked: new Set(
      each((stack) =>
        resourcesOf(stack, 'aws_s3_bucket_object_lock_configuration')
          .filter(({ attributes }) => at(attributes, 'rule', 'default_retention', 'mode') === 'COMPLIANCE')
          .map(({ attributes }) => arn(referred(stack, at(attributes, 'bucket')))),
      ),
    ),
  };
}

function readerOf(account: ReturnType<typeof accountOf>) {
  return {
    arn: (one: Resource | undefined): string => (one === undefined ? '' : (arnOf(account, one) ?? '')),
    policyOf: (stack: StackJson, { attributes }: Resource, attribute: string): readonly Statement[] =>
      parseStatements(resolved(account, stack, String(at(attributes, attribute)))),
  };
}

function resourcePolicies(account: ReturnType<typeof accountOf>, stack: StackJson): readonly ResourcePolicy[] {
  const { arn, policyOf } = readerOf(account);
  return [
    ...['aws_kms_key', 'aws_kms_replica_key'].flatMap((type) =>
      resourcesOf(stack, type).map((one) => ({
        arn: arn(one),
        statements: policyOf(stack, one, 'policy'),
        strict: true,
      })),
    ),
    ...CARRIERS.flatMap(([type, owner]) =>
      resourcesOf(stack, type).map((one) => ({
        arn: arn(referred(stack, at(one.attributes, owner))),
        statements: policyOf(stack, one, 'policy'),
        strict: false,
      })),
    ),
  ];
}

const byArn = (policies: readonly ResourcePolicy[]): ReadonlyMap<string, ResourcePolicy> =>
  new Map(policies.map((one) => [one.arn, one]));

/** Policies that hang on another resource, and the attribute that says on which. */
const CARRIERS = [
  ['aws_s3_bucket_policy', 'bucket'],
  ['aws_secretsmanager_secret_policy', 'secret_arn'],
  ['aws_sqs_queue_policy', 'queue_url'],
  ['aws_sns_topic_policy', 'arn'],
] as const;

function grouped(
  pairs: readonly (readonly [string, readonly Statement[]])[],
): ReadonlyMap<string, readonly Statement[]> {
  const map = new Map<string, readonly Statement[]>();
  for (const [key, statements] of pairs) map.set(key, [...(map.get(key) ?? []), ...statements]);
  return map;
}

const EVERYTHING: Statement = { Sid: 'AdministratorAccess', Effect: 'Allow', Action: '*', Resource: '*' };

/** As AWS decides within one account: a Deny anywhere, then an Allow where one is asked for, else no. */
export function decide(account: Account, call: Call): Decision {
  const context = contextOf(account, call);
  const own = identityOf(account, call.caller);
  const policy = account.policies.get(ownerOf(call.resource));
  const bound = own.filter((one) => applies(one, call, context));
  const asked = (policy?.statements ?? []).filter(
    (one) => names(one, call.caller, account) !== 'nobody' && applies(one, call, context),
  );
  // Root may always read, write and delete the policy of a bucket, whatever it says: so a bad one can be mended.
  const mends = call.caller.kind === 'root' && /^s3:(Get|Put|Delete)BucketPolicy$/.test(call.action);
  const denied = [...bound, ...asked].find(({ Effect }) => Effect === 'Deny');
  if (denied !== undefined && !mends) return { allowed: false, by: denied.Sid ?? 'a Deny without a name' };
  if (isLocked(account, call)) return { allowed: false, by: 'object lock' };
  const direct = asked.find((one) => one.Effect === 'Allow' && names(one, call.caller, account) === 'caller');
  const delegated = asked.find((one) => one.Effect === 'Allow' && names(one, call.caller, account) === 'account');
  const granted = bound.find(({ Effect }) => Effect === 'Allow');
  const home = call.caller.kind === 'role' || call.caller.kind === 'root';
  if (call.opened === true) return { allowed: true, by: 'the Allow that somebody added' };
  if (direct !== undefined) return { allowed: true, by: direct.Sid ?? 'its resource policy' };
  if (!home || granted === undefined) return { allowed: false, by: 'no Allow' };
  if (policy?.strict === true && delegated === undefined) return { allowed: false, by: 'no Allow in the key policy' };
  return { allowed: true, by: granted.Sid ?? 'its identity policy' };
}

/** Whether a principal may become a role: only the role's own trust policy says so. */
export function decideTrust(account: Account, role: string, call: Omit<Call, 'resource'>): Decision {
  const context = contextOf(account, { ...call, resource: role });
  const matching = (account.trusts.get(role) ?? []).filter(
    (one) =>
      names(one, call.caller, account) === 'caller' &&
      actionMatches(one, call.action) &&
      conditionHolds(one.Condition, context, expander(context)),
  );
  const denied = matching.find(({ Effect }) => Effect === 'Deny');
  const allowed = matching.find(({ Effect }) => Effect === 'Allow');
  if (denied !== undefined || allowed === undefined) return { allowed: false, by: denied?.Sid ?? 'no Allow' };
  return { allowed: true, by: allowed.Sid ?? 'its trust policy' };
}

function identityOf(account: Account, { kind, arn, administrator }: Caller): readonly Statement[] {
  if (kind === 'service' || kind === 'anonymous') return [];
  const own = account.identities.get(arn);
  return [...(own ?? []), ...(kind === 'root' || administrator === true || own === undefined ? [EVERYTHING] : [])];
}

/** `arn:…:s3:::bucket/key` → the bucket, which carries the policy. */
const ownerOf = (resource: string): string => (resource.includes(':s3:::') ? (resource.split('/')[0] ?? '') : resource);

function isLocked(account: Account, { action, resource, context }: Call): boolean {
  const shortens = action === 's3:PutObjectRetention' && context?.['memplane:shortens'] === 'true';
  return (action === 's3:DeleteObjectVersion' || shortens) && account.locked.has(ownerOf(resource));
}

function names({ Principal }: Statement, caller: Caller, account: Account): 'caller' | 'account' | 'nobody' {
  if (Principal === undefined) return 'caller';
  const listed = Principal === '*' ? ['*'] : Object.values(Principal).flatMap(stringsOf);
  if (listed.includes('*') || listed.includes(caller.arn)) return 'caller';
  if (listed.some((one) => one === account.id || one.endsWith(`:iam::${account.id}:root`))) {
    return caller.kind === 'root' ? 'caller' : caller.kind === 'role' ? 'account' : 'nobody';
  }
  return 'nobody';
}

function applies(statement: Statement, call: Call, context: Context): boolean {
  const expand = expander(context);
  return (
    actionMatches(statement, call.action) &&
    resourceMatches(statement, call.resource, expand) &&
    conditionHolds(statement.Condition, context, expand)
  );
}

/** Patterns of a statement, made once: it is asked about by every row. */
const PATTERNS = new WeakMap<Statement, readonly RegExp[]>();

function patternsOf(statement: Statement): readonly RegExp[] {
  const known = PATTERNS.get(statement);
  if (known !== undefined) return known;
  const made = stringsOf(statement.NotAction ?? statement.Action).map((one) => wildcard(one.toLowerCase()));
  PATTERNS.set(statement, made);
  return made;
}

function actionMatches(statement: Statement, action: string): boolean {
  const lower = action.toLowerCase();
  return patternsOf(statement).some((one) => one.test(lower)) === (statement.NotAction === undefined);
}

type Expand = (text: string) => string | undefined;

function resourceMatches({ Resource: listed, NotResource }: Statement, resource: string, expand: Expand): boolean {
  const matches = (one: string): boolean => {
    const pattern = expand(one);
    return pattern !== undefined && wildcard(pattern).test(resource);
  };
  return NotResource === undefined ? stringsOf(listed).some(matches) : !stringsOf(NotResource).some(matches);
}

/** A variable that the call does not have makes its statement match nothing: that is what fails closed. */
const expander =
  (context: Context): Expand =>
  (text) => {
    let missing = false;
    const out = text.replace(/\$\{([^}]+)\}/g, (_, key: string) => {
      const value = context.get(key.toLowerCase())?.[0];
      if (value === undefined) missing = true;
      return value ?? '';
    });
    return missing ? undefined : out;
  };

function contextOf(account: Account, { caller, context = {} }: Call): Context {
  const { arn, tags = {}, mfa, kind } = caller;
  const home = kind === 'role' || kind === 'root';
  const said: Readonly<Record<string, string | readonly string[] | undefined>> = {
    'aws:SecureTransport': 'true',
    's3:TlsVersion': '1.3',
    'aws:PrincipalArn': kind === 'anonymous' || kind === 'service' ? undefined : arn,
    'aws:PrincipalAccount': home ? account.id : kind === 'stranger' ? '999999999999' : undefined,
    'aws:MultiFactorAuthPresent': mfa === undefined ? undefined : String(mfa),
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:PrincipalTag/${name}`, value])),
    ...context,
  };
  return new Map(
    Object.entries(said).flatMap(([key, value]) =>
      value === undefined ? [] : [[key.toLowerCase(), typeof value === 'string' ? [value] : value] as const],
    ),
  );
}
