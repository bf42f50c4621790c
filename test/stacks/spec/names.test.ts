import type { Environment } from '../../../stacks/spec/environment.js';
import {
  adminSecretName,
  type BucketKind,
  bucketAddress,
  bucketName,
  keyId,
  keyStoreName,
  logTarget,
  postgresName,
  queueName,
  redisName,
  registryName,
  replicationName,
  stackName,
  tenantKeyId,
} from '../../../stacks/spec/names.js';
import { find, locked, stackOf, synth } from '../../support/stacks.js';

const aws = find('aws-prod');
const gcp = find('gcp-prod');
const azure = find('azure-prod');

describe('derived names', () => {
  it('are these, and changing one moves data', () => {
    const all = [aws, gcp, azure].map((environment) => ({
      stack: stackName(environment, 'vault'),
      audit: bucketName(environment, 'auditReplica'),
      state: bucketName(environment, 'state'),
      logs: logTarget(environment, 'accessLogs'),
      vault: keyStoreName(environment, 'vault'),
      there: keyStoreName(environment, 'planeReplica'),
      anchor: keyId(environment, 'vault', 'anchor'),
      tenant: tenantKeyId(environment, 'tenantsReplica'),
      copier: replicationName(environment, 'audit'),
      server: postgresName(environment, 'pg-a'),
      secret: adminSecretName(environment, 'pg-a'),
      cache: redisName(environment),
      queue: queueName(environment),
      images: registryName(environment),
    }));
    expect(all).toEqual([
      {
        stack: 'aws-prod-vault',
        audit: 'memplane-prod-audit-replica-444455556666',
        state: 'memplane-prod-state-444455556666',
        logs: 'memplane-prod-access-logs-444455556666',
        vault: 'memplane-prod',
        there: 'memplane-prod',
        anchor: 'arn:aws:kms:eu-central-1:444455556666:alias/memplane-prod-anchor',
        tenant: 'arn:aws:kms:eu-west-1:444455556666:alias/memplane-prod-tenant',
        copier: 'memplane-prod-replicate-audit',
        server: 'memplane-prod-pg-a',
        secret: 'memplane/prod/pg-a/admin',
        cache: 'memplane-prod-redis',
        queue: 'memplane-prod-writes',
        images: 'memplane-prod',
      },
      {
        stack: 'gcp-prod-vault',
        audit: 'memplane-prod-audit-replica-100000000002',
        state: 'memplane-prod-state-100000000002',
        logs: 'memplane-prod-access-logs-100000000002',
        vault: 'memplane-prod-vault',
        there: 'memplane-prod-plane',
        anchor: 'projects/example-memplane-prod/locations/europe-west3/keyRings/memplane-prod-vault/cryptoKeys/anchor',
        tenant: 'projects/example-memplane-prod/locations/europe-west4/keyRings/memplane-prod-tenants',
        copier: 'memplaneProdReplicateAudit',
        server: 'memplane-prod-pg-a',
        secret: 'memplane-prod-pg-a-admin',
        cache: 'memplane-prod-redis',
        queue: 'memplane-prod-writes',
        images: 'memplane-prod',
      },
      {
        stack: 'azure-prod-vault',
        audit: 'mpprodauditrex4mp2',
        state: 'mpprodstateex4mp2',
        logs: '/subscriptions/00000000-0000-4000-8000-000000000201/resourceGroups/memplane-prod-vault/providers/Microsoft.Storage/storageAccounts/mpprodlogsex4mp2',
        vault: 'mp-prod-v-ex4mp2',
        there: 'mp-prod-pd-ex4mp2',
        anchor: 'https://mp-prod-v-ex4mp2.vault.azure.net/keys/anchor',
        tenant: 'https://mp-prod-td-ex4mp2.vault.azure.net/',
        copier: 'memplane-prod-replicate-audit',
        server: 'mp-prod-pg-a-ex4mp2',
        secret: 'pg-a-admin',
        cache: 'mp-prod-redis-ex4mp2',
        queue: 'mp-prod-queue-ex4mp2',
        images: 'mpprodimagesex4mp2',
      },
    ]);
  });

  it('fit every cloud with the longest name an environment may have', () => {
    const kinds: readonly BucketKind[] = [
      'artifacts',
      'artifactsReplica',
      'backups',
      'backupsReplica',
      'audit',
      'auditReplica',
      'keys',
      'keysReplica',
      'accessLogs',
      'accessLogsReplica',
      'state',
    ];
    for (const environment of [aws, gcp, azure]) {
      const long = { ...environment, name: 'abcdefgh' };
      const names = kinds.map((kind) => bucketName(long, kind));
      expect(new Set(names).size).toBe(kinds.length);
      expect(keyStoreName(long, 'tenantsReplica')).toContain('abcdefgh');
      expect(redisName(long)).toContain('abcdefgh');
      expect(queueName(long)).toContain('abcdefgh');
      expect(registryName(long)).toContain('abcdefgh');
      expect(postgresName(long, `pg-${'x'.repeat(18)}`)).toContain('abcdefgh');
    }
  });

  /** The plane never sees the vault's state: what it derives must be what the vault makes. */
  it.each([aws, gcp, azure])('of the vault are what the vault makes on $place.cloud', (environment) => {
    const vault = stackOf(synth([locked(environment)]), stackName(environment, 'vault'));
    const { bucket, name, container } = ATTRIBUTES[environment.place.cloud];
    for (const [kind, id] of Object.entries(VAULT_BUCKETS) as [BucketKind, string][]) {
      expect(vault.resource[bucket]?.[id]?.[name]).toBe(bucketName(environment, kind));
      if (container === undefined) continue;
      const containers = Object.entries(vault.resource[container] ?? {});
      const made = containers.find(([one]) => one.startsWith(`${id}_container_`))?.[1].name;
      expect(made).toBe(bucketAddress(environment, kind).name);
    }
    for (const name of KEY_NAMES[environment.place.cloud](environment)) {
      expect(JSON.stringify(vault.resource)).toContain(`"${name}"`);
    }
  });
});

const VAULT_BUCKETS: Partial<Record<BucketKind, string>> = {
  audit: 'audit',
  auditReplica: 'audit_replica',
  keys: 'keys',
  keysReplica: 'keys_replica',
  accessLogs: 'access_logs',
  accessLogsReplica: 'access_logs_replica',
};

/** What stands in the resource itself of the keys that the plane refers to by name. */
const KEY_NAMES: Readonly<Record<'aws' | 'gcp' | 'azure', (environment: Environment) => readonly string[]>> = {
  aws: (one) => ['anchor', 'tenant'].map((key) => `alias/${keyStoreName(one, 'vault')}-${key}`),
  gcp: (one) => [keyStoreName(one, 'vault'), keyStoreName(one, 'tenants'), 'anchor'],
  azure: (one) => [keyStoreName(one, 'vault'), keyStoreName(one, 'tenants'), keyStoreName(one, 'tenantsReplica')],
};

const ATTRIBUTES = {
  aws: { bucket: 'aws_s3_bucket', name: 'bucket', container: undefined },
  gcp: { bucket: 'google_storage_bucket', name: 'name', container: undefined },
  azure: { bucket: 'azurerm_storage_account', name: 'name', container: 'azurerm_storage_container' },
} as const;
