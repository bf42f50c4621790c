import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { environments } from '../../stacks/spec/index.js';
import { dangling } from '../support/references.js';
import { type Attributes, find, inventory, type StackJson, stackOf, synth } from '../support/stacks.js';
import { BOOTSTRAPS } from './bootstrap-inventory.js';
import { computeInventory } from './compute-inventory.js';
import { edgeInventory } from './edge-inventory.js';
import {
  linksInventory,
  merged,
  networkInventory,
  postgresInventory,
  queueInventory,
  redisInventory,
  registryInventory,
} from './plane-inventory.js';

const synthesised = synth();
const names = [...synthesised.stacks.keys()];

const BOTH = (one: string): readonly string[] => [one, `${one}_replica`];
const VAULT_BUCKETS = [...BOTH('access_logs'), ...BOTH('audit'), ...BOTH('keys')];
/** The application writes both regions of the keyrings, so only these are logged into another bucket. */
const LOGGED = [...BOTH('audit'), ...BOTH('keys')];
const every = (ids: readonly string[], suffix: string): readonly string[] => ids.map((id) => `${id}_${suffix}`).sort();

/** What stands on a bill or in an audit, by type. A new line here is a decision; so is a line that goes. */
const VAULTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  aws: {
    aws_iam_role: ['audit_replication_role'],
    aws_iam_role_policy: ['audit_replication_policy'],
    aws_kms_alias: [
      'kms_anchor_alias',
      'kms_audit_alias',
      'kms_keys_alias',
      'kms_replica_anchor_alias',
      'kms_replica_audit_alias',
      'kms_replica_keys_alias',
      'tenants_replica_tenant_alias',
      'tenants_tenant_alias',
    ],
    aws_kms_key: ['kms_anchor_key', 'kms_audit_key', 'kms_keys_key', 'tenants_tenant_key'],
    aws_kms_replica_key: [
      'kms_replica_anchor_key',
      'kms_replica_audit_key',
      'kms_replica_keys_key',
      'tenants_replica_tenant_key',
    ],
    aws_s3_account_public_access_block: ['baseline_public_access'],
    aws_s3_bucket: VAULT_BUCKETS,
    aws_s3_bucket_lifecycle_configuration: every(VAULT_BUCKETS, 'lifecycle'),
    aws_s3_bucket_logging: every(LOGGED, 'logging'),
    // Audit in both regions, and nothing else: a lock on keyrings would keep destroyed keys.
    aws_s3_bucket_object_lock_configuration: every(BOTH('audit'), 'lock'),
    aws_s3_bucket_ownership_controls: every(VAULT_BUCKETS, 'ownership'),
    aws_s3_bucket_policy: every(VAULT_BUCKETS, 'policy'),
    aws_s3_bucket_public_access_block: every(VAULT_BUCKETS, 'public_access'),
    aws_s3_bucket_replication_configuration: ['audit_replication'],
    aws_s3_bucket_server_side_encryption_configuration: every(VAULT_BUCKETS, 'encryption'),
    aws_s3_bucket_versioning: every(VAULT_BUCKETS, 'versioning'),
  },
  gcp: {
    google_kms_crypto_key: [
      'kms_anchor_key',
      'kms_audit_key',
      'kms_keys_key',
      'kms_replica_anchor_key',
      'kms_replica_audit_key',
      'kms_replica_keys_key',
    ],
    // The anchor signs: storage has no business with it.
    google_kms_crypto_key_iam_member: [
      'kms_audit_storage',
      'kms_keys_storage',
      'kms_replica_audit_storage',
      'kms_replica_keys_storage',
    ],
    // Those of tenants stay empty: the operator makes a key a tenant.
    google_kms_key_ring: ['kms_replica_ring', 'kms_ring', 'tenants_replica_ring', 'tenants_ring'],
    google_iam_deny_policy: ['baseline_denials'],
    google_org_policy_policy: ['baseline_no_public_access', 'baseline_tls_only', 'baseline_uniform_access'],
    google_project_iam_audit_config: ['baseline_log_cloudkms', 'baseline_log_storage'],
    google_project_iam_custom_role: ['audit_replication_destination_role', 'audit_replication_source_role'],
    google_project_iam_member: ['baseline_events', 'baseline_topics'],
    google_storage_bucket: VAULT_BUCKETS,
    google_storage_bucket_iam_member: [
      'access_logs_log_delivery',
      'access_logs_replica_log_delivery',
      'audit_replication_destination_grant',
      'audit_replication_source_grant',
    ],
    google_storage_transfer_job: ['audit_replication'],
  },
  azure: {
    azurerm_key_vault: ['kms_replica_vault', 'kms_vault', 'tenants_replica_vault', 'tenants_vault'],
    azurerm_key_vault_key: [
      'kms_anchor_key',
      'kms_audit_key',
      'kms_keys_key',
      'kms_replica_anchor_key',
      'kms_replica_audit_key',
      'kms_replica_keys_key',
    ],
    azurerm_management_lock: [...every(VAULT_BUCKETS, 'lock'), 'baseline_lock'].sort(),
    azurerm_monitor_diagnostic_setting: every(LOGGED, 'logging'),
    azurerm_role_assignment: [...every(VAULT_BUCKETS, 'may_wrap'), 'kms_officer', 'kms_replica_officer'],
    azurerm_storage_account: VAULT_BUCKETS,
    azurerm_storage_container: every(VAULT_BUCKETS, 'container'),
    // Keyrings live as long as their tenant: nothing moves or ends them.
    azurerm_storage_management_policy: every([...BOTH('access_logs'), ...BOTH('audit')], 'lifecycle'),
    azurerm_storage_object_replication: ['audit_replication'],
    azurerm_user_assigned_identity: every(VAULT_BUCKETS, 'identity'),
  },
};

