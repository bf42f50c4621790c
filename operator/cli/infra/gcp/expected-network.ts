import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { projectOf } from './expected-target.js';

type Attributes = GraphResource['attributes'];

/** Who may reach what, what is written down of it, and what is copied to the second region. */
export function expectOfNetwork(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('google_compute_network', networkTarget),
    ...each('google_compute_firewall', firewallTarget),
    ...each('google_compute_subnetwork', subnetTarget),
    ...each('google_compute_router_nat', natTarget),
    ...each('google_storage_transfer_job', copyTarget),
  ];
}

const texts = (value: unknown): string | undefined => listed(((value ?? []) as readonly unknown[]).map(String));

/** A rule that nobody wrote here is as much of a door as one that was changed. */
function networkTarget(graph: StackGraph, network: GraphResource): Target {
  const { attributes } = network;
  const rules = graph
    .of('google_compute_firewall')
    .filter((one) => graph.referred(one.attributes.network)?.address === network.address);
  return target(graph, network, 'network', `${projectOf(graph, attributes)}/global/networks/${attributes.name}`, {
    'subnets by itself': attributes.auto_create_subnetworks !== false,
    rules: texts(rules.map((one) => one.attributes.name)),
  });
}

function firewallTarget(graph: StackGraph, rule: GraphResource): Target {
  const { attributes } = rule;
  return target(graph, rule, 'firewall', `${projectOf(graph, attributes)}/global/firewalls/${attributes.name}`, {
    on: attributes.disabled !== true,
    direction: textAt(attributes, 'direction'),
    priority: numberAt(attributes, 'priority'),
    allows: listed(blocks(attributes.allow).map(portsText)),
    denies: listed(blocks(attributes.deny).map(portsText)),
    from: texts(attributes.source_ranges),
    to: texts(attributes.destination_ranges),
    'written down': attributes.log_config !== undefined,
  });
}

const portsText = ({ protocol, ports }: Attributes): string =>
  `${protocol}${ports === undefined ? '' : ` ${(ports as readonly string[]).join('+')}`}`;

function subnetTarget(graph: StackGraph, subnet: GraphResource): Target {
  const { attributes } = subnet;
  const log = block(attributes.log_config);
  const path = `${projectOf(graph, attributes)}/regions/${attributes.region}/subnetworks/${attributes.name}`;
  return target(graph, subnet, 'subnet', path, {
    'address range': textAt(attributes, 'ip_cidr_range'),
    'reaches Google inside': attributes.private_ip_google_access === true,
    'flows written down': log !== undefined,
    every: textAt(log, 'aggregation_interval'),
    'share of flows': numberAt(log, 'flow_sampling'),
    metadata: textAt(log, 'metadata'),
  });
}

function natTarget(graph: StackGraph, nat: GraphResource): Target {
  const { attributes } = nat;
  const router = graph.referred(attributes.router)?.attributes.name ?? attributes.router;
  const path = `${projectOf(graph, attributes)}/regions/${attributes.region}/routers/${router}#${attributes.name}`;
  const subnets = blocks(attributes.subnetwork).map(({ name }) => graph.referred(name)?.attributes.name);
  return target(graph, nat, 'nat', path, {
    'lets out': textAt(attributes, 'source_subnetwork_ip_ranges_to_nat'),
    subnets: texts(subnets),
    'written down': block(attributes.log_config)?.enable === true,
  });
}

/** Google names jobs by a number of its own; ours are found by what they say of themselves. */
function copyTarget(graph: StackGraph, job: GraphResource): Target {
  const { attributes } = job;
  const said = block(attributes.replication_spec);
  const bucket = (side: string): string | undefined => textAtSettled(graph, block(said?.[side])?.bucket_name);
  const options = block(said?.transfer_options);
  return target(graph, job, 'copy', `${projectOf(graph, attributes)}#${attributes.description}`, {
    state: textAt(attributes, 'status'),
    from: bucket('gcs_data_source'),
    to: bucket('gcs_data_sink'),
    overwrites: textAt(options, 'overwrite_when'),
    'deletions follow': options?.delete_objects_unique_in_sink === true,
    'under the key': textAt(block(options?.metadata_options), 'kms_key'),
  });
}

const textAtSettled = (graph: StackGraph, value: unknown): string | undefined =>
  value === undefined ? undefined : String(graph.settled(value));
