import type { World } from '../rule.js';
import { at, type Resource, resourcesOf, type StackJson } from '../terraform-json.js';

interface Account {
  readonly id: string;
  readonly partition: string;
  readonly region: string;
  readonly replicaRegion: string;
}

export function accountOf({ environment: { place } }: World): Account {
  if (place.cloud !== 'aws') throw new TypeError(`an account of AWS in ${place.cloud}`);
  return { id: place.accountId, partition: place.partition, region: place.region, replicaRegion: place.replicaRegion };
}

export function clusterArn(world: World): string {
  const { id, partition, region } = accountOf(world);
  return `arn:${partition}:eks:${region}:${id}:cluster/memplane-${world.environment.name}`;
}

/** ARNs as they will be once applied; ids that AWS draws are stood for by the resource's own. */
export function arnOf(account: Account, { type, id, attributes }: Resource): string | undefined {
  const { partition } = account;
  const region = at(attributes, 'provider') === 'aws.replica' ? account.replicaRegion : account.region;
  const regional = (service: string, rest: string): string =>
    `arn:${partition}:${service}:${region}:${account.id}:${rest}`;
  const name = String(at(attributes, 'name') ?? id);
  switch (type) {
    case 'aws_s3_bucket':
      return `arn:${partition}:s3:::${String(at(attributes, 'bucket'))}`;
    case 'aws_kms_key':
    case 'aws_kms_replica_key':
      return regional('kms', `key/${id}`);
    case 'aws_iam_role':
      return `arn:${partition}:iam::${account.id}:role${String(at(attributes, 'path') ?? '/')}${name}`;
    case 'aws_route53_zone':
      return `arn:${partition}:route53:::hostedzone/${id}`;
    case 'aws_prometheus_workspace':
      return regional('aps', `workspace/${id}`);
    case 'aws_sqs_queue':
      return regional('sqs', name);
    case 'aws_sns_topic':
      return regional('sns', name);
    case 'aws_secretsmanager_secret':
      return regional('secretsmanager', `secret:${name}-AbCdEf`);
    case 'aws_cloudwatch_log_group':
      return regional('logs', `log-group:${name}`);
    case 'aws_ecr_repository':
      return regional('ecr', `repository/${name}`);
    default:
      return undefined;
  }
}

/**
 * The text of a policy as AWS will read it: references become ARNs, `$${aws:…}` becomes IAM's own `${aws:…}`, and what
 * is not known before the apply becomes a word that matches nothing.
 */
export function resolved(account: Account, stack: StackJson, text: string): string {
  return text.replace(/\$\$\{|\$\{([^}]*)\}/g, (whole, inner: string | undefined) => {
    if (inner === undefined) return whole.slice(1);
    const [type = '', id = '', attribute = ''] = inner.split('.');
    const found = resourcesOf(stack, type).find((one) => one.id === id);
    const arn = found === undefined || !/^(arn|id)$/.test(attribute) ? undefined : arnOf(account, found);
    return arn ?? `unknown:${type}.${id}`;
  });
}
