import { Testing } from 'cdktf';
import { buildKms } from '../../../infra/kms/index.js';
import { buildLinks, type Link } from '../../../infra/links/index.js';
import { buildNetwork } from '../../../infra/network/index.js';
import type { Cloud } from '../../../infra/support/site.js';
import type { StackJson } from '../../support/stacks.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { networkConfig, only } from '../units.js';

const LINKS: readonly Link[] = [
  { name: 'audit', kind: 'Objects', id: '/accounts/audit' },
  { name: 'tenants', kind: 'Keys', id: '/vaults/tenants' },
];

function synthLinks(cloud: Cloud, links: readonly Link[]) {
  const stack = emptyStack();
  const site = SITES[cloud];
  const kms = buildKms(stack, 'kms', { site, name: NAMES[cloud].keys, purposes: ['ops'], tags: TAGS });
  const network = buildNetwork(stack, 'network', networkConfig(cloud, kms.keys.ops));
  const without = Object.keys((JSON.parse(Testing.synth(stack)) as StackJson).resource);
  const { own } = buildLinks(stack, 'it', { site, name: 'memplane-test', tags: TAGS, network, links });
  return { own, without, stack: JSON.parse(Testing.synth(stack)) as StackJson };
}

describe('links to what stands in no network', () => {
  it.each(['aws', 'gcp'] as const)('are the network’s own endpoints on %s, so nothing is built', (cloud) => {
    const { own, without, stack } = synthLinks(cloud, LINKS);
    expect(own).toEqual([]);
    expect(Object.keys(stack.resource)).toEqual(without);
  });

  it('are an endpoint each on Azure, in the subnet for them and with a private name', () => {
    const { own, stack } = synthLinks('azure', LINKS);
    expect(own).toEqual(['audit', 'tenants']);
    expect(only(stack, 'azurerm_private_endpoint', 'it_to_audit')).toMatchObject({
      subnet_id: expect.stringContaining('network_subnet_endpoints'),
      private_service_connection: { private_connection_resource_id: '/accounts/audit', subresource_names: ['blob'] },
      private_dns_zone_group: { private_dns_zone_ids: [expect.stringContaining('it_objects_zone')] },
    });
    expect(only(stack, 'azurerm_private_endpoint', 'it_to_tenants')).toMatchObject({
      private_service_connection: { subresource_names: ['vault'] },
      private_dns_zone_group: { private_dns_zone_ids: [expect.stringContaining('it_keys_zone')] },
    });
  });

  it('are refused twice', () => {
    const twice = LINKS.flatMap((link) => [link, link]);
    expect(() => synthLinks('azure', twice)).toThrow('links memplane-test: linked twice (got "audit"); name each once');
  });
});
