import { MEMORY_HOLDS, MEMORY_PLANES, MEMORY_TENANT_CLASSES, MEMORY_TENANTS } from './api/v1alpha1/resources.js';
import type { MemoryHold, MemoryPlane, MemoryTenant, MemoryTenantClass } from './api/v1alpha1/types.js';
import type { KubeClient, LiveObject, Resource } from './clients/kube.js';
import type { Log } from './runtime/log.js';
import type { OperatorMetrics } from './runtime/metrics.js';
import { createReflector, type Reflector } from './runtime/watch.js';
import { type Children, mirrorChildren } from './tenant/children.js';

/** The last known state of everything that the operator decides on; Secrets are not among it. */
export interface Mirrors {
  readonly tenants: Reflector<MemoryTenant>;
  readonly planes: Reflector<MemoryPlane>;
  readonly classes: Reflector<MemoryTenantClass>;
  readonly holds: Reflector<MemoryHold>;
  readonly children: Children;
  stop(): Promise<void>;
}

export function createMirrors(options: {
  readonly kube: KubeClient;
  readonly metrics: Pick<OperatorMetrics, 'onRestart'>;
  readonly log: Log;
  readonly served: (resource: Resource) => boolean;
}): Mirrors {
  const { kube, log, served } = options;
  const { onRestart } = options.metrics;
  const mirror = <T extends LiveObject>(resource: Resource): Reflector<T> =>
    createReflector<T>({ client: kube, resource, log, onRestart });
  const own = {
    tenants: mirror<MemoryTenant>(MEMORY_TENANTS),
    planes: mirror<MemoryPlane>(MEMORY_PLANES),
    classes: mirror<MemoryTenantClass>(MEMORY_TENANT_CLASSES),
    holds: mirror<MemoryHold>(MEMORY_HOLDS),
  };
  const children = mirrorChildren({ kube, served, log, onRestart });
  return {
    ...own,
    children,
    stop: async () => {
      await Promise.all([...Object.values(own), ...children.reflectors].map((reflector) => reflector.stop()));
    },
  };
}
