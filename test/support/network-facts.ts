import type { Cloud } from './bucket-facts.js';
import { at, referred, resource } from './references.js';
import { type Attributes, type Json, plainId, type StackJson } from './terraform-json.js';

/** What the three clouds promise of a network, read from the Terraform JSON and nothing else. */
export interface NetworkFacts {
  /** In how many zones nodes stand. */
  readonly zones: number;
  /** The loss of one zone leaves the others their way out. */
  readonly natSurvives: boolean;
  /** `who > what:port`: every rule that lets a connection reach something that listens, sorted. */
  readonly reach: readonly string[];
  /** Whatever no rule names is refused, in both directions. */
  readonly deniesRest: boolean;
  /** Nothing in the subnets of data has a way to the internet. */
  readonly dataOffline: boolean;
  /** Every connection is logged for this long; 0 = not all of them, or not under a key of ours. */
  readonly flowLogDays: number;
  /** Buckets, keys and secrets are reached by private addresses. */
  readonly storesPrivate: boolean;
}

export function networkFacts(cloud: Cloud, plane: StackJson): NetworkFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(plane);
    case 'gcp':
      return gcpFacts(plane);
    case 'azure':
      return azureFacts(plane);
  }
}

const all = (stack: StackJson, type: string): readonly Attributes[] => Object.values(stack.resource[type] ?? {});
const ids = (stack: StackJson, type: string): readonly string[] => Object.keys(stack.resource[type] ?? {}).map(plainId);
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : value ? [value] : []);

/** The last word of what a reference names: `${aws_security_group.network_group_redis_1234ABCD.id}` → `redis`. */
function nameOf(stack: StackJson, reference: Json | undefined, prefix: string): string | undefined {
  const found = referred(stack, reference);
  return found === undefined ? undefined : plainId(found.id).replace(prefix, '');
}

function awsFacts(stack: StackJson): NetworkFacts {
  const group = (reference: Json | undefined) => nameOf(stack, reference, 'network_group_');
  const ingress = all(stack, 'aws_vpc_security_group_ingress_rule').map((rule) => {
    const from = group(rule.referenced_security_group_id) ?? String(rule.cidr_ipv4);
    return { from, to: group(rule.security_group_id), port: rule.from_port ?? '*' };
  });
  const nodes = Object.entries(stack.resource.aws_subnet ?? {}).filter(([id]) => /^network_nodes_/.test(id));
  const defaults = all(stack, 'aws_route').filter((route) => route.destination_cidr_block === '0.0.0.0/0');
  const inline = [...all(stack, 'aws_security_group'), ...all(stack, 'aws_default_security_group')];
  return {
    zones: new Set(nodes.map(([, subnet]) => subnet.availability_zone)).size,
    natSurvives: new Set(all(stack, 'aws_nat_gateway').map((nat) => nat.subnet_id)).size === nodes.length,
    reach: reachOf(ingress),
    deniesRest: inline.length === 7 && inline.every((one) => one.ingress === undefined && one.egress === undefined),
    dataOffline:
      defaults.every((route) => nameOf(stack, route.route_table_id, 'network_routes_') !== 'data') &&
      ids(stack, 'aws_route_table').includes('network_routes_data') &&
      all(stack, 'aws_subnet').every((subnet) => subnet.map_public_ip_on_launch === false),
    flowLogDays: awsFlowLogDays(stack),
    storesPrivate: awsStoresPrivate(stack),
  };
}

function awsFlowLogDays(stack: StackJson): number {
  const log = resource(stack, 'aws_flow_log', 'network_flow_log');
  const group = referred(stack, at(log, 'log_destination'))?.it;
  const ours = referred(stack, at(group, 'kms_key_id'))?.type === 'aws_kms_key';
  return ours && at(log, 'traffic_type') === 'ALL' ? Number(at(group, 'retention_in_days')) : 0;
}

/** Not data: the API server, whose group on AWS is of the cluster's unit. */
const CONTROL_PLANES: readonly string[] = ['control_plane', 'cluster_group'];

