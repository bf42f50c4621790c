import { prefixOf } from '../../spec/names.js';
import type { World } from '../rule.js';
import { resourcesOf } from '../terraform-json.js';
import type { Call, Caller } from './aws-evaluator.js';
import { accountOf, arnOf } from './aws-references.js';
import type { Cast } from './aws-stage.js';
import type { Question } from './truth.js';

type Want = 'allow' | 'deny';

/** Who writes names and proofs of certificates, and who writes metrics: each its own, and nothing else of the zone. */
export function edgeQuestions(world: World, cast: Cast, role: (name: string) => string): readonly Question<Call>[] {
  return [...recordQuestions(world, cast, role), ...metricQuestions(world, cast, role)];
}

function recordQuestions(world: World, cast: Cast, role: (name: string) => string): readonly Question<Call>[] {
  const { edge, baseDomain } = world.environment;
  const { partition } = accountOf(world);
  const zone = edge.zoneId === undefined ? found(world, 'aws_route53_zone') : hosted(partition, edge.zoneId);
  if (zone === undefined) return [];
  const certManager = writer('cert-manager', role);
  const externalDns = writer('external-dns', role);
  const change = changing(zone);
  const challenge = `_acme-challenge.${baseDomain}`;
  return [
    change('allow', certManager, 'TXT', challenge),
    change('allow', certManager, 'TXT', `_acme-challenge.acme.${baseDomain}`),
    change('deny', certManager, 'TXT', baseDomain),
    change('deny', certManager, 'A', challenge),
    changing(hosted(partition, 'ZANOTHERZONE'))('deny', certManager, 'TXT', challenge),
    // As Route 53 compares an asterisk.
    change('allow', externalDns, 'A', `\\052.${baseDomain}`),
    change('allow', externalDns, 'CNAME', `acme.${baseDomain}`),
    change('deny', externalDns, 'NS', baseDomain),
    change('deny', externalDns, 'MX', baseDomain),
    change('deny', externalDns, 'A', 'example.net'),
    change('deny', ['operator', cast.operator], 'A', `acme.${baseDomain}`),
    change('deny', ['tenant', cast.tenant], 'TXT', challenge),
    change('deny', ['deploy', { ...cast.deploy, administrator: false }], 'A', `acme.${baseDomain}`),
    ...[certManager, externalDns, ['operator', cast.operator] as const].map((who) => ending(zone, who)),
  ];
}

type Who = readonly [name: string, caller: Caller];

const writer = (name: string, role: (name: string) => string): Who => [name, { kind: 'role', arn: role(name) }];

const changing =
  (zone: string) =>
  (want: Want, [who, caller]: Who, type: string, name: string): Question<Call> => ({
    ...{ want, who, action: CHANGE, how: `${type} ${name}`, on: zone.split(':').at(-1) ?? zone },
    call: {
      caller,
      action: CHANGE,
      resource: zone,
      context: { [`${CHANGE}RecordTypes`]: type, [`${CHANGE}NormalizedRecordNames`]: name },
    },
  });

const CHANGE = 'route53:ChangeResourceRecordSets';

const ending = (resource: string, [who, caller]: Who): Question<Call> => ({
  ...{ want: 'deny', who, action: 'route53:DeleteHostedZone', how: 'with every name in it', on: 'the zone' },
  call: { caller, action: 'route53:DeleteHostedZone', resource },
});

const hosted = (partition: string, id: string): string => `arn:${partition}:route53:::hostedzone/${id}`;

function metricQuestions(world: World, cast: Cast, role: (name: string) => string): readonly Question<Call>[] {
  const workspace = found(world, 'aws_prometheus_workspace');
  if (workspace === undefined) return [];
  const scraper: Caller = { kind: 'role', arn: role('prometheus') };
  const ask = (want: Want, who: string, caller: Caller, action: string, resource: string): Question<Call> => ({
    ...{ want, who, action: `aps:${action}`, how: 'metrics', on: `metrics of ${prefixOf(world.environment)}` },
    call: { caller, action: `aps:${action}`, resource },
  });
  return [
    ask('allow', 'scraper', scraper, 'RemoteWrite', workspace),
    ask('deny', 'scraper', scraper, 'QueryMetrics', workspace),
    ask('deny', 'scraper', scraper, 'DeleteWorkspace', workspace),
    ask('deny', 'scraper', scraper, 'RemoteWrite', `${workspace}-another`),
    ask('deny', 'operator', cast.operator, 'RemoteWrite', workspace),
    ask('deny', 'tenant', cast.tenant, 'QueryMetrics', workspace),
  ];
}

function found(world: World, type: string): string | undefined {
  const [one] = world.stacks.flatMap(({ json }) => resourcesOf(json, type));
  return one === undefined ? undefined : arnOf(accountOf(world), one);
}
