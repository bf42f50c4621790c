import { withDefaults, withKindDefaults } from '../../operator/api/v1alpha1/defaults.js';
import { memoryPlane } from '../../operator/api/v1alpha1/schema/memory-plane.js';
import { memoryTenantClass } from '../../operator/api/v1alpha1/schema/memory-tenant-class.js';
import type { MemoryPlane, MemoryTenant, MemoryTenantClass } from '../../operator/api/v1alpha1/types.js';

type Spec = Readonly<Record<string, unknown>>;

const metadata = (name: string, extra: Spec = {}) => ({
  name,
  uid: `uid-of-${name}`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...extra,
});

/** A MemoryTenant as the API server would store it. */
export const tenantOf = (name: string, spec: Spec = {}, extra: Spec = {}): MemoryTenant =>
  withDefaults({ apiVersion: 'memplane.dev/v1alpha1', kind: 'MemoryTenant', metadata: metadata(name, extra), spec });

export const planeOf = (spec: Spec = {}): MemoryPlane =>
  withKindDefaults(memoryPlane, {
    apiVersion: 'memplane.dev/v1alpha1',
    kind: 'MemoryPlane',
    metadata: metadata('default'),
    spec: {
      clusterID: 'test',
      baseDomain: 'memory.example.com',
      postgres: [{ name: 'pg-a', host: 'pg.internal', adminSecretRef: { name: 'pg' } }],
      buckets: { keys: { provider: 'file', name: '/buckets/keys' } },
      kms: { provider: 'file', keyID: '/kms/key' },
      image: { service: 'memplane/memplane' },
      rings: [{ name: 'stable', version: '1.4.0' }],
      ...spec,
    },
  }) as unknown as MemoryPlane;

export const classOf = (name: string, spec: Spec = {}): MemoryTenantClass =>
  withKindDefaults(memoryTenantClass, {
    apiVersion: 'memplane.dev/v1alpha1',
    kind: 'MemoryTenantClass',
    metadata: metadata(name),
    spec,
  }) as unknown as MemoryTenantClass;
