import type { AwsPlace } from '../../spec/environment.js';
import { roleArn } from '../../spec/names.js';
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
import { type Cast, castOf, secretOf } from './aws-stage.js';
import { bucketQuestions } from './aws-truth-buckets.js';
import { keyQuestions } from './aws-truth-keys.js';
import type { Question } from './truth.js';

export interface Answer {
  readonly question: Question<unknown>;
  readonly decision: Decision;
}

/** Asks every question of the table, of the policies as they were rendered. */
export function awsAnswers(world: World, place: AwsPlace): readonly Answer[] {
  const account = accountFrom(world);
  const cast = castOf(world, place);
  const asked = [...keyQuestions(world, cast), ...bucketQuestions(world, cast), ...grantQuestions(world, place, cast)];
  return [
    ...asked.map((question) => ({ question, decision: decide(account, question.call) })),
    ...trustAnswers(world, place, account),
  ];
}

function grantQuestions(world: World, place: AwsPlace, cast: Cast): readonly Question<Call>[] {
  const role = (name: string): string => roleArn(world.environment, place, name);
  const secret = secretOf(world);
  const row = (
    want: 'allow' | 'deny',
    who: keyof Cast,
    action: string,
    [on, resource]: readonly [string, string],
    how: string,
    context: Readonly<Record<string, string>> = {},
  ): Question<Call> => ({ want, who, action, how, on, call: { caller: cast[who], action, resource, context } });
  const passed = { 'iam:PassedToService': 'pods.eks.amazonaws.com' };
  const its = (name: string): readonly [string, string] => [`role ${name}`, role(name)];
  const vault: readonly [string, string] = [secret.address, secret.arn];
  return [
    row('allow', 'operator', 'iam:PassRole', its('tenant'), 'to pods', passed),
    row('deny', 'operator', 'iam:PassRole', its('tenant'), 'to machines', {
      'iam:PassedToService': 'ec2.amazonaws.com',
    }),
    row('deny', 'operator', 'iam:PassRole', ['role deploy', place.deployRoleArn], 'to pods', passed),
    row('deny', 'operator', 'iam:PassRole', its('witness'), 'to pods', passed),
    row('deny', 'operator', 'iam:UpdateAssumeRolePolicy', its('tenant'), 'to become it'),
    row('deny', 'operator', 'iam:CreateRole', its('another'), 'of its own'),
    row('deny', 'operator', 'iam:PutRolePolicy', its('operator'), 'to widen its own'),
    row('allow', 'secrets', 'secretsmanager:GetSecretValue', vault, 'for the operator'),
    row('deny', 'operator', 'secretsmanager:GetSecretValue', vault, 'past External Secrets'),
    row('deny', 'tenant', 'secretsmanager:GetSecretValue', vault, 'of the administrator'),
    row('deny', 'administrator', 'secretsmanager:GetSecretValue', vault, 'of the administrator'),
    row('deny', 'administrator', 'secretsmanager:DeleteSecret', vault, 'of the administrator'),
  ];
}

/** Who may become a role: one service account in one namespace of one cluster, and nobody beside it. */
function trustAnswers(world: World, place: AwsPlace, account: Account): readonly Answer[] {
  const tenant = roleArn(world.environment, place, 'tenant');
  const operator = roleArn(world.environment, place, 'operator');
  const pods: Caller = { kind: 'service', arn: 'pods.eks.amazonaws.com' };
  const cluster = clusterArn(world, place);
  const session = {
    'aws:SourceAccount': place.accountId,
    'aws:SourceArn': cluster,
    'aws:RequestTag/kubernetes-namespace': 'mem-acme',
    'aws:RequestTag/kubernetes-service-account': 'memory',
    'aws:RequestTag/eks-cluster-name': cluster.split('/')[1] ?? '',
  };
  const become = (want: 'allow' | 'deny', how: string, changed: Readonly<Record<string, string>>): Answer => {
    const call = { caller: pods, action: 'sts:AssumeRole', context: { ...session, ...changed } };
    return answer(account, { who: 'a pod', how, on: 'role tenant', role: tenant, call, want });
  };
  const identity: Caller = { kind: 'service', arn: trustedIssuer(account, operator) };
  const subject = (want: 'allow' | 'deny', how: string, sub: string, aud = 'sts.amazonaws.com'): Answer => {
    const issuer = issuerKey(account, operator);
    const call = {
      caller: identity,
      action: 'sts:AssumeRoleWithWebIdentity',
      context: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: aud },
    };
    return answer(account, { who: 'a pod', how, on: 'role operator', role: operator, call, want });
  };
  if (!account.trusts.has(tenant)) return [];
  return [
    become('allow', 'of memory in its namespace', {}),
    become('allow', 'of restore in its namespace', { 'aws:RequestTag/kubernetes-service-account': 'restore' }),
    become('deny', 'of another service account', { 'aws:RequestTag/kubernetes-service-account': 'default' }),
    become('deny', 'of a namespace that is no tenant', { 'aws:RequestTag/kubernetes-namespace': 'kube-system' }),
    become('deny', 'of another cluster', { 'aws:SourceArn': `${cluster}-other` }),
    become('deny', 'of another account', { 'aws:SourceAccount': '999999999999' }),
    subject('allow', 'of the operator', `system:serviceaccount:${operatorNamespace(world)}:operator`),
    subject('deny', 'of another service account', `system:serviceaccount:${operatorNamespace(world)}:default`),
    subject('deny', 'of another namespace', 'system:serviceaccount:mem-acme:operator'),
    subject('deny', 'for another audience', `system:serviceaccount:${operatorNamespace(world)}:operator`, 'elsewhere'),
  ];
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

function clusterArn(world: World, place: AwsPlace): string {
  return `arn:${place.partition}:eks:${place.region}:${place.accountId}:cluster/memplane-${world.environment.name}`;
}

const operatorNamespace = ({ environment }: World): string => environment.identity.operatorNamespace;

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
