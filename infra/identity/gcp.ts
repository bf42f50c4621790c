import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member/index.js';
import { KmsKeyRingIamMember } from '@cdktf/provider-google/lib/kms-key-ring-iam-member/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member/index.js';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member/index.js';
import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member/index.js';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member/index.js';
import type { Construct } from 'constructs';
import { workload } from '../support/agents.js';
import type { GcpSite } from '../support/site.js';
import {
  ACCOUNTS,
  type BucketScope,
  type IdentityOutput,
  namespaceOf,
  type PlaneWorker,
  type ResolvedIdentity,
} from './contract.js';
import type { GcpRole } from './gcp-roles.js';

type GcpIdentity = ResolvedIdentity<GcpSite>;

/** Kubernetes' service accounts are principals themselves: no account of Google's between, and no annotation. */
export function buildGcpIdentity(unit: Construct, config: GcpIdentity): IdentityOutput {
  letOperatorWork(unit, config);
  letWitnessSign(unit, config);
  for (const [index, name] of config.secrets.names.entries()) {
    new SecretManagerSecretIamMember(unit, `secret_${index + 1}_to_external_secrets`, {
      project: config.site.projectId,
      secretId: name,
      role: 'roles/secretmanager.secretAccessor',
      member: memberOf(config, 'externalSecrets'),
    });
  }
  letPodsConnect(unit, config);
  return { provider: 'gke', roles: config.roles, annotations: { operator: {}, witness: {}, externalSecrets: {} } };
}

function memberOf({ site, namespaces }: GcpIdentity, worker: PlaneWorker): string {
  const [account = ''] = ACCOUNTS[worker];
  return workload(site, namespaceOf(namespaces, worker), account);
}

/**
 * It makes tenants' keys and folders, and grants on them. That it could grant itself is why the vault denies it every
 * use of a key: a denial beats whatever is granted.
 */
function letOperatorWork(unit: Construct, config: GcpIdentity): void {
  const { keys } = config;
  const member = memberOf(config, 'operator');
  for (const ring of ['tenant', 'tenantReplica'] as const) {
    new KmsKeyRingIamMember(unit, `operator_on_${ring.toLowerCase()}`, {
      keyRingId: keys[ring].grantOn,
      role: roleOf(config, 'tenantKeyAdmin'),
      member,
    });
  }
  const grant = (role: GcpRole, ...buckets: readonly BucketScope[]) => {
    for (const bucket of buckets) {
      new StorageBucketIamMember(unit, `operator_${role}_on_${bucket}`, {
        bucket: config.buckets[bucket].grantOn,
        role: roleOf(config, role),
        member,
      });
    }
  };
  grant('keyringAdmin', 'keys', 'keysReplica');
  grant('folderAdmin', 'artifacts', 'backups', 'audit');
  grant('reaper', 'artifacts', 'backups');
}

function letWitnessSign(unit: Construct, config: GcpIdentity): void {
  const bucket = config.buckets.audit.grantOn;
  const member = memberOf(config, 'witness');
  new StorageBucketIamMember(unit, 'witness_appends', {
    bucket,
    role: roleOf(config, 'auditAppend'),
    member,
    condition: {
      title: 'anchors only',
      expression: `resource.name.startsWith("projects/_/buckets/${bucket}/objects/anchor/")`,
    },
  });
  new StorageBucketIamMember(unit, 'witness_reads', { bucket, role: 'roles/storage.objectViewer', member });
  new KmsCryptoKeyIamMember(unit, 'witness_signs', {
    cryptoKeyId: config.keys.anchor.grantOn,
    role: 'roles/cloudkms.signerVerifier',
    member,
  });
}

/** Every pod of this cluster: cache and queue know no tenants, and network policies decide which pods reach them. */
function letPodsConnect(unit: Construct, { site, cluster, cache, queue }: GcpIdentity): void {
  const { projectId: project, projectNumber } = site;
  const pool = `principalSet://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools`;
  const path = `projects/${project}/locations/${site.region}/clusters/${cluster.name}`;
  const member = `${pool}/${cluster.federation}/kubernetes.cluster/https://container.googleapis.com/v1/${path}`;
  if (cache !== undefined) {
    new ProjectIamMember(unit, 'pods_to_cache', {
      project,
      role: 'roles/memorystore.dbConnectionUser',
      member,
      condition: { title: 'one instance', expression: `resource.name == "${cache.grantOn}"` },
    });
  }
  if (queue === undefined) return;
  const topic = { project, topic: queue.grantOn, role: 'roles/pubsub.publisher', member };
  new PubsubTopicIamMember(unit, 'pods_to_queue', topic);
  const subscription = { project, subscription: queue.grantOn, role: 'roles/pubsub.subscriber', member };
  new PubsubSubscriptionIamMember(unit, 'pods_from_queue', subscription);
}

const roleOf = ({ roles }: GcpIdentity, role: GcpRole): string => roles[role] ?? '';
