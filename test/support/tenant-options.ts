import type { TenantOptions } from '../../charts/manifests/tenant/options.js';
import { deepFreeze } from '../../operator/runtime/freeze.js';

type Known<T> = T extends readonly (infer E)[]
  ? readonly Known<E>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Known<Exclude<T[K], undefined>> }
    : T;

/** Every option given, down to the last: a new option does not compile until it is here. */
export type EveryOption = Known<TenantOptions>;

/** The least that a tenant is: what `resolve` makes of a name on a plane that says nothing more either. */
export const MINIMAL: TenantOptions = deepFreeze<TenantOptions>({
  name: 'tiny',
  namespace: 'mem-tiny',
  tenantId: '00000000-0000-4000-8000-000000000001',
  tier: 'Pooled',
  mode: 'Active',
  size: 'small',
  image: 'memplane/memplane',
  version: '1.4.0',
  imagePullSecrets: [],
  serviceAccountAnnotations: {},
  memory: {
    minReplicas: 1,
    maxReplicas: 1,
    targetCPUUtilizationPercentage: undefined,
    targetMemoryUtilizationPercentage: undefined,
    requests: { cpu: '500m', memory: '1Gi' },
    limits: { cpu: '2', memory: '4Gi' },
  },
  hostnames: ['tiny.memory.example.com'],
  corsOrigins: [],
  rateLimits: { tenantPerMinute: 100, ipPerMinute: 600 },
  jwt: [],
  apiKeys: { rotationDays: 365, overlapDays: 7 },
  features: [],
  admins: [],
  consumers: [],
  quotas: { memories: undefined, memoriesPerUser: undefined, storage: undefined, tokensPerDay: undefined },
  quotaHard: {},
  policies: {
    ttlDays: undefined,
    minConfidencePercent: 0,
    redact: [],
    predicates: undefined,
    forgetting: { intervalSeconds: 86_400, thresholdPercent: 10 },
    cleanup: { intervalSeconds: 3_600 },
  },
  logLevel: 'info',
  metrics: false,
  fieldEncryption: true,
  keyRotationDays: 365,
  audit: { reads: true, readsMode: 'Batched' },
  archive: undefined,
  searchIndex: { keyword: true, clearMetadata: [] },
  embedding: { provider: 'local', model: 'universal-sentence-encoder', dimensions: 512 },
  extraction: { provider: 'local' },
  artifactsBucketUrl: 'file:///srv/memplane/buckets/artifacts',
  vectors: { provider: 'embedded' },
  databaseRole: 't_00000000000040008000000000000001',
  keysBucketUrl: 'file:///srv/memplane/buckets/keys',
  kms: { provider: 'file', keyId: '/srv/memplane/kms/plane.key' },
  gateway: { parentRefs: [], ingressClassName: undefined, issuerRef: undefined },
  storePeers: [],
  egress: [],
  ingressFrom: [],
  proxy: undefined,
  trustBundle: undefined,
  scheduling: { nodeSelector: {}, tolerations: [], priorityClassName: undefined, topologySpread: 'None' },
  credentialsVersion: '1',
});

