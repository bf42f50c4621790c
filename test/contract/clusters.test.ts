import { STORAGE_CLASS } from '../../charts/manifests/names.js';
import type { Cloud } from '../support/bucket-facts.js';
import { type ClusterFacts, clusterFacts } from '../support/cluster-facts.js';
import { Editable } from '../support/editable.js';
import { plainId, reviewed, type StackJson } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const planeOf = (cloud: Cloud): StackJson => reviewed(`${cloud}-prod-plane`);

const PROMISE: ClusterFacts = {
  closed: true,
  secretsKey: 'cluster',
  disksKey: 'disk',
  nodesHidden: true,
  peopleNamed: true,
  guarded: true,
  vectorZones: 3,
};

describe('the cluster of production', () => {
  it.each(CLOUDS)('keeps every promise on %s', (cloud) => {
    expect(clusterFacts(cloud, planeOf(cloud))).toEqual(PROMISE);
  });

  it.each(CLOUDS)('hands out on %s volumes that are encrypted with the disk key, never a default', (cloud) => {
    expect(planeOf(cloud).output.memplane?.value.storageClass).toEqual({
      // The name that the charts' admission policy demands of every volume.
      name: STORAGE_CLASS,
      provisioner: { aws: 'ebs.csi.aws.com', gcp: 'pd.csi.storage.gke.io', azure: 'disk.csi.azure.com' }[cloud],
      parameters: expect.objectContaining(
        {
          aws: { encrypted: 'true', kmsKeyId: expect.stringMatching(/^\$\{aws_kms_key\.kms_disk_key_/) },
          gcp: { 'disk-encryption-kms-key': expect.stringMatching(/^\$\{google_kms_crypto_key\.kms_disk_key_/) },
          azure: { diskEncryptionSetID: expect.stringMatching(/^\$\{azurerm_disk_encryption_set\.cluster_disks_/) },
        }[cloud],
      ),
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
      reclaimPolicy: 'Retain',
    });
  });

  it.each(CLOUDS)('sizes the vector store on %s for twice the searches of its preset', (cloud) => {
    expect(planeOf(cloud).output.memplane?.value.qdrant).toMatchObject({
      namespace: 'memplane-data',
      nodes: 3,
      replicationFactor: 2,
      searchesPerSecond: 400,
      segments: 8,
      snapshotFolder: 'qdrant/',
      tolerations: [{ key: 'memplane.dev/pool', value: 'qdrant', effect: 'NoSchedule' }],
    });
  });

  it.each([
    { cloud: 'aws' as const, type: 'aws_iam_role_policy', id: 'qdrant_role_snapshots', field: 'policy' },
    {
      cloud: 'gcp' as const,
      type: 'google_storage_bucket_iam_member',
      id: 'qdrant_snapshots_append',
      field: 'condition',
    },
    { cloud: 'azure' as const, type: 'azurerm_role_assignment', id: 'qdrant_snapshots_append', field: 'condition' },
  ])(
    'lets the vector store on $cloud write snapshots into its own folder and nowhere else',
    ({ cloud, type, id, field }) => {
      const granted = new Editable(planeOf(cloud)).get(type, id);
      const said = JSON.stringify(granted[field]);
      expect(said).toContain('qdrant/');
      expect(said).not.toMatch(/DeleteObject|objects\.delete|blobs\/delete/);
    },
  );
});

interface Mutant {
  readonly cloud: Cloud;
  readonly because: string;
  readonly changes: keyof ClusterFacts;
  readonly mutate: (stack: Editable) => void;
}

const first = (stack: Editable, type: string): string => {
  const [id] = Object.keys(stack.stack.resource[type] ?? {});
  if (id === undefined) throw new Error(`no ${type}`);
  return plainId(id);
};

const EKS = 'aws_eks_cluster';
const GKE = 'google_container_cluster';
const AKS = 'azurerm_kubernetes_cluster';

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    because: 'its API server answers on the internet',
    changes: 'closed',
    mutate: (s) => s.set(EKS, 'eks', ['vpc_config', 'endpoint_public_access'], true),
  },
  {
    cloud: 'aws',
    because: 'secrets are under a key of Amazon’s',
    changes: 'secretsKey',
    mutate: (s) => s.set(EKS, 'eks', ['encryption_config', 'provider', 'key_arn'], 'alias/aws/eks'),
  },
  {
    cloud: 'aws',
    because: 'one of a node’s two disks is not encrypted',
    changes: 'disksKey',
    mutate: (s) =>
      s.set(
        'aws_launch_template',
        'cluster_template_services',
        ['block_device_mappings', 1, 'ebs', 'encrypted'],
        'false',
      ),
  },
  {
    cloud: 'aws',
    because: 'two hops reach the node’s identity from a pod',
    changes: 'nodesHidden',
    mutate: (s) =>
      s.set('aws_launch_template', 'cluster_template_services', ['metadata_options', 'http_put_response_hop_limit'], 2),
  },
  {
    cloud: 'aws',
    because: 'whoever made it administers it for ever',
    changes: 'peopleNamed',
    mutate: (s) => s.set(EKS, 'eks', ['access_config', 'bootstrap_cluster_creator_admin_permissions'], true),
  },
  {
    cloud: 'aws',
    because: 'two zones are no majority of three',
    changes: 'vectorZones',
    mutate: (s) => s.remove('aws_eks_node_group', 'qdrant_pool_qdrant_eu_central_1c'),
  },
  {
    cloud: 'gcp',
    because: 'the name of its API server answers from outside',
    changes: 'closed',
    mutate: (s) =>
      s.set(GKE, 'gke', ['control_plane_endpoints_config', 'dns_endpoint_config', 'allow_external_traffic'], true),
  },
  {
    cloud: 'gcp',
    because: 'secrets are decrypted where they lie',
    changes: 'secretsKey',
    mutate: (s) => s.set(GKE, 'gke', ['database_encryption', 'state'], 'DECRYPTED'),
  },
  {
    cloud: 'gcp',
    because: 'a pool without a key of ours has one of Google’s',
    changes: 'disksKey',
    mutate: (s) => s.set('google_container_node_pool', 'qdrant_pool_qdrant', ['node_config', 'boot_disk_kms_key'], ''),
  },
  {
    cloud: 'gcp',
    because: 'pods see the node’s metadata',
    changes: 'nodesHidden',
    mutate: (s) =>
      s.set(
        'google_container_node_pool',
        first(s, 'google_container_node_pool'),
        ['node_config', 'workload_metadata_config', 'mode'],
        'GCE_METADATA',
      ),
  },
  {
    cloud: 'gcp',
    because: 'it can be deleted by one call',
    changes: 'guarded',
    mutate: (s) => s.set(GKE, 'gke', ['deletion_protection'], false),
  },
  {
    cloud: 'azure',
    because: 'its name is public',
    changes: 'closed',
    mutate: (s) => s.set(AKS, 'aks', ['private_cluster_public_fqdn_enabled'], true),
  },
  {
    cloud: 'azure',
    because: 'a local account has no second factor',
    changes: 'peopleNamed',
    mutate: (s) => s.set(AKS, 'aks', ['local_account_disabled'], false),
  },
  {
    cloud: 'azure',
    because: 'without the lock anybody with rights on the group deletes it',
    changes: 'guarded',
    mutate: (s) => s.remove('azurerm_management_lock', 'cluster_lock'),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, mutate, changes }) => {
    const edited = new Editable(planeOf(cloud));
    mutate(edited);
    expect(clusterFacts(cloud, edited.stack)[changes]).not.toEqual(PROMISE[changes]);
  });
});
