import {
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  paginateDescribeDBParameters,
  RDSClient,
} from '@aws-sdk/client-rds';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';

export function openDatabases(options: AwsOptions) {
  const clients = perRegion((region) => new RDSClient(clientConfig(region, options)));
  return {
    readInstance: (target: Target, keys: Keys) => readInstance(clients.of(target.region), target, keys),
    readCopy: (target: Target, keys: Keys) => readCopy(clients.of(target.region), target, keys),
    close: clients.close,
  };
}

const NO_INSTANCE = ['DBInstanceNotFound', 'DBInstanceNotFoundFault'];

async function readInstance(client: RDSClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const found = await ask(client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name })), NO_INSTANCE);
  const instance = found?.DBInstances?.[0];
  if (instance === undefined) return undefined;
  const group = instance.DBParameterGroups?.[0]?.DBParameterGroupName;
  const parameters = group === undefined ? new Map<string, string>() : await readParameters(client, group);
  return {
    'encryption key': await keys.nameOf(instance.KmsKeyId, region),
    'encrypted at rest': instance.StorageEncrypted === true,
    'PITR days': instance.BackupRetentionPeriod,
    'two zones': instance.MultiAZ === true,
    'deletion protection': instance.DeletionProtection === true,
    public: instance.PubliclyAccessible === true,
    authority: instance.CACertificateIdentifier,
    'parameter group': group,
    'TLS required': parameters.get('rds.force_ssl'),
    'TLS minimum': parameters.get('ssl_min_protocol_version'),
    ...Object.fromEntries([...parameters].map(([name, value]) => [`parameter ${name}`, value])),
    'sign-in by IAM': instance.IAMDatabaseAuthenticationEnabled === true,
    logs: listed(instance.EnabledCloudwatchLogsExports),
    groups: listed((instance.VpcSecurityGroups ?? []).map(({ VpcSecurityGroupId }) => VpcSecurityGroupId)),
    'key of insights': await keys.nameOf(instance.PerformanceInsightsKMSKeyId, region),
    'small updates by itself': instance.AutoMinorVersionUpgrade === true,
  };
}

async function readParameters(client: RDSClient, group: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const reading = (async () => {
    for await (const { Parameters = [] } of paginateDescribeDBParameters({ client }, { DBParameterGroupName: group })) {
      for (const { ParameterName, ParameterValue } of Parameters) {
        if (ParameterName !== undefined && ParameterValue !== undefined) found.set(ParameterName, ParameterValue);
      }
    }
  })();
  await ask(reading, ['DBParameterGroupNotFound', 'DBParameterGroupNotFoundFault']);
  return found;
}

async function readCopy(client: RDSClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const command = new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: name });
  const found = await ask(client.send(command), ['DBInstanceAutomatedBackupNotFound', ...NO_INSTANCE]);
  const copy = found?.DBInstanceAutomatedBackups?.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === name);
  if (copy === undefined) return undefined;
  return { 'encryption key': await keys.nameOf(copy.KmsKeyId, region), 'PITR days': copy.BackupRetentionPeriod };
}
