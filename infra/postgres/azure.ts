import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock/index.js';
import {
  PostgresqlFlexibleServer,
  type PostgresqlFlexibleServerConfig,
} from '@cdktf/provider-azurerm/lib/postgresql-flexible-server/index.js';
import { PostgresqlFlexibleServerDatabase } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server-database/index.js';
import { PostgresqlFlexibleServerVirtualEndpoint } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server-virtual-endpoint/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildAdministrator } from './admin.js';
import { buildEncryption, type Encryption } from './azure-encryption.js';
import { buildParameters } from './azure-parameters.js';
import { buildAdminSecret } from './azure-secret.js';
import { ADMIN, DATABASE, PORT, type PostgresOutput, type ResolvedPostgres, WEEKDAYS } from './contract.js';

type AzurePostgres = ResolvedPostgres<AzureSite>;

export function buildAzurePostgres(unit: Construct, config: AzurePostgres): PostgresOutput {
  const admin = buildAdministrator(unit);
  const encryption = buildEncryption(unit, config);
  const primary = buildPrimary(unit, config, encryption, admin.password);
  const settled = buildParameters(unit, config, primary);
  new PostgresqlFlexibleServerDatabase(unit, 'database', {
    name: DATABASE,
    serverId: primary.id,
    charset: 'UTF8',
    collation: 'en_US.utf8',
    lifecycle: GUARDED,
  });
  new ManagementLock(unit, 'lock', {
    name: `${config.name}-keep`,
    scope: primary.id,
    lockLevel: 'CanNotDelete',
    notes: 'memplane: deleting the server deletes its backups',
  });
  const replicas = Array.from({ length: config.readReplicas }, (_, index) =>
    buildReplica(unit, config, encryption, primary, index + 1, settled),
  );
  return {
    host: primary.fqdn,
    readHosts: replicas.map(({ fqdn }) => fqdn),
    port: PORT,
    adminSecret: buildAdminSecret(unit, config, admin.json).name,
    ca: 'public',
    watched: { name: config.name, id: primary.id },
    replicas: replicas.map(({ id }, index) => ({ name: `${config.name}-r${index + 1}`, id })),
    address: addressOf(primary),
  };
}

/** Key, geo-redundancy, subnet and zone are fixed at birth: what is wrong then stays wrong. */
function buildPrimary(
  unit: Construct,
  config: AzurePostgres,
  { identity, customerManagedKey, ready }: Encryption,
  administratorPasswordWo: string,
): PostgresqlFlexibleServer {
  const { site, zones, maintenance, secondRegion } = config;
  const primary = new PostgresqlFlexibleServer(unit, 'primary', {
    ...placement(config, config.name, 'postgres'),
    version: config.version,
    zone: zones[0] ?? '1',
    ...(config.highlyAvailable
      ? { highAvailability: { mode: 'ZoneRedundant', standbyAvailabilityZone: zones[1] ?? '2' } }
      : {}),
    skuName: config.instance,
    storageMb: config.storageGb * 1024,
    autoGrowEnabled: true,
    backupRetentionDays: config.pitrDays,
    geoRedundantBackupEnabled: secondRegion !== undefined,
    identity,
    customerManagedKey,
    administratorLogin: ADMIN,
    administratorPasswordWo,
    administratorPasswordWoVersion: config.adminPasswordVersion,
    // Entra is for people; the roles of tenants have passwords, which Entra alone would rule out.
    authentication: { passwordAuthEnabled: true, activeDirectoryAuthEnabled: true, tenantId: site.entraTenantId },
    maintenanceWindow: {
      dayOfWeek: (WEEKDAYS.indexOf(maintenance.day) + 1) % 7,
      startHour: maintenance.hour,
      startMinute: 0,
    },
    dependsOn: [...ready, ...config.network.stores.postgres.ready],
    lifecycle: { ...GUARDED, ignoreChanges: [...MOVES, 'storage_mb'] },
  });
  primary.overrideLogicalId(unit.node.id);
  return primary;
}

/** A failover swaps them; Terraform would swap them back. */
const MOVES = ['zone', 'high_availability[0].standby_availability_zone'];

function placement(
  { site, tags, network }: AzurePostgres,
  name: string,
  store: 'postgres' | 'reader',
): PostgresqlFlexibleServerConfig {
  const { subnets, dnsZone = '' } = network.stores[store];
  return {
    name: checkName('azure', 'postgres', name),
    resourceGroupName: site.resourceGroup,
    location: site.region,
    delegatedSubnetId: subnets[0] ?? '',
    privateDnsZoneId: dnsZone,
    publicNetworkAccessEnabled: false,
    tags: buildTags('azure', tags, 'data'),
  };
}

function buildReplica(
  unit: Construct,
  config: AzurePostgres,
  { identity, ownKey, ready }: Encryption,
  primary: PostgresqlFlexibleServer,
  number: number,
  settled: Encryption['ready'],
): PostgresqlFlexibleServer {
  const replica = new PostgresqlFlexibleServer(unit, `replica_${number}`, {
    ...placement(config, `${config.name}-r${number}`, 'reader'),
    createMode: 'Replica',
    sourceServerId: primary.id,
    skuName: config.instance,
    autoGrowEnabled: true,
    identity,
    customerManagedKey: ownKey,
    // A replica takes the parameters that its primary has at that moment.
    dependsOn: [...ready, ...settled, ...config.network.stores.reader.ready],
    lifecycle: { ...GUARDED, ignoreChanges: [...MOVES, 'storage_mb'] },
  });
  if (number === 1) {
    new PostgresqlFlexibleServerVirtualEndpoint(unit, 'endpoint', {
      name: `${config.name}-rw`,
      sourceServerId: primary.id,
      replicaServerId: replica.id,
      type: 'ReadWrite',
    });
  }
  return replica;
}