function planeOf(cloud: string, buckets: readonly string[], keys: readonly string[]) {
  const copied = buckets.includes('backups_replica');
  const locked = copied ? BOTH('backups') : [];
  const copying = (ids: readonly string[]) => (copied ? ids : []);
  const byCloud: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    aws: {
      aws_iam_role: copying(['artifacts_replication_role', 'backups_replication_role']),
      aws_iam_role_policy: copying(['artifacts_replication_policy', 'backups_replication_policy']),
      aws_kms_alias: [
        ...every(keys, 'objects_alias'),
        ...every(keys, 'data_alias'),
        ...['cluster', 'disk', 'ops'].map((one) => `kms_${one}_alias`),
      ],
      aws_kms_key: ['kms_cluster_key', 'kms_data_key', 'kms_disk_key', 'kms_objects_key', 'kms_ops_key'],
      aws_kms_replica_key: copying(['kms_replica_data_key', 'kms_replica_objects_key']),
      aws_s3_bucket: buckets,
      aws_s3_bucket_lifecycle_configuration: every(buckets, 'lifecycle'),
      aws_s3_bucket_logging: every(buckets, 'logging'),
      aws_s3_bucket_object_lock_configuration: every(locked, 'lock'),
      aws_s3_bucket_ownership_controls: every(buckets, 'ownership'),
      aws_s3_bucket_policy: every(buckets, 'policy'),
      aws_s3_bucket_public_access_block: every(buckets, 'public_access'),
      aws_s3_bucket_replication_configuration: copying(['artifacts_replication', 'backups_replication']),
      aws_s3_bucket_server_side_encryption_configuration: every(buckets, 'encryption'),
      aws_s3_bucket_versioning: every(buckets, 'versioning'),
    },
    gcp: {
      google_kms_crypto_key: [
        ...every(keys, 'objects_key'),
        ...every(keys, 'data_key'),
        ...['cluster', 'disk', 'ops'].map((one) => `kms_${one}_key`),
      ],
      google_kms_crypto_key_iam_member: [
        ...every(keys, 'objects_storage'),
        ...every(keys, 'objects_images'),
        ...['postgres', 'queue', 'redis', 'secrets'].flatMap((agent) => every(keys, `data_${agent}`)),
        'kms_cluster_container',
        'kms_disk_compute',
        'kms_ops_logs',
      ],
      google_kms_key_ring: every(keys, 'ring'),
      google_project_iam_custom_role: copying([
        'artifacts_replication_destination_role',
        'artifacts_replication_source_role',
        'backups_replication_destination_role',
        'backups_replication_source_role',
      ]),
      google_storage_bucket: buckets,
      google_storage_bucket_iam_member: copying([
        'artifacts_replication_destination_grant',
        'artifacts_replication_source_grant',
        'backups_replication_destination_grant',
        'backups_replication_source_grant',
      ]),
      google_storage_transfer_job: copying(['artifacts_replication', 'backups_replication']),
    },
    azure: {
      azurerm_key_vault: every(keys, 'vault'),
      azurerm_key_vault_key: [
        ...every(keys, 'objects_key'),
        ...every(keys, 'data_key'),
        ...['cluster', 'disk', 'ops'].map((one) => `kms_${one}_key`),
      ],
      azurerm_management_lock: every(buckets, 'lock'),
      azurerm_monitor_diagnostic_setting: every(buckets, 'logging'),
      azurerm_role_assignment: [...every(buckets, 'may_wrap'), ...every(keys, 'officer'), 'kms_secrets_officer'].sort(),
      azurerm_storage_account: buckets,
      azurerm_storage_container: every(buckets, 'container'),
      azurerm_storage_management_policy: every(buckets, 'lifecycle'),
      azurerm_storage_object_replication: copying(['artifacts_replication', 'backups_replication']),
      azurerm_user_assigned_identity: every(buckets, 'identity'),
    },
  };
  return byCloud[cloud] ?? {};
}

