import type { TerraformStack } from 'cdktf';
import { buildBaseline } from '../../infra/baseline/index.js';
import { type BucketOutput, buildBucket } from '../../infra/bucket/index.js';
import { buildKms, type Key } from '../../infra/kms/index.js';
import { buildReplication } from '../../infra/replication/index.js';
import { addressOfBucket, buildVaultOutput, identityOf } from '../output.js';
import { bucketSettings, irreversible, kmsSettings } from '../settings.js';
import type { Environment } from '../spec/environment.js';
import { replicationName, resourceGroup } from '../spec/names.js';
import type { Sites } from './sites.js';

interface Pair {
  readonly here: BucketOutput;
  readonly there: BucketOutput;
}

type VaultKeys = ReturnType<typeof buildKeys>;

/**
 * What is irreversible or irreplaceable: baseline → keys → access logs → audit → keyrings. Apart from the plane, so
 * that destroying anything else cannot reach it, and other people approve its changes.
 */
export function buildVault(stack: TerraformStack, environment: Environment, sites: Sites): void {
  buildBaseline(stack, 'baseline', {
    site: sites.here,
    name: resourceGroup(environment, 'vault'),
    operator: { namespace: environment.identity.operatorNamespace, account: 'operator' },
  });
  const keys = buildKeys(stack, environment, sites);
  const logs = buildAccessLogs(stack, environment, sites, keys);
  const audit = buildAudit(stack, environment, sites, keys, logs);
  const keyrings = buildKeyrings(stack, environment, sites, keys, logs);
  buildVaultOutput(stack, {
    ...identityOf(environment),
    buckets: {
      audit: addressOfBucket(audit.here),
      auditReplica: addressOfBucket(audit.there),
      keys: addressOfBucket(keyrings.here),
      keysReplica: addressOfBucket(keyrings.there),
    },
    kms: { tenant: keys.tenants.tenant.id, tenantReplica: keys.tenantsThere.tenant.id, anchor: keys.here.anchor.id },
    irreversible: irreversible(environment, [audit.here, audit.there], allKeys(keys)),
  });
}

function buildKeys(stack: TerraformStack, environment: Environment, { here, there }: Sites) {
  const purposes = ['audit', 'keys', 'anchor'] as const;
  const kms = buildKms(stack, 'kms', kmsSettings(environment, here, 'vault', purposes));
  const kmsThere = buildKms(stack, 'kms_replica', {
    ...kmsSettings(environment, there, 'vaultReplica', purposes),
    copyOf: kms,
  });
  const tenants = buildKms(stack, 'tenants', kmsSettings(environment, here, 'tenants', ['tenant']));
  const tenantsThere = buildKms(stack, 'tenants_replica', {
    ...kmsSettings(environment, there, 'tenantsReplica', ['tenant']),
    copyOf: tenants,
  });
  return { here: kms.keys, there: kmsThere.keys, tenants: tenants.keys, tenantsThere: tenantsThere.keys };
}

const allKeys = (keys: VaultKeys): readonly Key[] => Object.values(keys).flatMap((set): Key[] => Object.values(set));

/** One a region: every cloud delivers the logs of a bucket only into its own region. */
function buildAccessLogs(
  stack: TerraformStack,
  environment: Environment,
  { here, there }: Sites,
  keys: VaultKeys,
): Pair {
  // They are evidence like the audit records, so they have their key; S3 delivers into no KMS bucket at all.
  const keyOf = (key: Key) => (environment.place.cloud === 'aws' ? {} : { key });
  return {
    here: buildBucket(stack, 'access_logs', {
      ...bucketSettings(environment, here, 'accessLogs', 'accessLogs'),
      ...keyOf(keys.here.audit),
    }),
    there: buildBucket(stack, 'access_logs_replica', {
      ...bucketSettings(environment, there, 'accessLogsReplica', 'accessLogs'),
      ...keyOf(keys.there.audit),
    }),
  };
}

function buildAudit(stack: TerraformStack, environment: Environment, sites: Sites, keys: VaultKeys, logs: Pair): Pair {
  const here = buildBucket(stack, 'audit', {
    ...bucketSettings(environment, sites.here, 'audit', 'audit'),
    key: keys.here.audit,
    logsTo: logs.here.logTarget,
  });
  const there = buildBucket(stack, 'audit_replica', {
    ...bucketSettings(environment, sites.there, 'auditReplica', 'audit'),
    key: keys.there.audit,
    logsTo: logs.there.logTarget,
  });
  buildReplication(stack, 'audit_replication', {
    site: sites.here,
    name: replicationName(environment, 'audit'),
    tags: environment.tags,
    source: here,
    sourceKey: keys.here.audit,
    destination: there,
    destinationKey: keys.there.audit,
  });
  return { here, there };
}

/** No lock and no replication: the application writes both regions itself, and a destroyed key stays destroyed. */
function buildKeyrings(
  stack: TerraformStack,
  environment: Environment,
  sites: Sites,
  keys: VaultKeys,
  logs: Pair,
): Pair {
  const here = buildBucket(stack, 'keys', {
    ...bucketSettings(environment, sites.here, 'keys', 'keys'),
    key: keys.here.keys,
    logsTo: logs.here.logTarget,
  });
  const there = buildBucket(stack, 'keys_replica', {
    ...bucketSettings(environment, sites.there, 'keysReplica', 'keys'),
    key: keys.there.keys,
    logsTo: logs.there.logTarget,
  });
  return { here, there };
}
