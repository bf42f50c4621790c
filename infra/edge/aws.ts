import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { Route53Zone } from '@cdktf/provider-aws/lib/route53-zone/index.js';
import type { Construct } from 'constructs';
import { buildAccountRole } from '../identity/aws-account-role.js';
import { allow, document } from '../identity/aws-statements.js';
import { GUARDED } from '../support/guard.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { challengesOf, EDGE_ACCOUNTS, type EdgeConfig, type EdgeOutput, type EdgeWorker, NOBODY } from './contract.js';

type AwsEdge = EdgeConfig<AwsSite>;

interface Zone {
  readonly id: string;
  readonly arn: string;
  readonly nameServers: readonly string[];
}

export function buildAwsEdge(unit: Construct, config: AwsEdge): EdgeOutput {
  const zone = zoneOf(unit, config);
  if (zone === undefined) return { nameServers: [], annotations: NOBODY };
  const annotate = (worker: EdgeWorker) => ({
    'eks.amazonaws.com/role-arn': buildWriter(unit, config, worker, zone.arn),
  });
  const annotations = { certManager: annotate('certManager'), externalDns: annotate('externalDns') };
  return { zoneID: zone.id, nameServers: zone.nameServers, annotations };
}

function zoneOf(unit: Construct, { site, zone, dnsZone, name, tags }: AwsEdge): Zone | undefined {
  if (zone !== 'Made') {
    if (zone.id === undefined) return undefined;
    return { id: zone.id, arn: `arn:${site.partition}:route53:::hostedzone/${zone.id}`, nameServers: [] };
  }
  const made = new Route53Zone(unit, 'zone', {
    ...providerOf(site),
    name: dnsZone,
    comment: `${name}: names of tenants`,
    // Somebody's names would go with it: a zone with records in it stays.
    forceDestroy: false,
    tags: buildTags('aws', tags, 'edge'),
    lifecycle: GUARDED,
  });
  made.overrideLogicalId('dns_zone');
  return { id: made.zoneId, arn: made.arn, nameServers: made.nameServers };
}

/** The types and names of records that each may write; Route 53 compares them one by one. */
function recordsOf({ baseDomain }: AwsEdge, worker: EdgeWorker) {
  return worker === 'certManager'
    ? { types: ['TXT'], names: challengesOf(baseDomain) }
    : { types: ['A', 'AAAA', 'CNAME', 'TXT'], names: [baseDomain, `*.${baseDomain}`] };
}

function buildWriter(unit: Construct, config: AwsEdge, worker: EdgeWorker, zone: string): string {
  const { site } = config;
  const [namespace, account] = EDGE_ACCOUNTS[worker];
  const id = account.replace(/-/g, '_');
  const { role, arn } = buildAccountRole(unit, id, { ...config, namespace, account });
  const policy = buildRecordPolicy(config, worker, zone);
  new IamRolePolicy(unit, `${id}_records`, { ...providerOf(site), name: 'records', role: role.id, policy });
  return arn;
}

function buildRecordPolicy(config: AwsEdge, worker: EdgeWorker, zone: string): string {
  const { types, names } = recordsOf(config, worker);
  const key = (what: string) => `route53:ChangeResourceRecordSets${what}`;
  return document([
    allow('OwnRecords', 'route53:ChangeResourceRecordSets', zone, {
      'ForAllValues:StringEquals': { [key('RecordTypes')]: types },
      'ForAllValues:StringLike': { [key('NormalizedRecordNames')]: names },
      // "For all" also holds for none.
      Null: { [key('RecordTypes')]: 'false', [key('NormalizedRecordNames')]: 'false' },
    }),
    allow('SeesThem', ['route53:GetHostedZone', 'route53:ListResourceRecordSets'], zone),
    allow('WaitsForThem', 'route53:GetChange', `arn:${config.site.partition}:route53:::change/*`),
  ]);
}
