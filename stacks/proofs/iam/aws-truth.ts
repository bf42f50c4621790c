import type { AwsPlace } from '../../spec/environment.js';
import { queueName, redisName, roleArn } from '../../spec/names.js';
import type { World } from '../rule.js';
import {
  type Account,
  accountFrom,
  type Call,
  type Caller,
  type Decision,
  decide,
  decideTrust,
} from './aws-evaluator.js';
import { clusterArn } from './aws-references.js';
import { type Cast, castOf, secretOf } from './aws-stage.js';
import { bucketQuestions } from './aws-truth-buckets.js';
import { askedByHand, byHandQuestions } from './aws-truth-by-hand.js';
import { edgeQuestions } from './aws-truth-edge.js';
import { keyQuestions } from './aws-truth-keys.js';
import type { Question } from './truth.js';

export interface Answer {
  readonly question: Question<unknown>;
  readonly decision: Decision;
}

/** Asks every question of the table, of the policies as they were rendered. */
export const awsAnswers = (world: World, place: AwsPlace): readonly Answer[] =>
  awsQuestions(world, place).map((ask) => ask());

/** The same one by one, for whoever stops at the first answer that is wrong. */
export function awsQuestions(world: World, place: AwsPlace): readonly (() => Answer)[] {
  const account = accountFrom(world);
  const cast = castOf(world, place);
  const whole = [...keyQuestions(world, cast), ...bucketQuestions(world, cast), ...grantQuestions(world, place, cast)];
  const role = (name: string): string => roleArn(world.environment, place, name);
  const held = isByHand(world) ? [...askedByHand(whole), ...byHandQuestions(world, cast, role)] : whole;
  // Of a principal that the bootstrap does not make, what it is permitted by itself is not ours to say.
  const asked = held.filter(
    ({ call }) => call.caller.administrator !== false || account.identities.has(call.caller.arn),
  );
  return [
    ...trustAnswers(world, place, account).map((answered) => () => answered),
    ...asked.map((question) => () => ({ question, decision: decide(account, question.call) })),
  ];
}

const isByHand = ({ environment }: World): boolean => environment.identity.aws === 'Irsa';

function grantQuestions(world: World, place: AwsPlace, cast: Cast): readonly Question<Call>[] {
  const row = asking(cast);
  const role = (name: string): string => roleArn(world.environment, place, name);
  const passed = { 'iam:PassedToService': 'pods.eks.amazonaws.com' };
  const its = (name: string): readonly [string, string] => [`role ${name}`, role(name)];
  const arn = clusterArn(world);
  const cluster: readonly [string, string] = ['the cluster', arn];
  const elsewhere: readonly [string, string] = ['another cluster', `${arn}-other`];
  const binding: readonly [string, string] = [
    'the cluster',
    `${arn.replace(':cluster/', ':podidentityassociation/')}/a-1`,
  ];
  return [
    ...(isByHand(world)
      ? []
      : [
          row('allow', 'operator', 'iam:PassRole', its('tenant'), 'to pods', passed),
          row('allow', 'operator', 'eks:CreatePodIdentityAssociation', cluster, 'for a tenant'),
          row('allow', 'operator', 'eks:DeletePodIdentityAssociation', binding, 'of a tenant that ends'),
        ]),
    row('deny', 'operator', 'iam:PassRole', its('tenant'), 'to machines', {
      'iam:PassedToService': 'ec2.amazonaws.com',
    }),
    row('deny', 'operator', 'iam:PassRole', ['role deploy', place.deployRoleArn], 'to pods', passed),
    row('deny', 'operator', 'iam:PassRole', its('witness'), 'to pods', passed),
    row('deny', 'operator', 'iam:UpdateAssumeRolePolicy', its('tenant'), 'to become it'),
    row('deny', 'operator', 'iam:CreateRole', its('another'), 'of its own'),
    row('deny', 'operator', 'iam:PutRolePolicy', its('operator'), 'to widen its own'),
    ...secretQuestions(world, cast),
    row('deny', 'operator', 'eks:CreatePodIdentityAssociation', elsewhere, 'in another cluster'),
    row('deny', 'tenant', 'eks:CreatePodIdentityAssociation', cluster, 'to become another'),
    ...storeQuestions(world, place, cast),
    ...edgeQuestions(world, cast, role),
  ];
}

const asking =
  (cast: Cast) =>
  (
    want: 'allow' | 'deny',
    who: keyof Cast,
    action: string,
    [on, resource]: readonly [string, string],
    how: string,
    context: Readonly<Record<string, string>> = {},
  ): Question<Call> => ({ want, who, action, how, on, call: { caller: cast[who], action, resource, context } });

function secretQuestions(world: World, cast: Cast): readonly Question<Call>[] {
  const row = asking(cast);
  const { address, arn } = secretOf(world);
  const vault: readonly [string, string] = [address, arn];
  return [
    row('allow', 'secrets', 'secretsmanager:GetSecretValue', vault, 'for the operator'),
    row('deny', 'operator', 'secretsmanager:GetSecretValue', vault, 'past External Secrets'),
    row('deny', 'tenant', 'secretsmanager:GetSecretValue', vault, 'of the administrator'),
    row('deny', 'administrator', 'secretsmanager:GetSecretValue', vault, 'of the administrator'),
    row('deny', 'administrator', 'secretsmanager:DeleteSecret', vault, 'of the administrator'),
    row('deny', 'secrets', 'secretsmanager:GetSecretValue', vault, 'over plain HTTP', {
      'aws:SecureTransport': 'false',
    }),
  ];
}

