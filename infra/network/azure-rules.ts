import type { NetworkSecurityGroup } from '@cdktf/provider-azurerm/lib/network-security-group/index.js';
import { NetworkSecurityRule } from '@cdktf/provider-azurerm/lib/network-security-rule/index.js';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { FLOWS, type Listener, PORTS, type ResolvedNetwork } from './contract.js';

type AzureNetwork = ResolvedNetwork<AzureSite>;

/** What has a subnet and its security group; Redis is reached through the endpoints'. */
export type Guarded = 'nodes' | 'postgres' | 'reader' | 'endpoints' | 'control_plane';

interface Rule {
  readonly name: string;
  readonly direction: 'Inbound' | 'Outbound';
  readonly access: 'Allow' | 'Deny';
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly number[] | '*';
}

const GROUP_OF: Readonly<Record<Listener, Guarded>> = {
  postgres: 'postgres',
  reader: 'reader',
  redis: 'endpoints',
  endpoints: 'endpoints',
};

/**
 * Resources of their own, not inline: inline rules are attributes that must name every field. The last one of each
 * direction denies; Azure's own defaults, which trust the whole network, come after it and never apply.
 */
export function buildRules(unit: Construct, config: AzureNetwork, id: Guarded, group: NetworkSecurityGroup): void {
  const rules = [...rulesOf(config, id), deny('Inbound'), deny('Outbound')];
  const counts = { Inbound: 0, Outbound: 0 };
  for (const rule of rules) {
    counts[rule.direction] += 1;
    new NetworkSecurityRule(unit, `rule_${id}_${rule.name.replace(/-/g, '_')}`, {
      name: rule.name,
      resourceGroupName: config.site.resourceGroup,
      networkSecurityGroupName: group.name,
      priority: rule.access === 'Deny' ? LAST : 100 * counts[rule.direction],
      direction: rule.direction,
      access: rule.access,
      protocol: rule.ports === '*' ? '*' : 'Tcp',
      sourcePortRange: '*',
      ...(rule.ports === '*' ? { destinationPortRange: '*' } : { destinationPortRanges: rule.ports.map(String) }),
      ...prefixes('source', rule.from),
      ...prefixes('destination', rule.to),
    });
  }
}

const LAST = 4096;

/** A tag or `*` is accepted in the singular only. */
function prefixes<S extends 'source' | 'destination'>(side: S, ranges: readonly string[]) {
  return ranges.length === 1 ? { [`${side}AddressPrefix`]: ranges[0] } : { [`${side}AddressPrefixes`]: [...ranges] };
}

const deny = (direction: Rule['direction']): Rule => ({
  name: direction === 'Inbound' ? 'deny-in' : 'deny-out',
  direction,
  access: 'Deny',
  from: ['*'],
  to: ['*'],
  ports: '*',
});

function allow(
  direction: Rule['direction'],
  name: string,
  from: readonly string[],
  to: readonly string[],
  ports: Rule['ports'],
): Rule {
  return { name, direction, access: 'Allow', from, to, ports };
}

function rulesOf(config: AzureNetwork, id: Guarded): readonly Rule[] {
  switch (id) {
    case 'nodes':
      return nodeRules(config);
    case 'postgres':
    case 'reader':
      return [...inboundFlows(config, id), ...databaseRules(config, id)];
    case 'endpoints':
      return inboundFlows(config, id);
    case 'control_plane':
      return controlPlaneRules(config);
  }
}

/** What {@link FLOWS} lets into a group, once a port and source. */
function inboundFlows(config: AzureNetwork, id: Guarded): readonly Rule[] {
  const to = [cidrOf(config, id)];
  const rules = FLOWS.filter((flow) => GROUP_OF[flow.to] === id).flatMap((flow) => {
    const from = flow.from === 'nodes' ? config.nodeCidrs : config.biSourceCidrs;
    const port = PORTS.azure[flow.to];
    return from.length === 0 ? [] : [allow('Inbound', `${flow.from}-in-${port}`, from, to, [port])];
  });
  return rules.filter(({ name }, index) => rules.findIndex((one) => one.name === name) === index);
}

function nodeRules(config: AzureNetwork): readonly Rule[] {
  const nodes = config.nodeCidrs;
  const controlPlane = [config.controlPlaneCidr];
  const out = (['postgres', 'reader', 'redis', 'endpoints'] as const).map((to) =>
    allow('Outbound', `to-${to}`, nodes, [cidrOf(config, GROUP_OF[to])], [PORTS.azure[to]]),
  );
  return [
    allow('Inbound', 'nodes-in', nodes, ['*'], '*'),
    allow('Inbound', 'control-plane-in', controlPlane, ['*'], '*'),
    allow('Inbound', 'probes-in', ['AzureLoadBalancer'], ['*'], '*'),
    allow('Outbound', 'to-nodes', ['*'], nodes, '*'),
    allow('Outbound', 'to-control-plane', nodes, controlPlane, [443, 4443]),
    ...out,
    ...config.egress.map(({ name, cidr, ports }) => allow('Outbound', `to-${name}`, nodes, [cidr], ports)),
  ];
}

/** Standby and replicas follow the primary; its log goes to Azure's storage, what asks for keys and people to Entra. */
function databaseRules(config: AzureNetwork, id: 'postgres' | 'reader'): readonly Rule[] {
  const own = [cidrOf(config, id)];
  const databases = [cidrOf(config, 'postgres'), cidrOf(config, 'reader')];
  return [
    allow('Inbound', 'replication-in', databases, own, [5432, 6432]),
    allow('Outbound', 'to-replication', own, databases, [5432, 6432]),
    allow('Outbound', 'to-storage', own, ['Storage'], [443]),
    allow('Outbound', 'to-entra', own, ['AzureActiveDirectory'], [443]),
    allow('Outbound', 'to-keys', own, ['AzureKeyVault'], [443]),
  ];
}

function controlPlaneRules(config: AzureNetwork): readonly Rule[] {
  const own = [config.controlPlaneCidr];
  return [
    allow('Inbound', 'nodes-in', config.nodeCidrs, own, [443, 4443]),
    allow('Inbound', 'probes-in', ['AzureLoadBalancer'], own, [9988]),
    allow('Outbound', 'to-nodes', own, config.nodeCidrs, '*'),
  ];
}

function cidrOf(config: AzureNetwork, id: Guarded): string {
  switch (id) {
    case 'nodes':
      return config.cidr;
    case 'postgres':
      return config.dataCidrs[0];
    case 'reader':
      return config.dataCidrs[1];
    case 'endpoints':
      return config.endpointCidr;
    case 'control_plane':
      return config.controlPlaneCidr;
  }
}
