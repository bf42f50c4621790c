import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { EXAMPLE_TENANT } from '../../charts/example-tenant.js';
import { withDefaults, withKindDefaults } from '../../operator/api/v1alpha1/defaults.js';
import type { Kind } from '../../operator/api/v1alpha1/schema/kind.js';
import { memoryPlane } from '../../operator/api/v1alpha1/schema/memory-plane.js';
import { memoryTenant } from '../../operator/api/v1alpha1/schema/memory-tenant.js';
import { memoryTenantClass } from '../../operator/api/v1alpha1/schema/memory-tenant-class.js';
import type { MemoryPlane, MemoryTenantClass } from '../../operator/api/v1alpha1/types.js';
import { validateKind } from '../../operator/api/v1alpha1/validate.js';
import { resolveTenant } from '../../operator/tenant/resolve.js';

const FOLDER = new URL('../../charts/samples/', import.meta.url);
const KINDS = new Map<string, Kind>([memoryPlane, memoryTenantClass, memoryTenant].map((kind) => [kind.kind, kind]));
const files = readdirSync(FOLDER).sort();
const sample = (file: string) => parse(readFileSync(new URL(file, FOLDER), 'utf8'));

describe('the samples', () => {
  it('are a class, a plane and two tenants', () => {
    expect(files).toEqual(['class.yaml', 'plane.yaml', 'tenant-acme.yaml', 'tenant-smallest.yaml']);
  });

  it.each(files)('%s is valid', (file) => {
    const object = sample(file);
    const kind = KINDS.get(object.kind);
    if (kind === undefined) throw new Error(`${file} is a ${object.kind}`);
    expect(validateKind(kind, withKindDefaults(kind, object))).toEqual([]);
  });

  it('become what the example shows', () => {
    const tenant = withDefaults(sample('tenant-acme.yaml'));
    const resolved = resolveTenant({
      tenant,
      plane: withKindDefaults(memoryPlane, sample('plane.yaml')) as unknown as MemoryPlane,
      tenantClass: withKindDefaults(memoryTenantClass, sample('class.yaml')) as unknown as MemoryTenantClass,
      others: [withDefaults(sample('tenant-smallest.yaml'))],
    });
    if (resolved.kind !== 'done') throw new Error(resolved.message);
    const { options } = resolved.facts({
      tenantId: EXAMPLE_TENANT.tenantId,
      clusterId: 'prod-eu-1',
      name: 'acme',
      namespace: 'mem-acme',
      state: 'Active',
      tier: 'Pooled',
      plane: 'default',
      database: 'pg-a',
      schema: EXAMPLE_TENANT.databaseRole,
      credentialSecretUid: undefined,
      bootstrapNamespaceUid: undefined,
      eraseAt: undefined,
      destroyingSince: undefined,
    });
    expect(options).toEqual(EXAMPLE_TENANT);
  });
});
