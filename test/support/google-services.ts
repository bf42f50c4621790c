import type { Answers } from './cloud-facts.js';
import { attributesOf, first, named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type Key = (expression: unknown) => string;
type Answered = readonly (readonly [path: string, body: unknown])[];

/** Queues, secrets, images, clusters, logs and names, in the shapes of their references. */
export function googleServices(stack: StackJson, keyName: Key): Answers {
  return Object.fromEntries([
    ...topics(stack, keyName),
    ...subscriptions(stack),
    ...secrets(stack, keyName),
    ...clusters(stack, keyName),
    ...kept(stack, keyName),
  ]);
}

const each = (stack: StackJson, type: string): readonly Attributes[] => attributesOf(stack, type).map(([, one]) => one);
const at = (one: Attributes): string => `/v1/projects/${one.project}/locations/${one.location}`;

const topics = (stack: StackJson, keyName: Key): Answered =>
  each(stack, 'google_pubsub_topic').map((topic) => {
    const where = first(topic.message_storage_policy);
    return [
      `/v1/projects/${topic.project}/topics/${topic.name}`,
      {
        kmsKeyName: keyName(topic.kms_key_name),
        messageStoragePolicy: {
          allowedPersistenceRegions: where.allowed_persistence_regions,
          enforceInTransit: where.enforce_in_transit,
        },
      },
    ];
  });

const subscriptions = (stack: StackJson): Answered =>
  each(stack, 'google_pubsub_subscription').map((one) => {
    const aside = first(one.dead_letter_policy).max_delivery_attempts;
    return [
      `/v1/projects/${one.project}/subscriptions/${named(stack, one.name)}`,
      {
        // One that never ends has a policy without a time.
        expirationPolicy: {},
        messageRetentionDuration: one.message_retention_duration,
        ...(aside === undefined ? {} : { deadLetterPolicy: { maxDeliveryAttempts: aside } }),
        enableExactlyOnceDelivery: one.enable_exactly_once_delivery,
      },
    ];
  });

const secrets = (stack: StackJson, keyName: Key): Answered =>
  each(stack, 'google_secret_manager_secret').map((secret) => {
    const replicas = first(first(secret.replication).user_managed).replicas as readonly Attributes[];
    return [
      `/v1/projects/${secret.project}/secrets/${secret.secret_id}`,
      {
        replication: {
          userManaged: {
            replicas: replicas.map((one) => ({
              location: one.location,
              customerManagedEncryption: { kmsKeyName: keyName(first(one.customer_managed_encryption).kms_key_name) },
            })),
          },
        },
      },
    ];
  });

function clusters(stack: StackJson, keyName: Key): Answered {
  const made = each(stack, 'google_container_cluster').map((one) => [at(one), cluster(one, keyName)] as const);
  const pools = each(stack, 'google_container_node_pool').map((pool) => {
    const node = first(pool.node_config);
    const of = referred(stack, pool.cluster);
    return [
      `${at(of)}/clusters/${of.name}/nodePools/${pool.name}`,
      {
        config: {
          bootDiskKmsKey: keyName(node.boot_disk_kms_key),
          workloadMetadataConfig: { mode: first(node.workload_metadata_config).mode },
          shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
          imageType: node.image_type,
        },
        networkConfig: { enablePrivateNodes: true },
        management: { autoUpgrade: true, autoRepair: true },
      },
    ] as const;
  });
  const named = each(stack, 'google_container_cluster').map(({ name }) => name);
  return [...made.map(([path, body], index) => [`${path}/clusters/${named[index]}`, body] as const), ...pools];
}

function cluster(one: Attributes, keyName: Key): unknown {
  const network = first(one.private_cluster_config);
  return {
    databaseEncryption: { state: 'ENCRYPTED', keyName: keyName(first(one.database_encryption).key_name) },
    privateClusterConfig: {
      enablePrivateNodes: network.enable_private_nodes,
      enablePrivateEndpoint: network.enable_private_endpoint,
    },
    controlPlaneEndpointsConfig: { dnsEndpointConfig: { allowExternalTraffic: false } },
    binaryAuthorization: { evaluationMode: first(one.binary_authorization).evaluation_mode },
    workloadIdentityConfig: { workloadPool: first(one.workload_identity_config).workload_pool },
    authenticatorGroupsConfig: { enabled: true, securityGroup: first(one.authenticator_groups_config).security_group },
    loggingConfig: { componentConfig: { enableComponents: first(one.logging_config).enable_components } },
    shieldedNodes: { enabled: one.enable_shielded_nodes },
    // What is off is not said.
    legacyAbac: {},
  };
}

const kept = (stack: StackJson, keyName: Key): Answered => [
  ...each(stack, 'google_artifact_registry_repository').map(
    (one) =>
      [
        `${at(one)}/repositories/${one.repository_id}`,
        {
          kmsKeyName: keyName(one.kms_key_name),
          dockerConfig: { immutableTags: first(one.docker_config).immutable_tags },
        },
      ] as const,
  ),
  ...each(stack, 'google_logging_project_bucket_config').map(
    (one) =>
      [
        `/v2/projects/${one.project}/locations/${one.location}/buckets/${one.bucket_id}`,
        {
          retentionDays: one.retention_days,
          ...(one.locked === true ? { locked: true } : {}),
          cmekSettings: { kmsKeyName: keyName(first(one.cmek_settings).kms_key_name), kmsKeyVersionName: 'x' },
        },
      ] as const,
  ),
  ...each(stack, 'google_dns_managed_zone')
    .filter(({ visibility }) => visibility === 'public')
    .map(
      (one) =>
        [
          `/dns/v1/projects/${one.project}/managedZones/${one.name}`,
          { dnsName: one.dns_name, visibility: 'public', dnssecConfig: { state: first(one.dnssec_config).state } },
        ] as const,
    ),
];