const reachOf = (rules: readonly { from: string; to: string | undefined; port: Json }[]): readonly string[] =>
  rules
    .filter(({ to }) => to !== undefined && to !== 'nodes' && !CONTROL_PLANES.includes(to))
    .map(({ from, to, port }) => `${from} > ${to}:${port}`)
    .sort();

/** Databases stand in Google's network: what may leave ours is what reaches them. */
function gcpFacts(stack: StackJson): NetworkFacts {
  const rules = all(stack, 'google_compute_firewall');
  const data = resource(stack, 'google_compute_subnetwork', 'network_data');
  const ranges = new Map<Json | undefined, string>([
    [at(data, 'ip_cidr_range'), 'redis'],
    ['199.36.153.8/30', 'endpoints'],
    ...all(stack, 'google_compute_global_address').map(
      (one) => [`${one.address}/${one.prefix_length}`, 'databases'] as const,
    ),
  ]);
  const egress = rules.filter((rule) => rule.direction === 'EGRESS' && rule.allow !== undefined);
  const reach = egress.flatMap((rule) =>
    list(rule.destination_ranges).flatMap((range) =>
      list(at(rule.allow, 0, 'ports')).map((port) => ({ from: 'nodes', to: ranges.get(range), port })),
    ),
  );
  const denies = (direction: string, side: string) =>
    rules.some(
      (rule) =>
        rule.direction === direction &&
        rule.priority === 65_534 &&
        at(rule.deny, 0, 'protocol') === 'all' &&
        at(rule, side, 0) === '0.0.0.0/0',
    );
  const nat = resource(stack, 'google_compute_router_nat', 'network_nat');
  return {
    // A subnet spans its region, which has three.
    zones: resource(stack, 'google_compute_subnetwork', 'network_nodes') === undefined ? 0 : 3,
    natSurvives: nat !== undefined,
    reach: [...new Set(reachOf(reach))],
    deniesRest: denies('INGRESS', 'source_ranges') && denies('EGRESS', 'destination_ranges'),
    dataOffline:
      at(nat, 'source_subnetwork_ip_ranges_to_nat') === 'LIST_OF_SUBNETWORKS' &&
      list(at(nat, 'subnetwork')).every((one) => nameOf(stack, at(one, 'name'), 'network_') === 'nodes'),
    flowLogDays: gcpFlowLogDays(stack),
    storesPrivate: gcpStoresPrivate(stack),
  };
}

function gcpFlowLogDays(stack: StackJson): number {
  const sampled = all(stack, 'google_compute_subnetwork').every((one) => at(one, 'log_config', 'flow_sampling') === 1);
  const sink = resource(stack, 'google_logging_project_sink', 'network_flow_log');
  const [, target] = /^logging\.googleapis\.com\/(\$\{.+\})$/.exec(String(at(sink, 'destination'))) ?? [];
  const bucket = referred(stack, target)?.it;
  const ours = referred(stack, at(bucket, 'cmek_settings', 'kms_key_name'))?.type === 'google_kms_crypto_key';
  return sampled && ours && String(at(sink, 'filter')).includes('vpc_flows') ? Number(at(bucket, 'retention_days')) : 0;
}

