import { hostname, url } from '../address.js';
import { choice, dictionary, group, integer, list, optional, percent, text } from '../field.js';
import { configMapKeyRef, label, nameRef, objectName, version } from '../reference.js';
import { duration } from '../time.js';

const keyID = (description: string, options: { readonly acts?: boolean } = {}) =>
  text(description, { ...options, maxLength: 512 });

export const kms = group('The key management that wraps the keys of tenants.', {
  provider: choice('Whose; file is a key file, for one machine.', ['aws', 'gcp', 'azure', 'vault', 'file']),
  mode: choice(
    'Shared: one key, tenants told apart by context. PerTenant: the operator makes one for each.',
    ['Shared', 'PerTenant'],
    { default: 'Shared', acts: false },
  ),
  protection: choice('Google, Azure: what holds the keys that the operator makes.', ['Hsm', 'Software'], {
    default: 'Hsm',
  }),
  rotationDays: integer('Google, Azure: how often such a key gets a new version.', {
    default: 90,
    minimum: 1,
    maximum: 2_560,
  }),
  deletionWindowDays: integer(
    'Google: how long a destroyed version of such a key can be brought back. Azure has it of the vault, AWS of the key.',
    { default: 30, minimum: 1, maximum: 120 },
  ),
  keyID: keyID('The key (Shared) or what holds the keys (PerTenant); for file the absolute path of the key file.'),
  replicaKeyID: optional(keyID('The key in the second region.', { acts: false })),
  anchorKeyID: optional(keyID('Signs anchors and certificates.', { acts: false })),
  objectsKeyID: optional(keyID('Encrypts objects in buckets.', { acts: false })),
});

const boundText = (description: string) => optional(text(description, { maxLength: 512 }));
const identityText = (description: string) => optional(text(description, { maxLength: 512, acts: false }));

export const identity = group('How pods prove to the cloud who they are.', {
  provider: choice(
    'Mechanism of the cluster. With eks-pod-identity the operator binds service accounts of tenants to the roles below, with eks-irsa it annotates memory, with gke it lets their principals in, with aks it makes an identity for each tenant.',
    ['eks-pod-identity', 'eks-irsa', 'gke', 'aks'],
  ),
  tenantRoleARN: boundText('AWS: role of tenant pods; with eks-irsa the name of the tenant takes the place of *.'),
  backupRoleARN: boundText('AWS: role of backup jobs.'),
  auditRoleARN: boundText('AWS: role of archive and verify jobs.'),
  clusterName: boundText('AWS: name of the cluster.'),
  workloadPool: boundText('Google: workload identity pool.'),
  projectNumber: boundText('Google: number of the project.'),
  tenantVaultURI: identityText('Azure: vault with the keys of tenants; the same as kms.keyID.'),
  resourceGroup: boundText('Azure: resource group of the identities.'),
  location: boundText('Azure: region of the identities. Unset: that of the keys bucket.'),
  issuerURL: optional(url('Azure: token issuer of the cluster.', 'https')),
  unwrapRoleID: boundText('Azure: role that may unwrap.'),
  tenantRoles: optional(
    group('Google, Azure: roles that the operator gives to the pods of a tenant.', {
      keyringUse: boundText('On the folder of its keyring.'),
      artifactsUse: boundText('On the folder of its files.'),
      auditAppend: boundText('On the folder of its archived log, of the service account audit alone.'),
    }),
  ),
  scopes: optional(
    group('Azure: resource ids on which the operator assigns those roles.', {
      tenantVault: boundText('Of the vault with the keys of tenants.'),
      keys: boundText('Of the container of keyrings.'),
      artifacts: boundText('Of the container of files.'),
      audit: boundText('Of the container of archived logs.'),
    }),
  ),
});

export const queue = group(
  'Queue for vector writes. Unset: they go through the database.',
  {
    provider: choice('Whose.', ['sqs', 'pubsub', 'servicebus']),
    url: text('Its address.', { maxLength: 1024 }),
    secretRef: optional(nameRef('Secret with its credential. Unset: the identity of the pod.')),
  },
  { acts: false },
);

const parentRef = group('One Gateway.', {
  name: objectName('Its name.'),
  namespace: optional(label('Its namespace. Unset: that of the tenant.')),
  sectionName: optional(objectName('Its listener. Unset: all.')),
});

export const gateway = group('How requests reach tenants.', {
  scheme: choice('Scheme of the endpoints that status shows.', ['https', 'http'], { default: 'https' }),
  port: optional(integer("Port of the endpoints. Unset: the scheme's own.", { minimum: 1, maximum: 65_535 })),
  parentRefs: optional(
    // Atomic: namespace and listener tell two entries apart, and optional fields can't be keys.
    list('Gateways that HTTPRoutes attach to. None: no HTTPRoute.', parentRef, { type: 'atomic', maxItems: 8 }),
  ),
  ingressClassName: optional(objectName('Class of Ingress objects. Unset: no Ingress.')),
  issuerRef: optional(
    group('Issuer of certificates.', {
      name: objectName('Its name.'),
      kind: text('Its kind.', { default: 'ClusterIssuer', maxLength: 63 }),
      group: hostname('Its API group.', { default: 'cert-manager.io' }),
    }),
  ),
});

export const image = group('What runs in the pods of tenants.', {
  service: text('Image of the service, without a tag: the tag is the version.', {
    maxLength: 512,
    pattern: '^[a-z0-9]([a-zA-Z0-9._:/-]*[a-zA-Z0-9])?$',
    expects: 'an image name such as registry.example.com/memplane/memplane',
  }),
  pullSecretRefs: optional(
    list('Secrets for pulling it.', group('One Secret.', { name: objectName('Its name.') }), {
      type: 'map',
      keys: ['name'],
      maxItems: 8,
    }),
  ),
});

export const rings = list(
  'Rings, in the order in which a new version reaches them. Their names are unique.',
  group('Tenants that change together.', {
    name: label('Name of the ring.'),
    version: version('Version that its tenants run.'),
    maxUnavailablePercent: percent('Tenants of the ring that change at a time.', { default: 25, minimum: 1 }),
    soak: duration('rings[].soak', 'How long it must be healthy before the next ring begins.', {
      default: '0s',
      atLeast: '0s',
    }),
  }),
  { type: 'map', keys: ['name'], minItems: 1, maxItems: 16 },
);

export const serviceAccounts = list(
  'What the service accounts of every tenant carry.',
  group('One account.', {
    name: choice('Its name.', ['memory', 'backup', 'restore', 'audit']),
    annotations: optional(dictionary('Its annotations.', { maxProperties: 16, maxLength: 1024 })),
  }),
  { type: 'map', keys: ['name'], maxItems: 4 },
);

export const trustBundle = group('Certificates that pods trust beside the public ones.', {
  configMapRef: configMapKeyRef('The ConfigMap, present in every namespace of a tenant.'),
});

export const proxy = group('Proxy for requests to the outside.', {
  httpsProxy: url('Its address.', 'https|http'),
  noProxy: optional(
    list('What is reached without it.', text('One suffix or range.', { maxLength: 253 }), {
      type: 'set',
      maxItems: 64,
    }),
  ),
});

export const ringStatus = group('One ring.', {
  name: label('Its name.'),
  version: version('Its version.'),
  updated: integer('Tenants that run it.', { maximum: 1_000_000 }),
  total: integer('Tenants of the ring.', { maximum: 1_000_000 }),
});
