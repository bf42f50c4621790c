import { Ajv } from 'ajv';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { CONFIG_SCHEMAS } from '../../../../app/config.js';
import { PoliciesSchema } from '../../../../app/policies/schema.js';
import { buildTenant } from '../../../../charts/manifests/tenant/build.js';
import {
  buildEnvironment,
  buildPolicies,
  POLICIES_FILE,
  startFingerprint,
} from '../../../../charts/manifests/tenant/configuration.js';
import type { TenantOptions } from '../../../../charts/manifests/tenant/options.js';
import { only } from '../../../support/manifests.js';
import { MAXIMAL, MINIMAL, tenantOptions } from '../../../support/tenant-options.js';

const podTemplate = (options: TenantOptions) => only<Deployment>(buildTenant(options), 'Deployment').spec?.template;

describe('memory-config', () => {
  it('carries every key that the contract between operator and service names', () => {
    expect(Object.keys(only<{ data: object }>(buildTenant(MAXIMAL), 'ConfigMap').data).sort()).toEqual([
      'ARTIFACTS_BUCKET_URL',
      'CORS_ORIGINS',
      'DATABASE_POOL_SIZE',
      'EMBEDDING_ENDPOINT',
      'EMBEDDING_MODEL',
      'EMBEDDING_PROVIDER',
      'EXTRACTION_ENDPOINT',
      'EXTRACTION_MODEL',
      'EXTRACTION_PROVIDER',
      'FIELD_ENCRYPTION',
      'KEYS_BUCKET_URL',
      'KMS_KEY_ID',
      'KMS_PROVIDER',
      'LOG_LEVEL',
      'MEM0_ORG_ID',
      'MEM0_PROJECT_ID',
      'MEMORY_PROVIDER',
      'MEMORY_PROVIDER_URL',
      'MEMPLANE_HOSTNAMES',
      'MEMPLANE_NAMESPACE',
      'MEMPLANE_PUBLIC_URL',
      'MEMPLANE_SERVICE_ROLE',
      'MEMPLANE_TENANT',
      'MEMPLANE_TENANT_ID',
      'METRICS_ENABLED',
      'SERVICE_ENV',
      'SYNC_INTERVAL_MS',
      'VECTOR_DB_NAMESPACE',
      'VECTOR_DIMENSIONS',
      'VECTOR_PROVIDER',
      POLICIES_FILE,
    ]);
  });

  it('says what the options say', () => {
    expect(buildEnvironment(MAXIMAL)).toMatchObject({
      CORS_ORIGINS: 'https://app.acme.example,http://localhost:3000',
      SYNC_INTERVAL_MS: '30000',
      VECTOR_DIMENSIONS: '1536',
      EMBEDDING_PROVIDER: 'openai',
      EXTRACTION_PROVIDER: 'claude',
      EXTRACTION_ENDPOINT: 'https://llm.example.com',
      VECTOR_DB_NAMESPACE: MAXIMAL.tenantId,
      MEMPLANE_SERVICE_ROLE: MAXIMAL.databaseRole,
      FIELD_ENCRYPTION: 'true',
      METRICS_ENABLED: 'true',
      LOG_LEVEL: 'warn',
    });
  });

  it('fills in the public URL and the interval where nobody says otherwise', () => {
    expect(buildEnvironment(MINIMAL)).toMatchObject({
      MEMPLANE_PUBLIC_URL: 'https://tiny.memory.example.com',
      SYNC_INTERVAL_MS: '60000',
    });
  });

  it('is understood by the service: known keys, values that it takes', () => {
    const env: Record<string, string> = { ...buildEnvironment(MINIMAL), DATABASE_URL: 'postgres://u:p@h/d' };
    const known = new Set(Object.values(CONFIG_SCHEMAS).flatMap(({ properties }) => Object.keys(properties)));
    expect(Object.keys(env).filter((key) => key.startsWith('MEMPLANE_') && !known.has(key))).toEqual([]);
    const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: false });
    const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
    const check = ajv.compile(CONFIG_SCHEMAS.memory);
    check(given);
    expect(check.errors ?? []).toEqual([]);
  });

  it.each([MINIMAL, MAXIMAL])('its policies are what the service follows: $name', (options) => {
    const check = new Ajv({ strict: false }).compile(PoliciesSchema);
    check(buildPolicies(options));
    expect(check.errors ?? []).toEqual([]);
  });

  it('writes "unlimited" as null', () => {
    expect(buildPolicies(MINIMAL)).toEqual({
      mode: 'Active',
      logLevel: 'info',
      quotas: { memories: null, memoriesPerUser: null, tokensPerDay: null },
      rateLimits: { tenantPerMinute: 100, ipPerMinute: 600 },
      access: { jwt: [], apiKeys: { rotationDays: 365, overlapDays: 7 } },
      features: [],
      egress: [],
      policies: {
        ttlDays: null,
        minConfidencePercent: 0,
        redact: [],
        predicates: null,
        forgetting: { intervalSeconds: 86_400, thresholdPercent: 10 },
        cleanup: { intervalSeconds: 3_600, graceDays: 30 },
      },
      audit: { reads: true, readsMode: 'Batched' },
      encryption: { index: 'keyword', clearMetadata: [] },
    });
  });

  it('names token issuers, switches and destinations as the service reads them', () => {
    expect(buildPolicies(MAXIMAL)).toMatchObject({
      rateLimits: { keyPerMinute: 500 },
      access: { jwt: [{ issuer: 'https://id.acme.example', claims: { tenant: 'tenant' }, strictType: true }] },
      features: [{ name: 'graph', enabled: false }],
    });
  });

  it('says which metadata stays in clear, so that ranges of it can be searched', () => {
    expect(buildPolicies(MAXIMAL).encryption).toEqual({ index: 'off', clearMetadata: ['price'] });
  });
});