/** Cache and queue are shared; what is in them is sealed, so pods of every tenant may come. */
function storeQuestions(world: World, place: AwsPlace, cast: Cast): readonly Question<Call>[] {
  const { environment } = world;
  const own = `${place.region}:${place.accountId}`;
  const ask = (want: 'allow' | 'deny', who: keyof Cast, action: string, resource: string): Question<Call> => ({
    want,
    who,
    action,
    how: 'of the plane',
    on: resource.split(':').slice(-1).join(),
    call: { caller: cast[who], action, resource },
  });
  const cache = `arn:${place.partition}:elasticache:${own}:replicationgroup:${redisName(environment)}`;
  const queue = `arn:${place.partition}:sqs:${own}:${queueName(environment)}`;
  return [
    ...(environment.redis.target === 'managed'
      ? [ask('allow', 'tenant', 'elasticache:Connect', cache), ask('deny', 'backup', 'elasticache:Connect', cache)]
      : []),
    ...(environment.queue.enabled
      ? [
          ask('allow', 'tenant', 'sqs:SendMessage', queue),
          ask('deny', 'tenant', 'sqs:PurgeQueue', queue),
          ask('deny', 'witness', 'sqs:ReceiveMessage', queue),
        ]
      : []),
  ];
}

/** Who may become a role: one service account in one namespace of one cluster, and nobody beside it. */
function trustAnswers(world: World, place: AwsPlace, account: Account): readonly Answer[] {
  const pods: Caller = { kind: 'service', arn: 'pods.eks.amazonaws.com' };
  const cluster = clusterArn(world);
  const session = sessionOf(place, cluster);
  const become = (
    want: 'allow' | 'deny',
    name: string,
    how: string,
    changed: Readonly<Record<string, string>>,
  ): Answer => {
    const role = roleArn(world.environment, place, name);
    const call = { caller: pods, action: 'sts:AssumeRole', context: { ...session, ...changed } };
    return answer(account, { who: 'a pod', how, on: `role ${name}`, role, call, want });
  };
  const serving = (name: string) => ({ 'aws:RequestTag/kubernetes-service-account': name });
  const subjects = subjectAnswers(world, place, account);
  if (isByHand(world)) return subjects;
  const shared = ['tenant', 'backup', 'audit'] as const;
  return [
    become('allow', 'tenant', 'of restore in its namespace', serving('restore')),
    ...shared.flatMap((name) => {
      const own = serving(name === 'tenant' ? 'memory' : name);
      return [
        become('allow', name, 'of its service account', own),
        become('deny', name, 'of another service account', serving('default')),
        become('deny', name, 'of a namespace that is no tenant', {
          ...own,
          'aws:RequestTag/kubernetes-namespace': 'kube-system',
        }),
        become('deny', name, 'of another cluster', { ...own, 'aws:SourceArn': `${cluster}-other` }),
        become('deny', name, 'of another account', { ...own, 'aws:SourceAccount': '999999999999' }),
      ];
    }),
    ...subjects,
  ];
}

/** What EKS says of a pod of memory when it asks for its role. */
const sessionOf = (place: AwsPlace, cluster: string) => ({
  'aws:SourceAccount': place.accountId,
  'aws:SourceArn': cluster,
  'aws:RequestTag/kubernetes-namespace': 'mem-acme',
  'aws:RequestTag/kubernetes-service-account': 'memory',
  'aws:RequestTag/eks-cluster-name': cluster.split('/')[1] ?? '',
});

/** Roles of one service account each: the exact subject and audience, and no other. */
function subjectAnswers(world: World, place: AwsPlace, account: Account): readonly Answer[] {
  const { operatorNamespace, secretsNamespace } = world.environment.identity;
  const roles = [
    ['operator', operatorNamespace, 'operator'],
    ['witness', operatorNamespace, 'witness'],
    ['external-secrets', secretsNamespace, 'external-secrets'],
  ] as const;
  return roles.flatMap(([name, namespace, serviceAccount]) => {
    const role = roleArn(world.environment, place, name);
    const issuer = issuerKey(account, role);
    const caller: Caller = { kind: 'service', arn: trustedIssuer(account, role) };
    const subject = (want: 'allow' | 'deny', how: string, sub: string, aud = 'sts.amazonaws.com'): Answer => {
      const context = { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: aud };
      const call = { caller, action: 'sts:AssumeRoleWithWebIdentity', context };
      return answer(account, { who: 'a pod', how, on: `role ${name}`, role, call, want });
    };
    const own = `system:serviceaccount:${namespace}:${serviceAccount}`;
    return [
      subject('allow', 'of its service account', own),
      subject('deny', 'of another service account', `system:serviceaccount:${namespace}:default`),
      subject('deny', 'of another namespace', `system:serviceaccount:mem-acme:${serviceAccount}`),
      subject('deny', 'for another audience', own, 'elsewhere'),
    ];
  });
}

interface Trusted {
  readonly who: string;
  readonly how: string;
  readonly on: string;
  readonly role: string;
  readonly call: Omit<Call, 'resource'>;
  readonly want: 'allow' | 'deny';
}

const answer = (account: Account, { role, call, ...asked }: Trusted): Answer => ({
  question: { ...asked, action: call.action, call },
  decision: decideTrust(account, role, call),
});

/** The issuer is known after the apply only; its role says under which name it comes. */
function trustedIssuer({ trusts }: Account, role: string): string {
  const [statement] = trusts.get(role) ?? [];
  const principal = statement?.Principal;
  return typeof principal === 'object' ? String(principal.Federated ?? '') : '';
}

function issuerKey({ trusts }: Account, role: string): string {
  const keys = (trusts.get(role) ?? []).flatMap(({ Condition }) => Object.keys(Condition?.StringEquals ?? {}));
  return (keys.find((key) => key.endsWith(':sub')) ?? 'none:sub').slice(0, -':sub'.length);
}
