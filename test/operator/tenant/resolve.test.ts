import { readFileSync } from 'node:fs';
import type { TenantRecord } from '../../../operator/catalogue/catalogue.js';
import { type ResolveInput, resolveTenant } from '../../../operator/tenant/resolve.js';
import { FEATURES } from '../../../operator/tenant/support.js';
import { classOf, planeOf, tenantOf } from '../../support/tenants.js';

const record: TenantRecord = {
  tenantId: '7f3c0000-0000-4000-8000-000000000001',
  clusterId: 'test',
  name: 'acme',
  namespace: 'mem-acme',
  state: 'Active',
  tier: 'Pooled',
  plane: 'default',
  database: 'pg-a',
  schema: 't_7f3c',
  credentialSecretUid: undefined,
  bootstrapNamespaceUid: undefined,
  eraseAt: undefined,
  destroyingSince: undefined,
};

const resolve = (input: Partial<ResolveInput>) =>
  resolveTenant({ tenant: tenantOf('acme'), plane: planeOf(), tenantClass: undefined, others: [], ...input });

const optionsOf = (input: Partial<ResolveInput>) => {
  const resolved = resolve(input);
  if (resolved.kind !== 'done') throw new Error(`${resolved.reason}: ${resolved.message}`);
  return resolved.facts(record).options;
};