describe('pods are replaced', () => {
  it.each<[string, Partial<TenantOptions>]>([
    ['quotas', { quotas: { ...MINIMAL.quotas, memories: 5 } }],
    ['token issuers', { jwt: MAXIMAL.jwt }],
    ['switches of features', { features: MAXIMAL.features }],
    ['rate limits', { rateLimits: { tenantPerMinute: 1, ipPerMinute: 1 } }],
    ['policies', { policies: { ...MINIMAL.policies, ttlDays: 1 } }],
    ['reads that wait for their event', { audit: { reads: true, readsMode: 'Strict' } }],
    ['metadata in clear', { searchIndex: { keyword: true, clearMetadata: ['price'] } }],
    ['mode ReadOnly', { mode: 'ReadOnly' }],
    ['log level', { logLevel: 'debug' }],
    ['administrators', { admins: MAXIMAL.admins }],
    ['who may call', { consumers: MAXIMAL.consumers, ingressFrom: MAXIMAL.ingressFrom }],
    ['the number of pods', { memory: { ...MINIMAL.memory, minReplicas: 2, maxReplicas: 4 } }],
  ])('not for %s, which they follow or never see', (_, changes) => {
    expect(podTemplate(tenantOptions(changes))).toEqual(podTemplate(MINIMAL));
  });

  it.each<[string, Partial<TenantOptions>]>([
    ['credentials', { credentialsVersion: '2' }],
    ['origins', { corsOrigins: ['https://a.example'] }],
    ['the public URL', { publicUrl: 'https://other.example' }],
    ['the model', { embedding: { ...MINIMAL.embedding, model: 'other' } }],
    ['metrics', { metrics: true }],
    ['the version', { version: '1.4.1' }],
    ['resources', { memory: { ...MINIMAL.memory, limits: { cpu: '3', memory: '4Gi' } } }],
  ])('for %s', (_, changes) => {
    expect(podTemplate(tenantOptions(changes))).not.toEqual(podTemplate(MINIMAL));
  });

  it('not because of the order in which entries are written', () => {
    expect(startFingerprint({ ...MINIMAL })).toBe(
      startFingerprint(Object.fromEntries(Object.entries(MINIMAL).reverse()) as unknown as TenantOptions),
    );
  });
});
