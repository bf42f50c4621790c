import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { at, numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { keyId, projectOf } from './expected-target.js';

/** What keeps something beside buckets and databases, what runs it all, and what names it. */
export function expectOfServices(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('google_pubsub_topic', topicTarget),
    ...each('google_pubsub_subscription', subscriptionTarget),
    ...each('google_secret_manager_secret', secretTarget),
    ...each('google_artifact_registry_repository', imagesTarget),
    ...each('google_container_cluster', clusterTarget),
    ...each('google_container_node_pool', poolTarget),
    ...each('google_logging_project_bucket_config', logTarget),
    ...graph
      .of('google_dns_managed_zone')
      .filter(({ attributes }) => attributes.visibility !== 'private')
      .map((one) => zoneTarget(graph, one)),
  ];
}

const placed = (graph: StackGraph, { attributes }: GraphResource): string =>
  `${projectOf(graph, attributes)}/locations/${attributes.location}`;

const named = (graph: StackGraph, value: unknown): string => String(graph.settled(value));

function topicTarget(graph: StackGraph, topic: GraphResource): Target {
  const { attributes } = topic;
  const where = block(attributes.message_storage_policy);
  return target(graph, topic, 'topic', `${projectOf(graph, attributes)}/topics/${named(graph, attributes.name)}`, {
    'encryption key': keyId(graph, attributes.kms_key_name),
    'stays in': listed((where?.allowed_persistence_regions ?? []) as readonly string[]),
    'also on its way': where?.enforce_in_transit === true,
  });
}

function subscriptionTarget(graph: StackGraph, one: GraphResource): Target {
  const { attributes } = one;
  const aside = block(attributes.dead_letter_policy);
  const name = `${projectOf(graph, attributes)}/subscriptions/${named(graph, attributes.name)}`;
  return target(graph, one, 'subscription', name, {
    'ends by itself': textAt(block(attributes.expiration_policy), 'ttl') !== '',
    'kept for': textAt(attributes, 'message_retention_duration'),
    'put aside after': numberAt(aside, 'max_delivery_attempts'),
    'exactly once': attributes.enable_exactly_once_delivery === true,
  });
}

function secretTarget(graph: StackGraph, secret: GraphResource): Target {
  const { attributes } = secret;
  const replicas = blocks(block(block(attributes.replication)?.user_managed)?.replicas);
  return target(graph, secret, 'secret', `${projectOf(graph, attributes)}/secrets/${attributes.secret_id}`, {
    'encryption keys': listed(
      replicas.map(({ customer_managed_encryption }) => keyId(graph, block(customer_managed_encryption)?.kms_key_name)),
    ),
    regions: listed(replicas.map(({ location }) => String(location))),
  });
}

const imagesTarget = (graph: StackGraph, images: GraphResource): Target =>
  target(graph, images, 'images', `${placed(graph, images)}/repositories/${images.attributes.repository_id}`, {
    'encryption key': keyId(graph, images.attributes.kms_key_name),
    'tags stay': block(images.attributes.docker_config)?.immutable_tags === true,
  });

function clusterTarget(graph: StackGraph, cluster: GraphResource): Target {
  const { attributes } = cluster;
  const network = block(attributes.private_cluster_config);
  const outside = block(block(attributes.control_plane_endpoints_config)?.dns_endpoint_config);
  return target(graph, cluster, 'cluster', `${placed(graph, cluster)}/clusters/${attributes.name}`, {
    'encryption key': keyId(graph, block(attributes.database_encryption)?.key_name),
    'private nodes': network?.enable_private_nodes === true,
    public: network?.enable_private_endpoint !== true,
    'by name from outside': outside?.allow_external_traffic === true,
    'signed images': textAt(block(attributes.binary_authorization), 'evaluation_mode'),
    'workload pool': named(graph, at(block(attributes.workload_identity_config), 'workload_pool')),
    groups: textAt(block(attributes.authenticator_groups_config), 'security_group'),
    logs: listed((block(attributes.logging_config)?.enable_components ?? []) as readonly string[]),
    'shielded nodes': attributes.enable_shielded_nodes === true,
    'old permissions': attributes.enable_legacy_abac === true,
  });
}

function poolTarget(graph: StackGraph, pool: GraphResource): Target {
  const { attributes } = pool;
  const cluster = graph.referred(attributes.cluster);
  const path = cluster === undefined ? '' : `${placed(graph, cluster)}/clusters/${cluster.attributes.name}`;
  const node = block(attributes.node_config);
  return target(graph, pool, 'pool', `${path}/nodePools/${attributes.name}`, {
    'encryption key': keyId(graph, node?.boot_disk_kms_key),
    'metadata of': textAt(block(node?.workload_metadata_config), 'mode'),
    'secure boot': block(node?.shielded_instance_config)?.enable_secure_boot === true,
    'boot watched': block(node?.shielded_instance_config)?.enable_integrity_monitoring === true,
    system: textAt(node, 'image_type'),
    private: block(attributes.network_config)?.enable_private_nodes === true,
    'updates by itself': block(attributes.management)?.auto_upgrade === true,
  });
}

const logTarget = (graph: StackGraph, log: GraphResource): Target =>
  target(graph, log, 'log', `${placed(graph, log)}/buckets/${log.attributes.bucket_id}`, {
    'encryption key': keyId(graph, block(log.attributes.cmek_settings)?.kms_key_name),
    'kept days': numberAt(log.attributes, 'retention_days'),
    locked: log.attributes.locked === true,
  });

const zoneTarget = (graph: StackGraph, zone: GraphResource): Target =>
  target(graph, zone, 'zone', `${projectOf(graph, zone.attributes)}/managedZones/${zone.attributes.name}`, {
    domain: textAt(zone.attributes, 'dns_name'),
    signed: textAt(block(zone.attributes.dnssec_config), 'state'),
  });
