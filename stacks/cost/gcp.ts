import { at } from '../proofs/terraform-json.js';
import {
  type Charge,
  HOURS,
  hourly,
  ingestGb,
  logCharges,
  metricSamples,
  monthly,
  type Priced,
  type Tariff,
  versionsKept,
} from './charge.js';
import { copiedGb, objectCharges } from './objects.js';

const IMAGES_GB = 5;
/** Backups take more than the disks they are of, because they are kept for weeks; here none are free. */
const BACKUP_FACTOR = 1.3;
/** A pool counts its machines by the zone. */
const ZONES = 3;

function nodes({ resource }: Priced): readonly Charge[] {
  const { attributes } = resource;
  const least = Number(at(attributes, 'autoscaling', 'min_node_count') ?? 1) * ZONES;
  const most = Number(at(attributes, 'autoscaling', 'max_node_count') ?? 1) * ZONES;
  const gb = Number(at(attributes, 'node_config', 'disk_size_gb') ?? 0);
  return [
    hourly(`node/${String(at(attributes, 'node_config', 'machine_type'))}`, least, most),
    { item: `disk/${String(at(attributes, 'node_config', 'disk_type'))}`, quantity: gb * least, atMost: gb * most },
  ];
}

/** `db-custom-4-16384`: processors, and MB of memory. */
function database({ resource }: Priced): readonly Charge[] {
  const settings = at(resource.attributes, 'settings');
  const [, processors = 0, megabytes = 0] = (/^db-custom-(\d+)-(\d+)$/.exec(String(at(settings, 'tier'))) ?? []).map(
    Number,
  );
  const copies = at(settings, 'availability_type') === 'REGIONAL' ? 2 : 1;
  const gb = Number(at(settings, 'disk_size') ?? 0);
  const most = Number(at(settings, 'disk_autoresize_limit') ?? gb);
  return [
    hourly('postgres/vcpu', processors * copies),
    { item: 'postgres/memory', quantity: (megabytes / 1024) * copies * HOURS },
    { item: 'postgres/disk', quantity: gb * copies, atMost: most * copies },
    ...(resource.attributes.master_instance_name === undefined
      ? [{ item: 'postgres/backup', quantity: gb * BACKUP_FACTOR }]
      : []),
  ];
}

const key = ({ resource, environment }: Priced): readonly Charge[] => {
  const protection = String(at(resource.attributes, 'version_template', 'protection_level') ?? 'SOFTWARE');
  const versions = resource.attributes.rotation_period === undefined ? 1 : versionsKept(environment);
  return [monthly(`key/${protection}`, versions)];
};

/** The operator makes a key a tenant in the ring of tenants: priced where the ring is. */
const ring = ({ resource, environment }: Priced): readonly Charge[] => {
  if (!resource.id.startsWith('tenants')) return [];
  const protection = environment.kms.protection === 'Hsm' ? 'HSM' : 'SOFTWARE';
  return [monthly(`key/${protection}`, environment.prices.assumptions.tenants * versionsKept(environment))];
};

const logs = ({ environment }: Priced): readonly Charge[] => {
  const { ingested, kept } = logCharges(environment);
  return [
    { item: 'log', quantity: ingested },
    { item: 'log/kept', quantity: kept },
  ];
};

export const GCP: Tariff = {
  rules: {
    google_artifact_registry_repository: () => [{ item: 'images', quantity: IMAGES_GB }],
    google_compute_router_nat: ({ environment }) => [
      hourly('nat'),
      { item: 'nat/gb', quantity: ingestGb(environment) },
    ],
    google_container_cluster: ({ resource, environment }) => [
      hourly('cluster'),
      ...(at(resource.attributes, 'monitoring_config', 'managed_prometheus', 'enabled') === true
        ? [{ item: 'metrics', quantity: metricSamples(environment) }]
        : []),
    ],
    google_container_node_pool: nodes,
    google_dns_managed_zone: () => [monthly('zone')],
    google_kms_crypto_key: key,
    google_kms_key_ring: ring,
    google_logging_project_bucket_config: logs,
    google_memorystore_instance: ({ resource }) => [
      hourly(`redis/${String(resource.attributes.node_type)}`, 1 + Number(resource.attributes.replica_count ?? 0)),
    ],
    google_network_connectivity_service_connection_policy: () => [hourly('endpoint')],
    google_pubsub_topic: ({ environment }) => [{ item: 'queue', quantity: ingestGb(environment) }],
    google_secret_manager_secret_version: () => [monthly('secret', 2)],
    google_sql_database_instance: database,
    google_storage_bucket: objectCharges,
    google_storage_transfer_job: (priced) => [{ item: 'object/copied', quantity: copiedGb(priced) }],
  },
  free: [
    /^google_(project|org_policy|iam|service_account|binary_authorization|logging_project_sink|logging_metric|monitoring)/,
    /^google_compute_(network|subnetwork|firewall|router|global_address)$/,
    /^google_(dns_record_set|service_networking_connection|sql_database|sql_user|secret_manager_secret)$/,
    /^google_.*_iam_(member|binding|policy)$/,
    /^google_pubsub_subscription$/,
  ],
};
