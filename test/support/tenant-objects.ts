import type { K8sObject } from '../../charts/manifests/object.js';
import { buildTenant } from '../../charts/manifests/tenant/build.js';
import { resolveTenant } from '../../operator/tenant/resolve.js';
import { planeOf, tenantOf } from './tenants.js';

type Spec = Readonly<Record<string, unknown>>;

/** Everything that the builders make of a tenant with this spec, as the operator would build it. */
export const tenantObjects = (name: string, spec: Spec = {}, plane: Spec = {}): readonly K8sObject[] => {
  const resolved = resolveTenant({
    tenant: tenantOf(name, spec),
    plane: planeOf(plane),
    tenantClass: undefined,
    others: [],
  });
  if (resolved.kind !== 'done') throw new Error(`${resolved.reason}: ${resolved.message}`);
  const { options } = resolved.facts({
    tenantId: '7f3c0000-0000-4000-8000-000000000001',
    clusterId: 'test',
    name,
    namespace: `mem-${name}`,
    state: 'Active',
    tier: 'Pooled',
    plane: 'default',
    database: 'pg-a',
    schema: 't_7f3c',
    credentialSecretUid: undefined,
    bootstrapNamespaceUid: undefined,
    eraseAt: undefined,
    destroyingSince: undefined,
  });
  return buildTenant(options);
};

/** One spec that makes every optional object appear. */
export const FULL_SPEC: Spec = {
  access: {
    hostnames: ['acme.memory.example.com'],
    admins: [{ kind: 'Group', name: 'acme-admins' }],
    consumers: [{ namespace: 'acme-apps', roles: ['user'] }],
  },
  services: {
    memory: { scaling: { minReplicas: 3, maxReplicas: 10, targetCPUUtilizationPercentage: 70 } },
  },
  network: { egress: [{ name: 'llm', cidr: '203.0.113.0/24', ports: [443] }] },
};
export const FULL_PLANE: Spec = {
  gateway: { parentRefs: [{ name: 'gateway', namespace: 'gateway' }], ingressClassName: 'nginx' },
};