export const MAXIMAL: EveryOption = deepFreeze<EveryOption>({
  name: 'acme',
  namespace: 'mem-acme',
  tenantId: '7f3c2f0e-5a5b-4c5d-8e9f-0a1b2c3d4e5f',
  tier: 'Pooled',
  mode: 'Active',
  size: 'medium',
  image: 'registry.example.com/memplane/memplane',
  version: '1.4.0',
  imagePullSecrets: ['registry'],
  serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/memplane/prod/tenant' },
  memory: {
    minReplicas: 3,
    maxReplicas: 10,
    targetCPUUtilizationPercentage: 70,
    targetMemoryUtilizationPercentage: 80,
    requests: { cpu: '1', memory: '2Gi' },
    limits: { cpu: '4', memory: '8Gi' },
  },
  hostnames: ['acme.memory.example.com', 'memory.acme.example'],
  publicUrl: 'https://acme.memory.example.com',
  corsOrigins: ['https://app.acme.example', 'http://localhost:3000'],
  rateLimits: { tenantPerMinute: 1000, ipPerMinute: 200, keyPerMinute: 500 },
  jwt: [
    {
      issuer: 'https://id.acme.example',
      audiences: ['memory'],
      jwksURI: 'https://id.acme.example/keys',
      claims: { user: 'sub', roles: 'roles', tenant: 'tenant' },
      strictType: true,
    },
  ],
  apiKeys: { rotationDays: 365, overlapDays: 7 },
  features: [{ name: 'graph', enabled: false }],
  admins: [
    { kind: 'Group', name: 'acme-admins', namespace: '' },
    { kind: 'User', name: 'ada@acme.example', namespace: '' },
    { kind: 'ServiceAccount', name: 'pipeline', namespace: 'acme-ci' },
  ],
  consumers: [{ namespace: 'acme-apps', roles: ['user', 'service'] }],
  quotas: { memories: 1_000_000, memoriesPerUser: 10_000, storage: '10Gi', tokensPerDay: 5_000_000 },
  quotaHard: {
    pods: '11',
    'requests.cpu': '11',
    'requests.memory': '22Gi',
    'limits.cpu': '44',
    'limits.memory': '88Gi',
  },
  policies: {
    ttlDays: 365,
    minConfidencePercent: 50,
    redact: ['email', 'phone', 'card', 'secret'],
    predicates: ['prefers', 'works_at'],
    forgetting: { intervalSeconds: 86_400, thresholdPercent: 10 },
    cleanup: { intervalSeconds: 3_600 },
  },
  logLevel: 'warn',
  metrics: true,
  fieldEncryption: true,
  keyRotationDays: 365,
  audit: { reads: true, readsMode: 'Strict' },
  archive: {
    bucketUrl: 's3://memplane-audit?region=eu-central-1',
    retentionDays: 3_653,
    intervalSeconds: 1_800,
    serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/memplane/prod/audit' },
  },
  searchIndex: { keyword: false, clearMetadata: ['price'] },
  syncIntervalMs: 30_000,
  embedding: {
    provider: 'openai',
    model: 'text-embedding-3-small',
    dimensions: 1536,
    endpoint: 'https://embed.example.com',
    secret: { name: 'llm', key: 'apiKey' },
  },
  extraction: {
    provider: 'claude',
    model: 'claude-haiku-4-5',
    endpoint: 'https://llm.example.com',
    secret: { name: 'llm', key: 'claude' },
  },
  memoryKeeper: {
    provider: 'mem0',
    endpoint: 'https://mem0.example.com',
    secret: { name: 'mem0', key: 'apiKey' },
    organization: 'org-1',
    project: 'project-1',
  },
  artifactsBucketUrl: 's3://memplane-prod-artifacts-123456789012',
  vectors: { provider: 'qdrant' },
  databaseRole: 't_7f3c2f0e5a5b4c5d8e9f0a1b2c3d4e5f',
  keysBucketUrl: 's3://memplane-prod-keys-123456789012',
  kms: { provider: 'aws', keyId: 'arn:aws:kms:eu-central-1:123456789012:alias/memplane-prod-tenant' },
  gateway: {
    parentRefs: [{ name: 'public', namespace: 'gateway-system', sectionName: 'https' }],
    ingressClassName: 'haproxy',
    issuerRef: { name: 'letsencrypt-prod', kind: 'ClusterIssuer', group: 'cert-manager.io' },
  },
  storePeers: [
    { name: 'postgres-pg-a', cidr: '10.20.0.10/32', port: 5432 },
    { name: 'qdrant-q-a', cidr: '10.20.1.0/24', port: 6334 },
    { name: 'redis-r-a', cidr: '10.20.2.10/32', port: 6379 },
  ],
  egress: [{ name: 'llm', cidr: '203.0.113.0/24', ports: [443, 8443] }],
  ingressFrom: [{ namespace: 'monitoring' }],
  proxy: { httpsProxy: 'http://proxy.example.com:3128', noProxy: ['.svc', '10.0.0.0/8'] },
  trustBundle: { configMap: 'corporate-ca', key: 'ca.pem' },
  scheduling: {
    nodeSelector: { 'node.example.com/pool': 'services' },
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'memory', effect: 'NoExecute', tolerationSeconds: 60 }],
    priorityClassName: 'memplane-tenant',
    topologySpread: 'Zone',
  },
  credentialsVersion: '4711',
});

/** A tenant of the minimal shape, but for what a test is about. */
export const tenantOptions = (changes: Partial<TenantOptions> = {}): TenantOptions =>
  deepFreeze({ ...MINIMAL, ...changes });

/** What a test says of the same tenant in its other states. */
export const FIXTURES: readonly (readonly [name: string, options: TenantOptions])[] = [
  ['minimal', MINIMAL],
  ['maximal', MAXIMAL],
  ['suspended', deepFreeze({ ...MAXIMAL, mode: 'Suspended' })],
  [
    'fixed-size',
    tenantOptions({
      memory: { ...MINIMAL.memory, minReplicas: 3, maxReplicas: 3 },
      storePeers: [{ name: 'postgres-pg-a', cidr: undefined, port: 5432 }],
      gateway: { parentRefs: [{ name: 'local' }], ingressClassName: undefined, issuerRef: undefined },
    }),
  ],
];