const CLOUDS = ['aws', 'gcp', 'azure'] as const;

describe('the stacks', () => {
  it('are three an environment: what must be first, what cannot be taken back, and what serves', () => {
    expect(names).toEqual(
      environments
        .flatMap(({ name, place }) => ['bootstrap', 'plane', 'vault'].map((layer) => `${place.cloud}-${name}-${layer}`))
        .sort(),
    );
  });

  it.each(CLOUDS.flatMap((cloud) => ['dev', 'prod'].map((name) => ({ cloud, name }))))(
    'hold exactly this in the vault of $cloud-$name',
    ({ cloud, name }) => {
      expect(inventory(stackOf(synthesised, `${cloud}-${name}-vault`))).toEqual(VAULTS[cloud]);
    },
  );

  it.each(CLOUDS.flatMap((cloud) => ['dev', 'prod'].map((name) => ({ cloud, name }))))(
    'hold exactly this in the bootstrap of $cloud-$name',
    ({ cloud, name }) => {
      expect(inventory(stackOf(synthesised, `${cloud}-${name}-bootstrap`))).toEqual(BOOTSTRAPS[cloud]);
    },
  );

  it.each(CLOUDS)(
    'hold exactly this in the planes of %s: production copies its backups and buys its cache, dev does not',
    (cloud) => {
      const zones = [...find(`${cloud}-prod`).place.zones];
      expect(inventory(stackOf(synthesised, `${cloud}-prod-plane`))).toEqual(
        merged(
          planeOf(cloud, [...BOTH('artifacts'), ...BOTH('backups')], BOTH('kms')),
          networkInventory(cloud, zones, zones),
          linksInventory(cloud),
          registryInventory(cloud),
          postgresInventory(cloud, { replicas: 1, crossRegion: true }),
          redisInventory(cloud),
          queueInventory(cloud),
          ...computeInventory(cloud, true),
          ...edgeInventory(cloud, true),
        ),
      );
      expect(inventory(stackOf(synthesised, `${cloud}-dev-plane`))).toEqual(
        merged(
          planeOf(cloud, ['artifacts', 'backups'], ['kms']),
          networkInventory(cloud, zones, zones.slice(0, 1)),
          linksInventory(cloud),
          registryInventory(cloud),
          postgresInventory(cloud, { replicas: 0, crossRegion: false }),
          ...computeInventory(cloud, false),
          ...edgeInventory(cloud, false),
        ),
      );
    },
  );

  it.each(names)('refer to nothing outside %s', (name) => {
    const text = JSON.stringify(stackOf(synthesised, name));
    expect(text).not.toContain('terraform_remote_state');
    expect(text).not.toContain('cross-stack-output');
    expect(text).not.toContain(process.cwd());
  });

  it.each(names)('refer in %s only to what is in it', (name) => {
    expect(dangling(stackOf(synthesised, name))).toEqual([]);
  });

  it('would notice a reference to what was renamed', () => {
    const plane = JSON.parse(JSON.stringify(stackOf(synthesised, 'gcp-prod-plane'))) as StackJson;
    const servers = plane.resource.google_sql_database_instance ?? {};
    const { 'pg_pg-a': primary = {}, ...replicas } = servers;
    plane.resource.google_sql_database_instance = { ...replicas, renamed: primary };
    expect(new Set(dangling(plane))).toEqual(new Set(['google_sql_database_instance.pg_pg-a']));
  });

  it.each(CLOUDS)(
    'of the bootstrap of %s remember beside the code until the bucket is there, and in it afterwards',
    (cloud) => {
      const name = `${cloud}-dev-bootstrap`;
      const first = stackOf(synthesised, name).terraform.backend;
      expect(first).toEqual({ local: { path: `../../../terraform.${name}.tfstate` } });
      const then = stackOf(synth([{ ...find(`${cloud}-dev`), state: { bucket: true } }]), name).terraform.backend;
      expect(JSON.stringify(then)).toContain('"bootstrap');
      expect(then).not.toHaveProperty('local');
    },
  );

  it.each(names.filter((name) => !name.endsWith('bootstrap')))(
    'keep the state of %s apart, encrypted, and in the bucket of the bootstrap',
    (name) => {
      const { terraform } = stackOf(synthesised, name);
      const [, environment = '', layer = ''] = name.split('-');
      const [backend] = Object.values(terraform.backend as { [kind: string]: Attributes });
      expect(terraform.required_version).toBe('>= 1.11.0');
      expect(JSON.stringify(backend)).toContain(`"${layer}`);
      expect(JSON.stringify(backend)).toMatch(new RegExp(`memplane-${environment}-state-\\d+|mp${environment}state`));
      expect(backend).toMatchObject(
        name.startsWith('aws')
          ? { encrypt: true, use_lockfile: true, kms_key_id: expect.stringMatching(/alias\/memplane-\w+-state$/) }
          : name.startsWith('gcp')
            ? { kms_encryption_key: expect.stringMatching(/cryptoKeys\/state$/) }
            : { use_azuread_auth: true },
      );
    },
  );

  it.each(names)('guard everything in %s that holds data or keys', (name) => {
    const holds =
      /^(aws_route53_zone|aws_prometheus_workspace|azurerm_dns_zone|azurerm_monitor_workspace|aws_s3_bucket|aws_kms_(replica_)?key|aws_db_instance|aws_secretsmanager_secret|aws_elasticache_replication_group|aws_sqs_queue|aws_ecr_repository|google_storage_bucket|google_kms_(crypto_key|key_ring)|google_sql_database(_instance)?|google_secret_manager_secret|google_memorystore_instance|google_pubsub_(topic|subscription)|google_artifact_registry_repository|azurerm_(storage_account|storage_container|key_vault|key_vault_key|key_vault_secret|postgresql_flexible_server|managed_redis|servicebus_(namespace|queue)|container_registry))$/;
    const { resource } = stackOf(synthesised, name);
    for (const [type, ofType] of Object.entries(resource).filter(([one]) => holds.test(one))) {
      for (const [id, { lifecycle }] of Object.entries(ofType)) {
        expect({ address: `${type}.${id}`, lifecycle }).toMatchObject({ lifecycle: { prevent_destroy: true } });
      }
    }
  });

  it('of AWS put everything of the second region through its provider', () => {
    const { resource } = stackOf(synthesised, 'aws-prod-vault');
    for (const ofType of Object.values(resource)) {
      for (const [id, { provider }] of Object.entries(ofType)) {
        expect({ id, provider }).toEqual({ id, provider: /_replica(_|$)/.test(id) ? 'aws.replica' : undefined });
      }
    }
  });
});

const GOLDEN = 'test/golden/stacks';

/** Without the version of cdktf, which is no decision of ours. */
function golden(stack: StackJson): string {
  const { '//': _, ...rest } = stack;
  return `${JSON.stringify(rest, null, 2)}\n`;
}

describe('the Terraform JSON', () => {
  const refresh = process.env.UPDATE_GOLDEN === '1';
  if (refresh) {
    rmSync(GOLDEN, { recursive: true, force: true });
    mkdirSync(GOLDEN, { recursive: true });
    for (const [name, stack] of synthesised.stacks) writeFileSync(`${GOLDEN}/${name}.json`, golden(stack));
  }

  it.each(names)('of %s is what was reviewed; UPDATE_GOLDEN=1 accepts a change', (name) => {
    const path = `${GOLDEN}/${name}.json`;
    expect(existsSync(path)).toBe(true);
    expect(JSON.parse(golden(stackOf(synthesised, name)))).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });

  it('is reviewed for every stack and for none that is gone', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(names.map((name) => `${name}.json`).sort());
  });

  it('is the same twice', () => {
    const again = synth();
    for (const name of names) expect(stackOf(again, name)).toEqual(stackOf(synthesised, name));
  });
});
