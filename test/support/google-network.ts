import type { Answers } from './cloud-facts.js';
import { attributesOf, first, named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type List = readonly Attributes[];
const list = (value: unknown): List => (Array.isArray(value) ? value : value === undefined ? [] : [value]) as List;

const COMPUTE = '/compute/v1';

/** Networks, their rules, subnets and ways out, and jobs that copy, in the shapes of their references. */
export function googleNetwork(stacks: readonly StackJson[]): Answers {
  return Object.assign({}, ...stacks.map(networkOf), rulesOf(stacks), jobsOf(stacks));
}

function networkOf(stack: StackJson): Answers {
  const each = (type: string, answer: (one: Attributes) => readonly [string, unknown]): Answers =>
    Object.fromEntries(attributesOf(stack, type).map(([, one]) => answer(one)));
  return {
    ...each('google_compute_network', (one) => [
      `${COMPUTE}/projects/${one.project}/global/networks/${one.name}`,
      { kind: 'compute#network', autoCreateSubnetworks: false, routingConfig: { routingMode: one.routing_mode } },
    ]),
    ...each('google_compute_firewall', (one) => [
      `${COMPUTE}/projects/${one.project}/global/firewalls/${one.name}`,
      ruleOf(one),
    ]),
    ...each('google_compute_subnetwork', (one) => [
      `${COMPUTE}/projects/${one.project}/regions/${one.region}/subnetworks/${one.name}`,
      subnetOf(one),
    ]),
    ...each('google_compute_router_nat', (one) => [
      `${COMPUTE}/projects/${one.project}/regions/${one.region}/routers/${referred(stack, one.router).name}`,
      { kind: 'compute#router', nats: [natOf(stack, one)] },
    ]),
  };
}

const ruleOf = (one: Attributes): unknown => ({
  kind: 'compute#firewall',
  direction: one.direction,
  priority: one.priority,
  disabled: false,
  ...(one.allow === undefined ? {} : { allowed: list(one.allow).map(portsOf) }),
  ...(one.deny === undefined ? {} : { denied: list(one.deny).map(portsOf) }),
  ...(one.source_ranges === undefined ? {} : { sourceRanges: one.source_ranges }),
  ...(one.destination_ranges === undefined ? {} : { destinationRanges: one.destination_ranges }),
  logConfig: { enable: true, metadata: first(one.log_config).metadata },
});

const portsOf = ({ protocol, ports }: Attributes): unknown => ({
  IPProtocol: protocol,
  ...(ports === undefined ? {} : { ports }),
});

const subnetOf = (one: Attributes): unknown => ({
  kind: 'compute#subnetwork',
  ipCidrRange: one.ip_cidr_range,
  privateIpGoogleAccess: true,
  logConfig: {
    enable: true,
    aggregationInterval: first(one.log_config).aggregation_interval,
    flowSampling: first(one.log_config).flow_sampling,
    metadata: first(one.log_config).metadata,
  },
});

const natOf = (stack: StackJson, one: Attributes): unknown => ({
  name: one.name,
  sourceSubnetworkIpRangesToNat: one.source_subnetwork_ip_ranges_to_nat,
  subnetworks: list(one.subnetwork).map(({ name }) => ({
    name: `https://www.googleapis.com/compute/v1/projects/p/regions/r/subnetworks/${referred(stack, name).name}`,
  })),
  logConfig: { enable: true, filter: 'ERRORS_ONLY' },
});

/** All of a project are listed: also those of the network that every project is born with. */
function rulesOf(stacks: readonly StackJson[]): Answers {
  const all = stacks.flatMap((stack) =>
    attributesOf(stack, 'google_compute_firewall').map(([, one]) => ({ stack, one })),
  );
  const project = all[0]?.one.project;
  if (project === undefined) return {};
  const network = (name: unknown): string =>
    `https://www.googleapis.com/compute/v1/projects/${project}/global/networks/${name}`;
  const items = all.map(({ stack, one }) => ({ name: one.name, network: network(referred(stack, one.network).name) }));
  const first = { name: 'default-allow-ssh', network: network('default') };
  const tag = 'gke-memplane-prod-1a2b3c4d-node';
  const gke = { name: 'gke-memplane-prod-1a2b3c4d-all', network: items[0]?.network, targetTags: [tag] };
  return { [`${COMPUTE}/projects/${project}/global/firewalls`]: { items: [first, gke, ...items] } };
}

function jobsOf(stacks: readonly StackJson[]): Answers {
  const transferJobs = stacks.flatMap((stack) =>
    attributesOf(stack, 'google_storage_transfer_job').map(([, job], index) => {
      const said = first(job.replication_spec);
      const options = first(said.transfer_options);
      return {
        name: `transferJobs/${1000 + index}`,
        description: job.description,
        status: job.status,
        replicationSpec: {
          gcsDataSource: { bucketName: named(stack, first(said.gcs_data_source).bucket_name) },
          gcsDataSink: { bucketName: named(stack, first(said.gcs_data_sink).bucket_name) },
          transferOptions: {
            overwriteWhen: options.overwrite_when,
            ...(options.delete_objects_unique_in_sink === true ? { deleteObjectsUniqueInSink: true } : {}),
            metadataOptions: { kmsKey: first(options.metadata_options).kms_key },
          },
        },
      };
    }),
  );
  return transferJobs.length === 0 ? {} : { '/v1/transferJobs': { transferJobs } };
}
