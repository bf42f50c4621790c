import { SqlDatabase } from '@cdktf/provider-google/lib/sql-database/index.js';
import {
  SqlDatabaseInstance,
  type SqlDatabaseInstanceConfig,
  type SqlDatabaseInstanceSettings,
} from '@cdktf/provider-google/lib/sql-database-instance/index.js';
import { SqlUser } from '@cdktf/provider-google/lib/sql-user/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildAdministrator } from './admin.js';
import { ADMIN, backupHour, DATABASE, PORT, type PostgresOutput, type ResolvedPostgres, WEEKDAYS } from './contract.js';
import { buildFlags } from './gcp-flags.js';
import { buildAdminSecret } from './gcp-secret.js';

type GcpPostgres = ResolvedPostgres<GcpSite>;

export function buildGcpPostgres(unit: Construct, config: GcpPostgres): PostgresOutput {
  const primary = buildPrimary(unit, config);
  const replicas = Array.from({ length: config.readReplicas }, (_, index) =>
    buildReplica(unit, config, primary, `replica_${index + 1}`, `${config.name}-r${index + 1}`),
  );
  if (config.secondRegion !== undefined) {
    buildReplica(unit, config, primary, 'region_replica', `${config.name}-dr`, config.secondRegion);
  }
  return {
    // Not the address: the certificate names the host.
    host: primary.dnsName,
    readHosts: replicas.map(({ dnsName }) => dnsName),
    port: PORT,
    adminSecret: buildAccess(unit, config, primary),
    ca: primary.serverCaCert.get(0).cert,
    watched: { name: config.name, id: primary.id },
    replicas: replicas.map(({ id }, index) => ({ name: `${config.name}-r${index + 1}`, id })),
    address: addressOf(primary),
  };
}

function buildPrimary(unit: Construct, config: GcpPostgres): SqlDatabaseInstance {
  const { site, name, key, pitrDays, maintenance } = config;
  const primary = new SqlDatabaseInstance(unit, 'primary', {
    ...shared(config, site.region, key.id),
    name: checkName('gcp', 'postgres', name),
    settings: {
      ...settings(config),
      availabilityType: config.highlyAvailable ? 'REGIONAL' : 'ZONAL',
      retainBackupsOnDelete: true,
      backupConfiguration: {
        enabled: true,
        startTime: `${backupHour(maintenance)}:00`,
        pointInTimeRecoveryEnabled: true,
        // The longest of this edition: beyond it there is a backup a day.
        transactionLogRetentionDays: Math.min(7, pitrDays),
        backupRetentionSettings: { retentionUnit: 'COUNT', retainedBackups: pitrDays },
      },
      maintenanceWindow: {
        day: WEEKDAYS.indexOf(maintenance.day) + 1,
        hour: maintenance.hour,
        updateTrack: 'stable',
      },
    },
    dependsOn: [...key.ready, ...config.network.stores.postgres.ready],
  });
  primary.overrideLogicalId(unit.node.id);
  return primary;
}

function shared(
  { site, version }: GcpPostgres,
  region: string,
  encryptionKeyName: string,
): Omit<SqlDatabaseInstanceConfig, 'settings'> {
  return {
    project: site.projectId,
    region,
    databaseVersion: `POSTGRES_${version}`,
    encryptionKeyName,
    // This one is Terraform's; the one in `settings` is Google's.
    deletionProtection: true,
    lifecycle: GUARDED,
  };
}

function settings(config: GcpPostgres): SqlDatabaseInstanceSettings {
  return {
    tier: config.instance,
    edition: 'ENTERPRISE',
    diskType: 'PD_SSD',
    diskSize: config.storageGb,
    diskAutoresize: true,
    diskAutoresizeLimit: config.maxStorageGb,
    deletionProtectionEnabled: true,
    databaseFlags: buildFlags(config),
    ipConfiguration: {
      ipv4Enabled: false,
      privateNetwork: config.network.id,
      // Certificates of clients are not asked for: roles have passwords.
      sslMode: 'ENCRYPTED_ONLY',
      // An authority a server could not be verified by name.
      serverCaMode: 'GOOGLE_MANAGED_CAS_CA',
    },
    userLabels: buildTags('gcp', config.tags, 'data'),
  };
}

function buildReplica(
  unit: Construct,
  config: GcpPostgres,
  primary: SqlDatabaseInstance,
  id: string,
  name: string,
  { region, key } = { region: config.site.region, key: config.key },
): SqlDatabaseInstance {
  return new SqlDatabaseInstance(unit, id, {
    ...shared(config, region, key.id),
    name: checkName('gcp', 'postgres', name),
    masterInstanceName: primary.name,
    settings: { ...settings(config), availabilityType: 'ZONAL' },
    dependsOn: [...key.ready, ...config.network.stores.reader.ready],
  });
}

function buildAccess(unit: Construct, config: GcpPostgres, primary: SqlDatabaseInstance): string {
  const { projectId: project } = config.site;
  const admin = buildAdministrator(unit);
  new SqlDatabase(unit, 'database', {
    project,
    instance: primary.name,
    name: DATABASE,
    deletionPolicy: 'ABANDON',
    lifecycle: GUARDED,
  });
  new SqlUser(unit, 'administrator', {
    project,
    instance: primary.name,
    name: ADMIN,
    type: 'BUILT_IN',
    passwordWo: admin.password,
    passwordWoVersion: config.adminPasswordVersion,
    // Postgres refuses to drop a role that owns something.
    deletionPolicy: 'ABANDON',
  });
  return buildAdminSecret(unit, config, admin.json).secretId;
}