function azureFacts(stack: StackJson): NetworkFacts {
  const group = (reference: Json | undefined) => nameOf(stack, reference, 'network_group_');
  const owner = new Map(
    Object.entries(stack.resource.azurerm_subnet ?? {}).flatMap(([id, subnet]) =>
      list(subnet.address_prefixes).map((prefix) => [prefix, plainId(id).replace('network_subnet_', '')] as const),
    ),
  );
  const who = (range: Json): string => (owner.get(range) ?? String(range)).replace(/^nodes_.*/, 'nodes');
  const rules = all(stack, 'azurerm_network_security_rule');
  const inbound = rules
    .filter((rule) => rule.direction === 'Inbound' && rule.access === 'Allow')
    .flatMap((rule) => {
      const sources = [...list(rule.source_address_prefixes), ...list(rule.source_address_prefix)].map(who);
      const ports = [...list(rule.destination_port_ranges), ...list(rule.destination_port_range)];
      const to = group(rule.network_security_group_name);
      return [...new Set(sources)].flatMap((from) => ports.map((port) => ({ from, to, port })));
    });
  const last = rules.filter((rule) => rule.access === 'Deny' && rule.priority === 4096);
  const zones = all(stack, 'azurerm_nat_gateway').map((nat) => String(list(nat.zones)[0]));
  const nodes = [...owner.values()].filter((name) => name.startsWith('nodes_'));
  const natOf = ids(stack, 'azurerm_subnet_nat_gateway_association').map((id) => id.replace('network_nat_of_', ''));
  return {
    zones: nodes.length,
    natSurvives: new Set(zones).size === nodes.length,
    reach: reachOf(inbound),
    deniesRest:
      last.length === 2 * all(stack, 'azurerm_network_security_group').length &&
      all(stack, 'azurerm_subnet').length === all(stack, 'azurerm_subnet_network_security_group_association').length,
    dataOffline:
      natOf.every((name) => name.startsWith('nodes_')) &&
      all(stack, 'azurerm_subnet').every((subnet) => subnet.default_outbound_access_enabled === false),
    flowLogDays: azureFlowLogDays(stack),
    storesPrivate: azureStoresPrivate(stack),
  };
}

/** They lie in the vault's access-log account, under its key; beyond 365 days its lifecycle counts, not the log's. */
function azureFlowLogDays(stack: StackJson): number {
  const log = resource(stack, 'azurerm_network_watcher_flow_log', 'network_flow_log');
  const kept = String(at(log, 'storage_account_id')).includes('-vault/providers/Microsoft.Storage/');
  if (!kept || at(log, 'enabled') !== true) return 0;
  return at(log, 'retention_policy', 'enabled') === true ? Number(at(log, 'retention_policy', 'days')) : Infinity;
}

/** S3 in every table but the public one; KMS and secrets under their usual names. */
function awsStoresPrivate(stack: StackJson): boolean {
  const s3 = resource(stack, 'aws_vpc_endpoint', 'network_endpoint_s3');
  const tables = ids(stack, 'aws_route_table').filter((id) => id !== 'network_routes_public');
  return (
    list(at(s3, 'route_table_ids')).length === tables.length &&
    ['kms', 'secretsmanager'].every(
      (service) =>
        at(resource(stack, 'aws_vpc_endpoint', `network_endpoint_${service}`), 'private_dns_enabled') === true,
    )
  );
}

function gcpStoresPrivate(stack: StackJson): boolean {
  const host = resource(stack, 'google_dns_record_set', 'network_dns_apis_host');
  const any = resource(stack, 'google_dns_record_set', 'network_dns_apis_any');
  const zone = referred(stack, at(host, 'managed_zone'))?.it;
  return (
    list(at(host, 'rrdatas')).every((address) => String(address).startsWith('199.36.153.')) &&
    at(any, 'rrdatas', 0) === at(host, 'name') &&
    at(zone, 'visibility') === 'private'
  );
}

/** Each account and vault that pods use has an endpoint, and a name that leads to it. */
function azureStoresPrivate(stack: StackJson): boolean {
  const endpoints = all(stack, 'azurerm_private_endpoint').filter(
    (one) => referred(stack, at(one, 'private_dns_zone_group', 'private_dns_zone_ids', 0)) !== undefined,
  );
  const linked = endpoints.map((one) =>
    String(at(one, 'private_service_connection', 'private_connection_resource_id')),
  );
  // biome-ignore lint/suspicious/noTemplateCurlyInString: references of Terraform
  const own = ['${azurerm_storage_account.artifacts.id}', '${azurerm_storage_account.backups.id}'];
  const vaults = linked.filter((id) => /\/vaults\/|azurerm_key_vault\./.test(id));
  const accounts = linked.filter((id) => /-vault\/providers\/Microsoft\.Storage\//.test(id));
  return own.every((id) => linked.includes(id)) && accounts.length === 4 && vaults.length === 3;
}
