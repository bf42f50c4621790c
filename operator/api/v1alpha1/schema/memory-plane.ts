import { hostname } from './address.js';
import { conditions, observedGeneration } from './condition.js';
import { flag, group, integer, list, optional, text } from './field.js';
import { AGE, type Kind, READY } from './kind.js';
import {
  gateway,
  identity,
  image,
  kms,
  proxy,
  queue,
  ringStatus,
  rings,
  serviceAccounts,
  trustBundle,
} from './plane/platform.js';
import { buckets, postgresList, qdrantList, redisList } from './plane/stores.js';
import { label, objectName } from './reference.js';
import { timestamp } from './time.js';

export const memoryPlaneSpec = group(
  'Where the shared stores are. Secrets are referred to in the namespace of the operator.',
  {
    clusterID: text("The owner's mark in the catalogues of the stores. It cannot change.", {
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$',
      expects: 'lower-case letters, digits, hyphens and dots',
      rules: [
        {
          rule: 'self == oldSelf',
          message: 'clusterID cannot change: every tenant in the stores is marked with it',
          remedy: 'keep it, or make another plane',
          reason: 'FieldValueForbidden',
        },
      ],
    }),
    baseDomain: hostname('Domain under which tenants answer: <tenant>.<baseDomain>.'),
    postgres: postgresList,
    qdrant: optional(qdrantList),
    redis: optional(redisList),
    buckets,
    kms,
    identity: optional(identity),
    queue: optional(queue),
    gateway: optional(gateway),
    image,
    rings,
    serviceAccounts: optional(serviceAccounts),
    storageClassName: optional(objectName('Encrypted storage class for volumes.', { acts: false })),
    trustBundle: optional(trustBundle),
    proxy: optional(proxy),
  },
);

const store = group('One store of the plane.', {
  kind: label('What it is: postgres, qdrant, redis, bucket, kms or queue.'),
  name: label('Name of its entry in spec; for a bucket its purpose.'),
  reachable: flag('Whether it answered.'),
  version: optional(text('Version that it reports.', { maxLength: 128 })),
  tenants: optional(integer('Tenants that are placed in it.', { maximum: 1_000_000 })),
  observedTime: optional(timestamp('When it was looked at.')),
});

export const memoryPlaneStatus = group('What the operator sees of the plane.', {
  observedGeneration: observedGeneration(),
  conditions: conditions('Ready; Reconciling and Stalled only while True.'),
  stores: optional(list('The stores.', store, { type: 'map', keys: ['kind', 'name'], maxItems: 80 })),
  rings: optional(list('How far versions have come.', ringStatus, { type: 'map', keys: ['name'], maxItems: 16 })),
  tenants: optional(integer('Tenants of the plane.', { maximum: 1_000_000 })),
  retainedTenants: optional(integer('Tenants that left data behind.', { maximum: 1_000_000 })),
});

export const memoryPlane: Kind = {
  kind: 'MemoryPlane',
  plural: 'memoryplanes',
  singular: 'memoryplane',
  shortNames: ['mp'],
  scope: 'Cluster',
  description: 'Where the shared stores of many tenants are, and which versions run in which order.',
  notes: [
    'The platform team writes it from the outputs of its stacks (`memoryctl plane from-outputs`). It refers to Secrets and holds none.',
    'The finalizer `memplane.dev/in-use` keeps it while tenants refer to it.',
  ],
  columns: [
    { name: 'Cluster', jsonPath: '.spec.clusterID', type: 'string', description: "The owner's mark in the stores." },
    { name: 'Tenants', jsonPath: '.status.tenants', type: 'integer', description: 'Tenants of the plane.' },
    {
      name: 'Retained',
      jsonPath: '.status.retainedTenants',
      type: 'integer',
      description: 'Tenants that left data behind.',
    },
    ...READY,
    AGE,
    { name: 'Domain', jsonPath: '.spec.baseDomain', type: 'string', description: 'Domain of the tenants.', wide: true },
    { name: 'KMS', jsonPath: '.spec.kms.provider', type: 'string', description: 'Whose key management.', wide: true },
  ],
  spec: memoryPlaneSpec,
  status: memoryPlaneStatus,
  rules: [
    {
      rule: "!has(oldSelf.status) || !has(oldSelf.status.stores) || oldSelf.status.stores.all(s, s.kind != 'postgres' || !has(s.tenants) || s.tenants == 0 || !oldSelf.spec.postgres.exists(p, p.name == s.name) || self.spec.postgres.exists(p, p.name == s.name))",
      message: 'spec.postgres no longer lists a database that holds tenants (status.stores)',
      remedy: 'list it again and set its placement to Drain; it may leave when it holds no tenant',
      fieldPath: '.spec.postgres',
    },
  ],
  example: {
    name: 'default',
    spec: {
      clusterID: 'prod-eu-1',
      baseDomain: 'memory.example.com',
      postgres: [{ name: 'pg-a', host: 'pg-a.example.com', adminSecretRef: { name: 'pg-a-admin' } }],
      buckets: { keys: { provider: 's3', name: 'memplane-prod-keys', region: 'eu-central-1' } },
      kms: { provider: 'aws', keyID: 'alias/memplane-prod-tenant' },
      image: { service: 'registry.example.com/memplane/memplane' },
      rings: [{ name: 'stable', version: '1.4.0' }],
    },
  },
};
