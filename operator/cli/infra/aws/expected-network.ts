import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { keyOf, target } from './expected-target.js';
import { type Way, wayText } from './network-words.js';
import { settledPolicy, statementFacts } from './statements.js';

/** Who may open a connection to what, what is written down of it, and how disks and machines are made. */
export function expectOfNetwork(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('aws_vpc', networkTarget),
    ...each('aws_subnet', subnetTarget),
    ...each('aws_route_table', routesTarget),
    ...each('aws_security_group', groupTarget),
    ...each('aws_default_security_group', defaultGroupTarget),
    ...each('aws_vpc_endpoint', endpointTarget),
    ...each('aws_flow_log', flowsTarget),
    ...each('aws_launch_template', machineTarget),
    ...each('aws_ebs_encryption_by_default', disksTarget),
    ...each('aws_ebs_default_kms_key', disksKeyTarget),
  ];
}

/** EC2 gives ids; what both sides know is the tag `Name`. */
const tagOf = (one: GraphResource | undefined): string | undefined =>
  (one?.attributes.tags as Readonly<Record<string, string>> | undefined)?.Name;

const networkTarget = (graph: StackGraph, network: GraphResource): Target =>
  target(graph, network, 'network', tagOf(network), {
    'address range': network.attributes.cidr_block as string | undefined,
    'names inside': network.attributes.enable_dns_support !== false,
    'names of machines': network.attributes.enable_dns_hostnames === true,
  });

const subnetTarget = (graph: StackGraph, subnet: GraphResource): Target =>
  target(graph, subnet, 'subnet', tagOf(subnet), {
    'address range': subnet.attributes.cidr_block as string | undefined,
    zone: subnet.attributes.availability_zone as string | undefined,
    'public addresses': subnet.attributes.map_public_ip_on_launch === true,
  });

const WAYS_OUT = { nat_gateway_id: 'NAT', gateway_id: 'the internet' } as const;

function routesTarget(graph: StackGraph, table: GraphResource): Target {
  const mine = (type: string) =>
    graph
      .of(type)
      .filter(({ attributes }) => graph.referred(attributes.route_table_id)?.address === table.address)
      .map(({ attributes }) => attributes);
  const ways = mine('aws_route').map((route) => {
    const by = Object.entries(WAYS_OUT).find(([field]) => route[field] !== undefined)?.[1] ?? 'something else';
    return `${route.destination_cidr_block} by ${by}`;
  });
  const subnets = mine('aws_route_table_association').map(({ subnet_id }) => tagOf(graph.referred(subnet_id)));
  return target(graph, table, 'routes', tagOf(table), { 'lead out': listed(ways), 'for subnets': listed(subnets) });
}

function groupTarget(graph: StackGraph, group: GraphResource): Target {
  const { name } = group.attributes;
  return target(graph, group, 'group', `${tagOf(graph.referred(group.attributes.vpc_id))}/${name}`, {
    'lets in': waysOf(graph, group, 'aws_vpc_security_group_ingress_rule'),
    'lets out': waysOf(graph, group, 'aws_vpc_security_group_egress_rule'),
  });
}

const waysOf = (graph: StackGraph, group: GraphResource, type: string): string | undefined =>
  listed(
    graph
      .of(type)
      .filter(({ attributes }) => graph.referred(attributes.security_group_id)?.address === group.address)
      .map(({ attributes }) => wayText(wayOf(graph, attributes))),
  );

function wayOf(graph: StackGraph, rule: GraphResource['attributes']): Way {
  const other = graph.referred(rule.referenced_security_group_id)?.attributes.name;
  // The list of the addresses of a service that an endpoint of this network leads to.
  const service = graph.referred(rule.prefix_list_id)?.attributes.service_name;
  return {
    protocol: String(rule.ip_protocol),
    from: rule.from_port as number | undefined,
    to: rule.to_port as number | undefined,
    whom: String(rule.cidr_ipv4 ?? rule.cidr_ipv6 ?? other ?? service ?? rule.prefix_list_id),
  };
}

const defaultGroupTarget = (graph: StackGraph, group: GraphResource): Target =>
  target(graph, group, 'group', `${tagOf(graph.referred(group.attributes.vpc_id))}/default`, {
    'lets in': undefined,
    'lets out': undefined,
  });

function endpointTarget(graph: StackGraph, endpoint: GraphResource): Target {
  const { attributes } = endpoint;
  const named = (values: unknown, name: (one: GraphResource | undefined) => string | undefined) =>
    listed(((values ?? []) as readonly unknown[]).map((one) => name(graph.referred(one))));
  const name = `${tagOf(graph.referred(attributes.vpc_id))}/${attributes.service_name}`;
  return target(graph, endpoint, 'endpoint', name, {
    // A gateway is a route and has no name.
    'names inside': attributes.vpc_endpoint_type === 'Gateway' || attributes.private_dns_enabled === true,
    groups: named(attributes.security_group_ids, (one) => one?.attributes.name as string | undefined),
    subnets: named(attributes.subnet_ids, tagOf),
    'route tables': named(attributes.route_table_ids, tagOf),
    ...statementFacts(settledPolicy(graph, attributes.policy)),
  });
}

function flowsTarget(graph: StackGraph, flows: GraphResource): Target {
  const { attributes } = flows;
  return target(graph, flows, 'flows', tagOf(graph.referred(attributes.vpc_id)), {
    on: true,
    what: attributes.traffic_type as string | undefined,
    'every seconds': attributes.max_aggregation_interval as number | undefined,
    'written to': graph.referred(attributes.log_destination)?.attributes.name as string | undefined,
  });
}

function machineTarget(graph: StackGraph, machine: GraphResource): Target {
  const { attributes } = machine;
  const metadata = block(attributes.metadata_options);
  const disks = blocks(attributes.block_device_mappings).map(({ device_name, ebs }) => {
    const disk = block(ebs);
    const sealed = String(disk?.encrypted) === 'true' ? keyOf(graph, disk?.kms_key_id) : 'not encrypted';
    return `${device_name}: ${sealed}`;
  });
  const facts: Facts = {
    'metadata only with a token': metadata?.http_tokens === 'required',
    'metadata hops': metadata?.http_put_response_hop_limit as number | undefined,
    disks: listed(disks),
    'public address': blocks(attributes.network_interfaces).some(
      ({ associate_public_ip_address: open }) => String(open) === 'true',
    ),
  };
  return target(graph, machine, 'machine', attributes.name, facts);
}

const disksTarget = (graph: StackGraph, disks: GraphResource): Target =>
  target(graph, disks, 'disks', disks.region, { 'encrypted by default': disks.attributes.enabled !== false });

const disksKeyTarget = (graph: StackGraph, disks: GraphResource): Target =>
  target(graph, disks, 'disks key', disks.region, { 'encryption key': keyOf(graph, disks.attributes.key_arn) });
