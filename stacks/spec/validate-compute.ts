import { type Check, oneOf, pattern, range } from './checks.js';
import { parseCidr } from './cidr.js';
import type { Environment, Pool } from './environment.js';
import { CLUSTER_IDS } from './names.js';
import { KUBERNETES, NODE_INSTANCES, QDRANT_INSTANCES } from './sizes.js';
import { LOG_DAYS } from './validate-network.js';

export function checkCluster({ profile, place, cluster, network }: Environment): readonly Check[] {
  const { version, publicEndpoint, pools } = cluster;
  const open = publicEndpoint && profile !== 'dev';
  return [
    oneOf('cluster.version', version, KUBERNETES, 'not a version that all vendors support'),
    ...(['system', 'services'] as const).flatMap((name) =>
      checkPool(`cluster.pools.${name}`, pools[name], Object.values(NODE_INSTANCES[place.cloud])),
    ),
    open
      ? {
          path: 'cluster.publicEndpoint',
          value: true,
          message: 'the API server would answer on the internet',
          allowed: 'false',
          waiver: { rule: 'CLUSTER-PUBLIC', resource: CLUSTER_IDS[place.cloud] },
        }
      : undefined,
    publicEndpoint && network.apiSourceCidrs.length === 0
      ? {
          path: 'network.apiSourceCidrs',
          value: [],
          message: 'everybody would reach the API server',
          allowed: 'the ranges that may',
        }
      : undefined,
    ...network.apiSourceCidrs.map((value, index) => {
      const found = parseCidr(value);
      if (found !== undefined && found.bits >= 8) return undefined;
      const message = 'everybody, or not a range';
      return { path: `network.apiSourceCidrs[${index}]`, value, message, allowed: 'a range of /8 or longer' };
    }),
  ];
}

function checkPool(at: string, pool: Pool, known: readonly string[]): readonly Check[] {
  const { size, instance, minPerZone, maxPerZone, diskGb } = pool;
  return [
    oneOf(`${at}.size`, size, ['small', 'medium', 'large'], 'unsupported size'),
    instance === undefined ? undefined : oneOf(`${at}.instance`, instance, known, 'not in the table of sizes'),
    range(`${at}.minPerZone`, minPerZone, 1, 100, 'a zone without a node carries nothing'),
    range(`${at}.maxPerZone`, maxPerZone, minPerZone, 100, 'fewer than minPerZone, or too many for the ranges'),
    range(`${at}.diskGb`, diskGb, 20, 4095, 'too small for images, or too large to be sold'),
  ];
}

export function checkIdentities({ place, identity }: Environment): readonly Check[] {
  const namespaces = ['operatorNamespace', 'dataNamespace', 'secretsNamespace'] as const;
  const label = /^(?!mem-)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
  return [
    oneOf('identity.aws', identity.aws, ['PodIdentity', 'Irsa']),
    ...namespaces.map((field) =>
      pattern(`identity.${field}`, identity[field], label, 'not a namespace, or one of those that tenants have'),
    ),
    place.cloud !== 'aws' && identity.aws === 'Irsa'
      ? {
          path: 'identity.aws',
          value: 'Irsa',
          message: `${place.cloud} has nothing of the kind`,
          allowed: 'PodIdentity',
        }
      : undefined,
  ];
}

export function warnOfIrsa({ place, identity }: Environment): Check {
  if (place.cloud !== 'aws' || identity.aws !== 'Irsa') return undefined;
  const message = 'one role a tenant must be made by hand, and named memplane-<env>-tenant-<name>';
  return { path: 'identity.aws', value: 'Irsa', message, allowed: 'PodIdentity, which needs none' };
}

export function checkQdrant({ profile, place, qdrant }: Environment): readonly Check[] {
  const { nodes, size, instance, diskGb, replicationFactor, snapshotHours } = qdrant;
  const alone = profile !== 'dev' && (nodes < 3 || replicationFactor < 2);
  return [
    [1, 3, 5].includes(nodes)
      ? undefined
      : { path: 'qdrant.nodes', value: nodes, message: 'a majority needs an odd number', allowed: '1, 3, 5' },
    oneOf('qdrant.size', size, ['small', 'medium', 'large'], 'unsupported size'),
    instance === undefined
      ? undefined
      : oneOf('qdrant.instance', instance, Object.values(QDRANT_INSTANCES[place.cloud]), 'not in the table of sizes'),
    range('qdrant.diskGb', diskGb, 20, 16_384, 'too small or too large to be sold'),
    range(
      'qdrant.replicationFactor',
      replicationFactor,
      1,
      Math.min(nodes, 3),
      'more copies than nodes, or than useful',
    ),
    range(
      'qdrant.snapshotHours',
      snapshotHours,
      1,
      168,
      'less than hourly costs more than it saves; longer than a week is none',
    ),
    alone
      ? {
          path: 'qdrant.replicationFactor',
          value: `${replicationFactor} copies on ${nodes} nodes`,
          message: 'the loss of one node would be the loss of its vectors',
          allowed: 'two copies on three nodes, or more',
          waiver: { rule: 'QDRANT-HA', resource: 'qdrant' },
        }
      : undefined,
  ];
}

