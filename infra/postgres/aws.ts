import { DbInstance, type DbInstanceConfig } from '@cdktf/provider-aws/lib/db-instance/index.js';
import { DbInstanceAutomatedBackupsReplication } from '@cdktf/provider-aws/lib/db-instance-automated-backups-replication/index.js';
import { DbParameterGroup } from '@cdktf/provider-aws/lib/db-parameter-group/index.js';
import { DbSubnetGroup } from '@cdktf/provider-aws/lib/db-subnet-group/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildAdministrator } from './admin.js';
import { buildLogGroups, buildMonitor } from './aws-monitoring.js';
import { buildParameters } from './aws-parameters.js';
import { buildAdminSecret } from './aws-secret.js';
import { ADMIN, backupHour, DATABASE, PORT, type PostgresOutput, type ResolvedPostgres } from './contract.js';

type AwsPostgres = ResolvedPostgres<AwsSite>;
type Shared = Omit<DbInstanceConfig, 'identifier' | 'lifecycle'>;

export function buildAwsPostgres(unit: Construct, config: AwsPostgres): PostgresOutput {
  const admin = buildAdministrator(unit);
  const shared = buildShared(unit, config);
  const primary = buildPrimary(unit, config, shared, admin.password);
  const replicas = buildReplicas(unit, config, shared, primary);
  copyBackups(unit, config, primary);
  return {
    host: primary.address,
    readHosts: replicas.map(({ address }) => address),
    port: PORT,
    adminSecret: buildAdminSecret(unit, config, admin.json).name,
    // One bundle for all of RDS, which anybody may download.
    ca: 'public',
    watched: { name: config.name, id: primary.id },
    replicas: replicas.map(({ id }, index) => ({ name: `${config.name}-r${index + 1}`, id })),
    address: addressOf(primary),
  };
}

/** What a replica has like its primary, and does not inherit from it. */
function buildShared(unit: Construct, config: AwsPostgres): Shared {
  const { site, name, tags, key } = config;
  const parameters = new DbParameterGroup(unit, 'parameters', {
    ...providerOf(site),
    name,
    family: `postgres${config.version}`,
    description: 'memplane',
    parameter: buildParameters(config),
    tags: buildTags('aws', tags, 'data'),
  });
  return {
    ...providerOf(site),
    instanceClass: config.instance,
    storageType: 'gp3',
    storageEncrypted: true,
    kmsKeyId: key.id,
    port: PORT,
    publiclyAccessible: false,
    parameterGroupName: parameters.name,
    caCertIdentifier: 'rds-ca-rsa2048-g1',
    iamDatabaseAuthenticationEnabled: true,
    backupRetentionPeriod: config.pitrDays,
    autoMinorVersionUpgrade: true,
    maxAllocatedStorage: config.maxStorageGb,
    copyTagsToSnapshot: true,
    deletionProtection: true,
    performanceInsightsEnabled: true,
    performanceInsightsKmsKeyId: key.id,
    // Two years, the longest there is.
    performanceInsightsRetentionPeriod: 731,
    monitoringInterval: 60,
    monitoringRoleArn: buildMonitor(unit, config).arn,
    enabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
    tags: buildTags('aws', tags, 'data'),
  };
}

function buildPrimary(unit: Construct, config: AwsPostgres, shared: Shared, passwordWo: string): DbInstance {
  const { site, name, tags, maintenance } = config;
  const subnets = new DbSubnetGroup(unit, 'subnets', {
    ...providerOf(site),
    name,
    description: 'memplane: data',
    subnetIds: [...config.network.stores.postgres.subnets],
    tags: buildTags('aws', tags, 'data'),
  });
  const next = String((maintenance.hour + 1) % 24).padStart(2, '0');
  const until = maintenance.hour === 23 ? DAY_AFTER[maintenance.day] : maintenance.day;
  const primary = new DbInstance(unit, 'primary', {
    ...shared,
    identifier: checkName('aws', 'postgres', name),
    engine: 'postgres',
    engineVersion: config.version,
    allocatedStorage: config.storageGb,
    multiAz: config.highlyAvailable,
    dbName: DATABASE,
    username: ADMIN,
    // Not `manageMasterUserPassword`: RDS refuses read replicas beside it.
    passwordWo,
    passwordWoVersion: config.adminPasswordVersion,
    dbSubnetGroupName: subnets.name,
    vpcSecurityGroupIds: [...config.network.stores.postgres.groups],
    backupWindow: `${backupHour(maintenance)}:00-${backupHour(maintenance)}:45`,
    maintenanceWindow: `${maintenance.day}:${String(maintenance.hour).padStart(2, '0')}:00-${until}:${next}:00`,
    deleteAutomatedBackups: false,
    skipFinalSnapshot: false,
    finalSnapshotIdentifier: `${name}-final`,
    // Made first, else RDS makes them without a key and for ever.
    dependsOn: [...buildLogGroups(unit, config, name)],
    // Minor versions come in the maintenance window; Terraform would take them back.
    lifecycle: { ...GUARDED, ignoreChanges: ['engine_version'] },
  });
  primary.overrideLogicalId(unit.node.id);
  return primary;
}

const DAY_AFTER = { mon: 'tue', tue: 'wed', wed: 'thu', thu: 'fri', fri: 'sat', sat: 'sun', sun: 'mon' } as const;

/** By identifier, not ARN, and without credentials, database or subnets, which come from the primary. */
function buildReplicas(
  unit: Construct,
  config: AwsPostgres,
  shared: Shared,
  primary: DbInstance,
): readonly DbInstance[] {
  return Array.from({ length: config.readReplicas }, (_, index) => {
    const id = `replica_${index + 1}`;
    const identifier = checkName('aws', 'postgres', `${config.name}-r${index + 1}`);
    return new DbInstance(unit, id, {
      ...shared,
      identifier,
      replicateSourceDb: primary.identifier,
      vpcSecurityGroupIds: [...config.network.stores.reader.groups],
      // It holds nothing that its primary does not, and RDS makes no last snapshot of a replica.
      skipFinalSnapshot: true,
      dependsOn: [...buildLogGroups(unit, config, identifier, id)],
      lifecycle: GUARDED,
    });
  });
}

function copyBackups(unit: Construct, { secondRegion, pitrDays }: AwsPostgres, primary: DbInstance): void {
  if (secondRegion === undefined) return;
  const { provider, key } = secondRegion;
  new DbInstanceAutomatedBackupsReplication(unit, 'backups_copy', {
    ...(provider === undefined ? {} : { provider }),
    sourceDbInstanceArn: primary.arn,
    kmsKeyId: key.id,
    retentionPeriod: pitrDays,
    lifecycle: GUARDED,
  });
}
