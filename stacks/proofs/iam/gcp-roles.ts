/**
 * Permissions of Google's own roles, as far as the table asks for them: those that read, write, delete and use keys. A
 * role that is not here is not evaluated but refused, so that a new one is looked up on purpose.
 */
const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  'roles/artifactregistry.reader': ['artifactregistry.repositories.downloadArtifacts'],
  'roles/artifactregistry.writer': [
    'artifactregistry.repositories.downloadArtifacts',
    'artifactregistry.repositories.uploadArtifacts',
  ],
  'roles/cloudkms.cryptoKeyEncrypterDecrypter': [
    'cloudkms.cryptoKeyVersions.useToEncrypt',
    'cloudkms.cryptoKeyVersions.useToDecrypt',
  ],
  'roles/cloudkms.signerVerifier': [
    'cloudkms.cryptoKeyVersions.useToSign',
    'cloudkms.cryptoKeyVersions.useToVerify',
    'cloudkms.cryptoKeyVersions.viewPublicKey',
  ],
  'roles/cloudsql.client': ['cloudsql.instances.connect'],
  'roles/cloudsql.instanceUser': ['cloudsql.instances.login'],
  'roles/container.defaultNodeServiceAccount': ['logging.logEntries.create', 'monitoring.timeSeries.create'],
  'roles/logging.bucketWriter': ['logging.buckets.write'],
  'roles/logging.logWriter': ['logging.logEntries.create'],
  'roles/memorystore.dbConnectionUser': ['memorystore.instances.connect'],
  'roles/monitoring.metricWriter': ['monitoring.timeSeries.create'],
  'roles/pubsub.editor': [
    'pubsub.topics.create',
    'pubsub.topics.delete',
    'pubsub.topics.publish',
    'pubsub.subscriptions.consume',
    'pubsub.subscriptions.create',
    'pubsub.subscriptions.delete',
  ],
  'roles/pubsub.publisher': ['pubsub.topics.publish'],
  'roles/pubsub.subscriber': ['pubsub.subscriptions.consume'],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
  'roles/storage.objectCreator': ['storage.objects.create'],
  'roles/storage.objectViewer': ['storage.objects.get', 'storage.objects.list'],
};

/** Those of Terraform: a whole service, but for what uses a key. */
const ADMINISTERS: Readonly<Record<string, string>> = {
  'roles/artifactregistry.admin': 'artifactregistry.',
  'roles/binaryauthorization.policyEditor': 'binaryauthorization.',
  'roles/cloudkms.admin': 'cloudkms.',
  'roles/cloudsql.admin': 'cloudsql.',
  'roles/compute.networkAdmin': 'compute.',
  'roles/compute.securityAdmin': 'compute.',
  'roles/container.admin': 'container.',
  'roles/dns.admin': 'dns.',
  'roles/iam.roleAdmin': 'iam.roles.',
  'roles/iam.serviceAccountAdmin': 'iam.serviceAccounts.',
  'roles/iam.denyAdmin': 'iam.denypolicies.',
  'roles/iam.serviceAccountUser': 'iam.serviceAccounts.actAs',
  'roles/iam.workloadIdentityUser': 'iam.serviceAccounts.getAccessToken',
  'roles/logging.admin': 'logging.',
  'roles/memorystore.admin': 'memorystore.',
  'roles/monitoring.admin': 'monitoring.',
  'roles/networkconnectivity.serviceConnectionPolicyAdmin': 'networkconnectivity.',
  'roles/orgpolicy.policyAdmin': 'orgpolicy.',
  'roles/pubsub.admin': 'pubsub.',
  'roles/resourcemanager.projectIamAdmin': 'resourcemanager.',
  'roles/secretmanager.admin': 'secretmanager.',
  'roles/servicenetworking.networksAdmin': 'servicenetworking.',
  'roles/serviceusage.serviceUsageAdmin': 'serviceusage.',
  'roles/serviceusage.serviceUsageConsumer': 'serviceusage.services.use',
  'roles/storage.admin': 'storage.',
  'roles/storagetransfer.admin': 'storagetransfer.',
};

type Custom = ReadonlyMap<string, readonly string[]>;

export const isKnownRole = (role: string, custom: Custom): boolean =>
  custom.has(role) || role in PREDEFINED || role in ADMINISTERS;

export function permits(role: string, permission: string, custom: Custom): boolean {
  const listed = custom.get(role) ?? PREDEFINED[role];
  if (listed !== undefined) return listed.includes(permission);
  const service = ADMINISTERS[role];
  return service !== undefined && permission.startsWith(service) && !/\.useTo\w+$/.test(permission);
}
