import { withDefaults, withKindDefaults } from '../../../../operator/api/v1alpha1/defaults.js';
import { memoryPlane } from '../../../../operator/api/v1alpha1/schema/memory-plane.js';
import { plane, tenant } from '../cases/case.js';

/** Every constant of the contract, in one place: whoever changes a default changes this line too. */
const DEFAULTS = {
  planeRef: { name: 'default' },
  tier: 'Pooled',
  mode: 'Active',
  paused: false,
  services: {
    memory: {},
    knowledge: { enabled: true },
    sync: { enabled: true, interval: '60s', promotionThresholdPercent: 80, summaryOnly: true },
    worker: {},
  },
  access: {
    corsOrigins: [],
    apiKeys: { rotationDays: 365, overlapDays: 7 },
    rateLimits: { tenantPerMinute: 100, ipPerMinute: 600 },
    admins: [],
    consumers: [],
  },
  quotas: {},
  policies: {
    minConfidencePercent: 50,
    redact: ['email', 'phone', 'card', 'secret'],
    forgetting: { interval: '24h', thresholdPercent: 10 },
    reconciliation: { interval: '5m' },
    compression: { interval: '1h' },
    cleanup: { interval: '1h' },
  },
  observability: { logLevel: 'info', metrics: true },
  providers: {
    extraction: { provider: 'local' },
    embedding: { provider: 'local', dimensions: 512 },
    vectors: { provider: 'plane' },
    memory: { provider: 'builtin' },
  },
  encryption: { fields: true, keyRotationDays: 365, index: 'keyword', clearMetadata: [] },
  backup: { retentionDays: 30, pointInTime: true, timeZone: 'Etc/UTC', drill: { enabled: true, maxAgeDays: 8 } },
  audit: { reads: true, readsMode: 'Batched', retentionDays: 2557, archiveInterval: '1h', anchorInterval: '60s' },
  compliance: [],
  preventDeletion: false,
  deletionPolicy: 'Retain',
  erasureGraceDays: 7,
};

it('the smallest tenant is a name, with or without an empty spec', () => {
  expect(withDefaults(tenant()).spec).toEqual(DEFAULTS);
  expect(withDefaults(tenant({})).spec).toEqual(DEFAULTS);
});

it('what size, class, ring or plane decide stays unset', () => {
  const { spec } = withDefaults(tenant());
  expect([spec.className, spec.size, spec.rollout, spec.access.hostnames, spec.providers.embedding.model]).toEqual(
    Array.from({ length: 5 }),
  );
  expect([spec.backup.schedule, spec.audit.verifySchedule, spec.encryption.kmsKeyID, spec.policies.ttlDays]).toEqual(
    Array.from({ length: 4 }),
  );
});

it('a value that is given keeps its neighbours’ defaults, at any depth', () => {
  const { spec } = withDefaults(
    tenant({ backup: { drill: { maxAgeDays: 30 } }, services: { sync: { enabled: false } } }),
  );
  expect(spec.backup).toEqual({ ...DEFAULTS.backup, drill: { enabled: true, maxAgeDays: 30 } });
  expect(spec.services).toEqual({ ...DEFAULTS.services, sync: { ...DEFAULTS.services.sync, enabled: false } });
});

it('false, 0 and an empty list are values, null is none', () => {
  const { spec } = withDefaults(
    tenant({
      observability: { metrics: false },
      erasureGraceDays: 0,
      policies: { redact: [] },
      mode: null,
      size: null,
    }),
  );
  expect(spec.observability.metrics).toBe(false);
  expect(spec.erasureGraceDays).toBe(0);
  expect(spec.policies.redact).toEqual([]);
  expect(spec.mode).toBe('Active');
  expect(spec).not.toHaveProperty('size');
});

it('items of lists have defaults of their own', () => {
  const filled = withKindDefaults(memoryPlane, plane());
  expect(filled.spec).toMatchObject({
    postgres: [{ port: 5432, tls: { mode: 'VerifyFull' }, pooler: 'None', capacity: 500, placement: 'Open' }],
    rings: [{ name: 'stable', maxUnavailablePercent: 25, soak: '0s' }],
    kms: { mode: 'Shared' },
  });
});

it('the input stays as it was, and filling twice is filling once', () => {
  const object = tenant({ backup: { drill: {} } });
  const before = structuredClone(object);
  const once = withDefaults(object);
  expect(object).toEqual(before);
  expect(withDefaults(once)).toEqual(once);
});
