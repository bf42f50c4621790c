import type { StackGraph } from '../graph.js';
import type { Facts } from '../target.js';
import { keyOf } from './expected-target.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * A policy as one fact a statement, and one that names them all: a statement more is seen as well. AWS gives policies
 * back in another order, with one value in place of a list of one; both sides are brought into one form.
 */
export function statementFacts(policy: string | undefined, prefix = 'statement'): Facts {
  if (policy === undefined || policy === '') return { [`${prefix}s`]: undefined };
  const parsed = parse(policy);
  if (parsed === undefined) return { [`${prefix}s`]: `no policy: ${policy}` };
  const named = [parsed.Statement ?? []].flat().map((one, index) => [nameOf(one as Json, index), one] as const);
  const names = named.map(([name]) => name).sort();
  return {
    [`${prefix}s`]: names.length === 0 ? undefined : names.join(', '),
    ...Object.fromEntries(named.map(([name, one]) => [`${prefix} ${name}`, JSON.stringify(canonical(one))])),
  };
}

const nameOf = ({ Sid }: Json, index: number): string => (typeof Sid === 'string' && Sid !== '' ? Sid : `${index + 1}`);

function parse(policy: string): Json | undefined {
  try {
    return JSON.parse(policy) as Json;
  } catch {
    return undefined;
  }
}

/** Fields and lists in an order of their own, lists of one as their one value, `{"AWS": "*"}` as `*`. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const members = value.map(canonical);
    return members.length === 1
      ? members[0]
      : members.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : String(value);
  const entries = Object.entries(value).map(([key, one]) => [key, canonical(one)] as const);
  if (entries.length === 1 && entries[0]?.[0] === 'AWS' && entries[0][1] === '*') return '*';
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What an apply makes of the references in a policy, as far as it can be known before; ids that AWS chooses are `*`. */
export function settledPolicy(graph: StackGraph, policy: unknown): string | undefined {
  if (typeof policy !== 'string') return undefined;
  return policy
    .replace(/(?<!\$)\$\{[^}]*\}/g, (expression) => arnOf(graph, expression))
    .replaceAll('$${', '${')
    .replaceAll(/arn:aws[a-z-]*:/g, 'arn:');
}

export function arnOf(graph: StackGraph, expression: string): string {
  if (expression.startsWith('${local.')) return ISSUER;
  const one = graph.referred(expression);
  if (one === undefined) return expression;
  const account = String((graph.provider.allowed_account_ids as readonly string[] | undefined)?.[0]);
  const { name, bucket, path, url } = one.attributes;
  const here = `${one.region}:${account}`;
  const shapes: Readonly<Record<string, string>> = {
    aws_kms_key: String(keyOf(graph, expression)),
    aws_kms_replica_key: String(keyOf(graph, expression)),
    aws_s3_bucket: `arn:aws:s3:::${bucket}`,
    aws_iam_role: `arn:aws:iam::${account}:role${path ?? '/'}${name}`,
    aws_iam_openid_connect_provider: `arn:aws:iam::${account}:oidc-provider/${issuerOf(url)}`,
    aws_cloudwatch_log_group: `arn:aws:logs:${here}:log-group:${name}`,
    aws_prometheus_workspace: `arn:aws:aps:${here}:workspace/*`,
    aws_route53_zone: 'arn:aws:route53:::hostedzone/*',
    aws_sqs_queue: `arn:aws:sqs:${here}:${name}`,
    aws_sns_topic: `arn:aws:sns:${here}:${name}`,
    aws_secretsmanager_secret: `arn:aws:secretsmanager:${here}:secret:${name}-*`,
    aws_ecs_cluster: `arn:aws:ecs:${here}:cluster/${name}`,
  };
  return shapes[one.type] ?? expression;
}

/** The issuer of a cluster has an id that AWS chooses. */
const ISSUER = 'oidc.eks/*';
const issuerOf = (url: unknown): string =>
  String(url).startsWith('$') ? ISSUER : String(url).replace(/^https:\/\//, '');

/** Who knows how a key that has an id is called. */
interface KeyNames {
  nameOf(id: string | undefined, region: string): Promise<string | undefined>;
}

/** A policy as it is read, with the ids that AWS chose in the words of the stacks. */
export async function readPolicy(policy: string | undefined, keys: KeyNames): Promise<string | undefined> {
  if (policy === undefined) return undefined;
  let text = policy
    .replaceAll(/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/id\/[A-Za-z0-9]+/g, ISSUER)
    .replaceAll(/(:::hostedzone\/)[A-Z0-9]+/g, '$1*')
    .replaceAll(/(:workspace\/)ws-[a-z0-9-]+/g, '$1*')
    .replaceAll(/(:secret:[A-Za-z0-9/_+=.@-]+)-[A-Za-z0-9]{6}(?=")/g, '$1-*');
  for (const arn of new Set(text.match(/arn:aws[a-z-]*:kms:[a-z0-9-]+:\d+:key\/[A-Za-z0-9-]+/g) ?? [])) {
    text = text.replaceAll(arn, (await keys.nameOf(arn, arn.split(':')[3] ?? '')) ?? arn);
  }
  return text.replaceAll(/arn:aws[a-z-]*:/g, 'arn:');
}
