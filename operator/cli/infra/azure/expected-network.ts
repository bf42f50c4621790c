import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { textAt } from '../rest.js';
import type { Target } from '../target.js';
import { idIn, idOf } from './expected-target.js';
import { wayText } from './way-words.js';

type Attributes = GraphResource['attributes'];

/** Who may reach what: security groups, subnets, private endpoints and the names that lead to them. */
export function expectOfNetwork(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('azurerm_virtual_network', networkTarget),
    ...each('azurerm_subnet', subnetTarget),
    ...each('azurerm_network_security_group', groupTarget),
    ...each('azurerm_private_endpoint', endpointTarget),
    ...each('azurerm_private_dns_zone_virtual_network_link', namesTarget),
    ...each('azurerm_monitor_private_link_scope', scopeTarget),
    ...each('azurerm_monitor_data_collection_endpoint', doorTarget),
  ];
}

const texts = (value: unknown): readonly string[] => (value ?? []) as readonly string[];

function networkTarget(graph: StackGraph, network: GraphResource): Target {
  const subnets = graph
    .of('azurerm_subnet')
    .filter(({ attributes }) => graph.referred(attributes.virtual_network_name)?.address === network.address);
  return target(graph, network, 'network', idOf(graph, network, 'Microsoft.Network/virtualNetworks'), {
    'address range': listed(texts(network.attributes.address_space)),
    subnets: listed(subnets.map(({ attributes }) => String(attributes.name))),
  });
}

function subnetTarget(graph: StackGraph, subnet: GraphResource): Target {
  const { attributes } = subnet;
  const joined = (type: string, field: string): string | undefined => {
    const one = graph.of(type).find((link) => graph.referred(link.attributes.subnet_id)?.address === subnet.address);
    return graph.referred(one?.attributes[field])?.attributes.name as string | undefined;
  };
  return target(graph, subnet, 'subnet', idIn(graph, `\${${subnet.address}.id}`) ?? '', {
    'address range': listed(texts(attributes.address_prefixes)),
    rules: joined('azurerm_subnet_network_security_group_association', 'network_security_group_id'),
    'way out': joined('azurerm_subnet_nat_gateway_association', 'nat_gateway_id'),
    'way out of Azure': attributes.default_outbound_access_enabled !== false,
    'rules for endpoints': textAt(attributes, 'private_endpoint_network_policies'),
    'given to': listed(blocks(attributes.delegation).map((one) => textAt(block(one.service_delegation), 'name'))),
  });
}

/** A rule that nobody wrote here is as much of a door as one that was changed. */
function groupTarget(graph: StackGraph, group: GraphResource): Target {
  const rules = graph
    .of('azurerm_network_security_rule')
    .filter(({ attributes }) => graph.referred(attributes.network_security_group_name)?.address === group.address)
    .map(({ attributes }) => attributes);
  return target(graph, group, 'group', idOf(graph, group, 'Microsoft.Network/networkSecurityGroups'), {
    rules: listed(rules.map(({ name }) => String(name))),
    ...Object.fromEntries(rules.map((rule) => [`rule ${rule.name}`, ruleText(rule)])),
  });
}

function ruleText(rule: Attributes): string {
  const either = (one: unknown, several: unknown): readonly string[] =>
    several === undefined ? [String(one)] : texts(several);
  return wayText({
    direction: textAt(rule, 'direction'),
    access: textAt(rule, 'access'),
    priority: rule.priority as number | undefined,
    protocol: textAt(rule, 'protocol'),
    from: either(rule.source_address_prefix, rule.source_address_prefixes),
    to: either(rule.destination_address_prefix, rule.destination_address_prefixes),
    ports: either(rule.destination_port_range, rule.destination_port_ranges),
  });
}

function endpointTarget(graph: StackGraph, endpoint: GraphResource): Target {
  const { attributes } = endpoint;
  const link = block(attributes.private_service_connection);
  const to = link?.private_connection_resource_id;
  return target(graph, endpoint, 'endpoint', idOf(graph, endpoint, 'Microsoft.Network/privateEndpoints'), {
    to: (graph.referred(to)?.attributes.name as string | undefined) ?? String(to).split('/').at(-1),
    what: listed(texts(link?.subresource_names)),
    state: 'Approved',
    subnet: graph.referred(attributes.subnet_id)?.attributes.name as string | undefined,
  });
}

function namesTarget(graph: StackGraph, link: GraphResource): Target {
  const { attributes } = link;
  const zone = graph.referred(attributes.private_dns_zone_name);
  const path = zone === undefined ? '' : idOf(graph, zone, 'Microsoft.Network/privateDnsZones');
  return target(graph, link, 'private names', `${path}/virtualNetworkLinks/${attributes.name}`, {
    network: graph.referred(attributes.virtual_network_id)?.attributes.name as string | undefined,
    'machines write names': attributes.registration_enabled === true,
  });
}

const scopeTarget = (graph: StackGraph, scope: GraphResource): Target =>
  target(graph, scope, 'metrics scope', idOf(graph, scope, 'Microsoft.Insights/privateLinkScopes'), {
    'taken in': textAt(scope.attributes, 'ingestion_access_mode'),
    asked: textAt(scope.attributes, 'query_access_mode'),
  });

const doorTarget = (graph: StackGraph, door: GraphResource): Target =>
  target(graph, door, 'metrics door', idOf(graph, door, 'Microsoft.Insights/dataCollectionEndpoints'), {
    public: door.attributes.public_network_access_enabled !== false,
  });