export function checkAccess({ place, access }: Environment): readonly Check[] {
  if (access === undefined) return [];
  const { pipeline, compliance, breakGlass } = access;
  const people = [
    ...compliance.map((arn, index) => [`access.compliance[${index}]`, arn] as const),
    ...breakGlass.map((arn, index) => [`access.breakGlass[${index}]`, arn] as const),
  ];
  return [
    pattern('access.pipeline.issuer', pipeline.issuer, /^https:\/\/[^\s/]+(\/\S*)?$/, 'not an issuer of tokens'),
    pattern(
      'access.pipeline.subject',
      pipeline.subject,
      /^[^\s*?]+$/,
      'a pattern would admit others than this pipeline',
    ),
    ...people.map(([path, arn]) =>
      pattern(
        path,
        arn,
        /^arn:[\w-]+:(iam|sts)::\d{12}:(role|user|assumed-role)\/[\w+=,.@/-]+$/,
        'not one principal of AWS',
      ),
    ),
    place.cloud !== 'aws' && people.length > 0
      ? {
          path: 'access',
          value: people.map(([, arn]) => arn),
          message: `on ${place.cloud} the groups of place say who`,
          allowed: 'compliance: [], breakGlass: []',
        }
      : undefined,
  ];
}

export function checkObservability({ profile, place, observability }: Environment): readonly Check[] {
  const { logDays, alarmEmails, metrics } = observability;
  const least = profile === 'dev' ? 1 : 365;
  return [
    place.cloud === 'aws' && !LOG_DAYS.includes(logDays)
      ? {
          path: 'observability.logDays',
          value: logDays,
          message: 'CloudWatch keeps no logs for this long',
          allowed: LOG_DAYS.filter((days) => days >= least).join(', '),
        }
      : range('observability.logDays', logDays, least, 3653, 'evidence goes too early, or is kept for ever'),
    oneOf('observability.metrics', metrics, ['managed', 'inCluster']),
    place.cloud !== 'azure' && observability.dedicatedLogs === true
      ? {
          path: 'observability.dedicatedLogs',
          value: true,
          message: `${place.cloud} keeps logs under a key of ours as they are`,
          allowed: 'false',
        }
      : undefined,
    ...alarmEmails.map((email, index) =>
      pattern(`observability.alarmEmails[${index}]`, email, /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'not an address'),
    ),
  ];
}

export function warnOfSilence({ profile, observability }: Environment): Check {
  if (profile === 'dev' || observability.alarmEmails.length > 0) return undefined;
  const message = 'alarms reach nobody unless something listens to their topic';
  return { path: 'observability.alarmEmails', value: [], message, allowed: 'addresses of those on call' };
}

/** What Fargate sells together: memory by processors, in its own units. */
const FARGATE: Readonly<Record<number, readonly number[]>> = {
  1024: [2048, 4096, 8192],
  2048: [4096, 8192, 16_384],
  4096: [8192, 16_384, 30_720],
};

export function checkEcs({ place, ecs }: Environment): readonly Check[] {
  if (ecs === undefined) return [];
  if (place.cloud !== 'aws') {
    return [{ path: 'ecs', value: ecs, message: `${place.cloud} has nothing of the kind`, allowed: 'no ecs' }];
  }
  const certificate = new RegExp(`^arn:${place.partition}:acm:${place.region}:${place.accountId}:certificate/[\\w-]+$`);
  const memories = FARGATE[ecs.cpu] ?? [];
  const twice = new Set(ecs.tenants).size !== ecs.tenants.length;
  return [
    ecs.tenants.length === 0 || twice
      ? { path: 'ecs.tenants', value: ecs.tenants, message: 'none, or one twice', allowed: 'each tenant once' }
      : undefined,
    ...ecs.tenants.map((tenant, index) =>
      pattern(`ecs.tenants[${index}]`, tenant, /^[a-z][a-z0-9-]{0,22}[a-z0-9]$/, 'needs a short DNS label'),
    ),
    pattern('ecs.certificateArn', ecs.certificateArn, certificate, 'not a certificate of this account and region'),
    pattern('ecs.imageDigest', ecs.imageDigest, /^sha256:[0-9a-f]{64}$/, 'a tag can be moved: name the digest'),
    memories.includes(ecs.memory)
      ? undefined
      : {
          path: 'ecs.memory',
          value: `${ecs.cpu}/${ecs.memory}`,
          message: 'Fargate does not sell these two together',
          allowed: Object.entries(FARGATE)
            .map(([cpu, sizes]) => `${cpu} with ${sizes.join(', ')}`)
            .join('; '),
        },
    range('ecs.desiredCount', ecs.desiredCount, 1, 10, 'none, or more than the balancer is asked for'),
  ];
}
