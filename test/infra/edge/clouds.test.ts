import { Testing } from 'cdktf';
import type { ClusterOutput } from '../../../infra/cluster/index.js';
import { buildEdge, type EdgeConfig } from '../../../infra/edge/index.js';
import type { Cloud } from '../../../infra/support/site.js';
import type { StackJson } from '../../support/stacks.js';
import { emptyStack, SITES, TAGS } from '../sites.js';
import { only } from '../units.js';

const CLUSTER = {
  id: 'cluster',
  name: 'cluster',
  issuer: 'https://issuer.example.com',
  issuerHost: 'issuer.example.com',
  federation: 'federation',
} as ClusterOutput;

function synthEdge(cloud: Cloud, given: Partial<EdgeConfig> = {}): StackJson {
  const stack = emptyStack();
  buildEdge(stack, 'it', {
    site: SITES[cloud],
    name: 'memplane-test',
    tags: TAGS,
    cluster: CLUSTER,
    dnsZone: 'example.com',
    baseDomain: 'memory.example.com',
    zone: 'Made',
    roles: { challenger: 'role/challenger', recordKeeper: 'role/record-keeper' },
    ...given,
  });
  return JSON.parse(Testing.synth(stack)) as StackJson;
}

const reference = (what: string): string => ['$', `{${what}}`].join('');

const GUARD = { lifecycle: { prevent_destroy: true } };

describe('the zone of tenants’ names', () => {
  it('is made under its guard on each cloud, and signed where the cloud does it in one step', () => {
    expect(only(synthEdge('aws'), 'aws_route53_zone', 'dns_zone')).toMatchObject({
      name: 'example.com',
      force_destroy: false,
      ...GUARD,
    });
    expect(only(synthEdge('gcp'), 'google_dns_managed_zone', 'dns_zone')).toMatchObject({
      dns_name: 'example.com.',
      visibility: 'public',
      dnssec_config: { state: 'on' },
      cloud_logging_config: { enable_logging: true },
      ...GUARD,
    });
    expect(only(synthEdge('azure'), 'azurerm_dns_zone', 'dns_zone')).toMatchObject({ name: 'example.com', ...GUARD });
  });

  it('lets cert-manager write proofs below the domain of tenants, and nothing else', () => {
    const { policy } = only(synthEdge('aws'), 'aws_iam_role_policy', 'it_cert_manager_records');
    const { Statement } = JSON.parse(String(policy)) as { readonly Statement: readonly object[] };
    expect(Statement[0]).toEqual({
      Sid: 'OwnRecords',
      Effect: 'Allow',
      Action: 'route53:ChangeResourceRecordSets',
      Resource: reference('aws_route53_zone.dns_zone.arn'),
      Condition: {
        'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'] },
        'ForAllValues:StringLike': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': [
            '_acme-challenge.memory.example.com',
            '_acme-challenge.*.memory.example.com',
          ],
        },
        Null: {
          'route53:ChangeResourceRecordSetsRecordTypes': 'false',
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false',
        },
      },
    });
  });

  it.each([
    ['aws', 'Z0123456789ABC', 'arn:aws:route53:::hostedzone/Z0123456789ABC'],
    ['gcp', 'the-zone', '"managed_zone":"the-zone"'],
    ['azure', '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/dnsZones/example.com', '"scope":"/subscr'],
  ] as const)('of somebody else is not made on %s, and written by its id', (cloud, id, says) => {
    const stack = synthEdge(cloud, { zone: { id } });
    expect(Object.keys(stack.resource).filter((type) => /zone$/.test(type))).toEqual([]);
    expect(JSON.stringify(stack.resource).replaceAll('\\"', '"')).toContain(says);
  });

  it.each(['aws', 'gcp', 'azure'] as const)('that nobody names is written by nobody on %s', (cloud) => {
    expect(synthEdge(cloud, { zone: { id: undefined } }).resource ?? {}).toEqual({});
  });

  it('holds the domain of tenants', () => {
    expect(() => synthEdge('aws', { baseDomain: 'notexample.com' })).toThrow(
      'edge memplane-test.dnsZone: notexample.com does not lie within it (got "example.com")',
    );
  });
});
