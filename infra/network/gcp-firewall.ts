import { ComputeFirewall, type ComputeFirewallConfig } from '@cdktf/provider-google/lib/compute-firewall/index.js';
import type { ComputeNetwork } from '@cdktf/provider-google/lib/compute-network/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { FLOWS, type Listener, PORTS, type ResolvedNetwork } from './contract.js';

type GcpNetwork = ResolvedNetwork<GcpSite>;
type Rule = Pick<
  ComputeFirewallConfig,
  'direction' | 'priority' | 'allow' | 'deny' | 'sourceRanges' | 'destinationRanges'
>;

/** Google's APIs inside of the network: `private.googleapis.com`. */
export const GOOGLE_APIS = '199.36.153.8/30';

const ANYWHERE = ['0.0.0.0/0'];
const tcp = (ports: readonly number[]) => [{ protocol: 'tcp', ports: ports.map(String) }];

/**
 * Everything is denied and logged at the end, in both directions; these come before. Databases stand in a peered
 * network that takes no rules of ours: what reaches them is bounded by what may leave here.
 */
export function buildFirewall(unit: Construct, config: GcpNetwork, network: ComputeNetwork): void {
  for (const [id, rule] of Object.entries(rulesOf(config))) {
    new ComputeFirewall(unit, `firewall_${id.replace(/-/g, '_')}`, {
      project: config.site.projectId,
      name: checkName('gcp', 'network', `${config.name}-${id}`),
      network: network.id,
      ...rule,
      logConfig: { metadata: 'INCLUDE_ALL_METADATA' },
    });
  }
}

function rulesOf(config: GcpNetwork): Readonly<Record<string, Rule>> {
  const nodes = [config.nodeCidrs[0], config.podCidr];
  const out = (destinationRanges: readonly string[], allow: Rule['allow']): Rule => ({
    direction: 'EGRESS',
    priority: 1000,
    destinationRanges: [...destinationRanges],
    ...(allow === undefined ? {} : { allow }),
  });
  const flows = FLOWS.filter(({ from }) => from === 'nodes').map(({ to }) => [
    `nodes-to-${to}`,
    out(rangesOf(config, to), tcp([PORTS.gcp[to]])),
  ]);
  const named = config.egress.map(({ name, cidr, ports }) => [`nodes-to-${name}`, out([cidr], tcp(ports))]);
  return {
    'nodes-into-nodes': { direction: 'INGRESS', priority: 1000, sourceRanges: nodes, allow: [{ protocol: 'all' }] },
    'nodes-to-nodes': out(nodes, [{ protocol: 'all' }]),
    // 8132 is the tunnel through which the API server reaches pods.
    'nodes-to-control-plane': out([config.controlPlaneCidr], tcp([443, 8132])),
    ...Object.fromEntries(flows),
    ...Object.fromEntries(named),
    'deny-in': { direction: 'INGRESS', priority: 65_534, sourceRanges: ANYWHERE, deny: [{ protocol: 'all' }] },
    'deny-out': { direction: 'EGRESS', priority: 65_534, destinationRanges: ANYWHERE, deny: [{ protocol: 'all' }] },
  };
}

function rangesOf({ dataCidrs }: GcpNetwork, to: Listener): readonly string[] {
  switch (to) {
    case 'postgres':
    case 'reader':
      // This region's databases, and those that take over in the second.
      return dataCidrs.slice(1);
    case 'redis':
      return dataCidrs.slice(0, 1);
    case 'endpoints':
      return [GOOGLE_APIS];
  }
}