describe('resolving a tenant', () => {
  it('fills everything for a tenant that is only a name', () => {
    expect(optionsOf({})).toMatchObject({
      name: 'acme',
      namespace: 'mem-acme',
      tenantId: record.tenantId,
      databaseRole: 't_7f3c',
      size: 'small',
      image: 'memplane/memplane',
      version: '1.4.0',
      hostnames: ['acme.memory.example.com'],
      publicUrl: 'https://acme.memory.example.com',
      keysBucketUrl: 'file:///buckets/keys',
      kms: { provider: 'file', keyId: '/kms/key' },
      vectors: { provider: 'embedded' },
      storePeers: [{ name: 'postgres-pg-a', cidr: undefined, port: 5432 }],
    });
  });

  it('gives each tenant the role that is named after it, where roles are annotations (IRSA)', () => {
    const role = (name: string) => `arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-tenant-${name}`;
    const identity = { provider: 'eks-irsa', tenantRoleARN: role('*') };
    expect(optionsOf({ plane: planeOf({ identity }) }).serviceAccountAnnotations).toEqual({
      'eks.amazonaws.com/role-arn': role('acme'),
    });
    const bound = { ...identity, provider: 'eks-pod-identity', clusterName: 'memplane-prod' };
    expect(optionsOf({ plane: planeOf({ identity: bound }) }).serviceAccountAnnotations).toEqual({});
  });

  it('shows in status what the spec left open', () => {
    const resolved = resolve({ tenantClass: classOf('standard', { defaults: { size: 'medium' } }) });
    expect(resolved.kind === 'done' && resolved.facts(record).facts.effective).toMatchObject({
      class: 'standard',
      ring: 'stable',
      size: 'medium',
      quotaHard: { pods: '12' },
    });
  });

  it('prefers the spec to the class, and the class to the preset', () => {
    const tenantClass = classOf('big', { defaults: { size: 'large' } });
    expect(optionsOf({ tenantClass }).size).toBe('large');
    expect(optionsOf({ tenantClass, tenant: tenantOf('acme', { size: 'small' }) }).size).toBe('small');
  });

  it('keeps the rest of the preset when one number of it is given', () => {
    const tenant = tenantOf('acme', {
      services: { memory: { scaling: { maxReplicas: 2 }, resources: { limits: { cpu: 1 } } } },
    });
    expect(optionsOf({ tenant }).memory).toMatchObject({
      minReplicas: 2,
      maxReplicas: 2,
      requests: { cpu: '500m', memory: '1Gi' },
      limits: { cpu: '1', memory: '4Gi' },
    });
  });

  it('leaves room in the quota for the pods that a rolling update starts and ends', () => {
    const tenant = tenantOf('acme', { services: { memory: { scaling: { minReplicas: 1, maxReplicas: 1 } } } });
    expect(optionsOf({ tenant }).quotaHard).toEqual({
      pods: '3',
      'requests.cpu': '1500m',
      'requests.memory': '3072Mi',
      'limits.cpu': '6000m',
      'limits.memory': '12288Mi',
    });
  });

  it('names a store by address where the plane does, and the port where a name says nothing', () => {
    const plane = planeOf({
      postgres: [{ name: 'pg-a', host: '10.0.0.7', port: 6432, adminSecretRef: { name: 'pg' } }],
    });
    expect(optionsOf({ plane }).storePeers).toEqual([{ name: 'postgres-pg-a', cidr: '10.0.0.7/32', port: 6432 }]);
  });

  it('names the key of a provider, and the times of the lifecycle in seconds', () => {
    const secretRef = { name: 'llm', key: 'apiKey' };
    const tenant = tenantOf('acme', {
      providers: {
        extraction: { provider: 'claude', secretRef },
        embedding: { provider: 'openai', dimensions: 1536, secretRef },
      },
      policies: { forgetting: { interval: '1h30m', thresholdPercent: 5 } },
      quotas: { tokensPerDay: 9 },
    });
    expect(optionsOf({ tenant })).toMatchObject({
      extraction: { provider: 'claude', secret: secretRef },
      embedding: { provider: 'openai', model: undefined, dimensions: 1536, secret: secretRef },
      policies: { forgetting: { intervalSeconds: 5_400, thresholdPercent: 5 } },
      quotas: { tokensPerDay: 9 },
    });
  });

  it('names who keeps the memories when it is not the service, with the account and the key there', () => {
    const secretRef = { name: 'mem0', key: 'apiKey' };
    const memory = { provider: 'mem0', secretRef, organization: 'o', project: 'p' } as const;
    expect(optionsOf({ tenant: tenantOf('acme', { providers: { memory } }) }).memoryKeeper).toEqual({
      ...{ provider: 'mem0', endpoint: undefined, secret: secretRef, organization: 'o', project: 'p' },
    });
    expect(optionsOf({ tenant: tenantOf('acme', {}) }).memoryKeeper).toBeUndefined();
  });

  it.each([
    [
      'ProviderNotSupported',
      { tenant: tenantOf('acme', { providers: { memory: { provider: 'mem0' } } }) },
      /memory\.provider is mem0 and spec\.providers\.memory\.secretRef is unset; put its key into a Secret/,
    ],
    [
      'ProviderNotSupported',
      { tenant: tenantOf('acme', { providers: { memory: { endpoint: 'https://a.example.com' } } }) },
      /memory\.endpoint belongs to a provider that keeps memories elsewhere/,
    ],
    [
      'ProviderNotSupported',
      {
        tenant: tenantOf('acme', {
          providers: { memory: { provider: 'letta', endpoint: 'http://letta:8283', project: 'p' } },
        }),
      },
      /memory\.project is known to mem0 only/,
    ],
    ['TierNotSupported', { tenant: tenantOf('acme', { tier: 'Isolated' }) }, /spec\.tier is Isolated.*Pooled/],
    [
      'ProviderNotSupported',
      { tenant: tenantOf('acme', { providers: { vectors: { provider: 'qdrant' } } }) },
      /spec\.providers\.vectors\.provider is qdrant.*embedded/,
    ],
    [
      'ProviderNotSupported',
      { tenant: tenantOf('acme', { providers: { extraction: { provider: 'claude' } } }) },
      /extraction\.provider is claude and spec\.providers\.extraction\.secretRef is unset/,
    ],
    [
      'FeatureNotSupported',
      {
        tenant: tenantOf('acme', {
          features: [
            { name: 'mcp', enabled: true },
            { name: 'webhook', enabled: false },
          ],
        }),
      },
      /spec\.features\[1\]\.name is webhook, which is no feature; there are artifacts, .*webhooks/,
    ],
    [
      'FeatureNotSupported',
      { tenant: tenantOf('acme', { features: [{ name: 'graph', enabled: true }] }) },
      /spec\.features\[0\]\.name is graph, which this version does not do yet; use artifacts/,
    ],
    ['RingNotFound', { tenant: tenantOf('acme', { rollout: { ring: 'canary' } }) }, /ring canary.*spec\.rings/],
    [
      'LimitExceeded',
      {
        tenant: tenantOf('acme', { services: { memory: { scaling: { minReplicas: 1, maxReplicas: 9 } } } }),
        tenantClass: classOf('thrifty', { limits: { maxReplicas: 3 } }),
      },
      /maxReplicas is 9; its class allows at most 3/,
    ],
    [
      'LimitExceeded',
      {
        tenant: tenantOf('acme', { access: { hostnames: ['a.b.example.com'] } }),
        tenantClass: classOf('named', { limits: { allowedDomains: ['*.example.com'] } }),
      },
      /a\.b\.example\.com.*\*\.example\.com/,
    ],
    [
      'HostnameTaken',
      {
        tenant: tenantOf('zeta', { access: { hostnames: ['acme.memory.example.com'] } }),
        others: [tenantOf('acme')],
      },
      /acme\.memory\.example\.com belongs to MemoryTenant acme/,
    ],
  ] as const)('stalls with %s and says what to do', (reason, input, message) => {
    expect(resolve(input)).toMatchObject({ kind: 'stalled', reason, message: expect.stringMatching(message) });
  });

  it('lets the older of two tenants keep a hostname', () => {
    const older = tenantOf(
      'zeta',
      { access: { hostnames: ['x.example.com'] } },
      { creationTimestamp: '2025-01-01T00:00:00Z' },
    );
    const younger = tenantOf('acme', { access: { hostnames: ['x.example.com'] } });
    expect(resolve({ tenant: older, others: [older, younger] }).kind).toBe('done');
    expect(resolve({ tenant: younger, others: [older, younger] })).toMatchObject({ reason: 'HostnameTaken' });
  });
});

it('knows every switch that the memory service has', () => {
  const text = readFileSync('app/features.ts', 'utf8');
  const switches = [...text.matchAll(/switchable\(core, '(\w+)'/g)].map(([, name]) => name);
  expect(switches.length).toBeGreaterThan(5);
  expect([...FEATURES].sort()).toEqual(switches.sort());
  const features = [
    { name: 'graph', enabled: false },
    { name: 'mem0', enabled: false },
  ];
  expect(optionsOf({ tenant: tenantOf('acme', { features }) }).features).toEqual(features);
});
