import { FIELD_MANAGER, TENANT_LABEL } from '../../charts/manifests/names.js';
import type { KubeClient, LiveObject, ObjectRef, Resource } from '../clients/kube.js';
import { RESOURCES } from '../clients/kube-resources.js';
import { keyOf } from '../runtime/key.js';
import type { Log } from '../runtime/log.js';
import { keepOwnedFields } from '../runtime/owned-fields.js';
import { createReflector, type Reflector, type Restart } from '../runtime/watch.js';

/** What goes when the spec no longer asks for it. Secrets are neither here nor below: they are never watched. */
export const PRUNED: readonly Resource[] = [
  RESOURCES.podDisruptionBudgets,
  RESOURCES.horizontalPodAutoscalers,
  RESOURCES.ingresses,
  RESOURCES.httpRoutes,
  RESOURCES.networkPolicies,
  RESOURCES.roles,
  RESOURCES.roleBindings,
  RESOURCES.services,
  RESOURCES.configMaps,
  RESOURCES.deployments,
];

/** What goes with its namespace or its tenant, never alone. */
const KEPT: readonly Resource[] = [
  RESOURCES.namespaces,
  RESOURCES.serviceAccounts,
  RESOURCES.resourceQuotas,
  RESOURCES.limitRanges,
  RESOURCES.clusterRoles,
  RESOURCES.clusterRoleBindings,
];

export interface Children {
  readonly reflectors: readonly Reflector<LiveObject>[];
  /** The last known state; `unknown` for kinds that are not mirrored. */
  cached(ref: ObjectRef): LiveObject | undefined | 'unknown';
  /** All mirrored objects of one kind that a tenant has; undefined for kinds that are not mirrored. */
  ofTenant(resource: Resource, tenant: string): readonly LiveObject[] | undefined;
}

/** Mirrors of everything that carries a tenant's label: drift is seen at once, and at rest nothing is read. */
export function mirrorChildren(options: {
  readonly kube: KubeClient;
  readonly served: (resource: Resource) => boolean;
  readonly log: Log;
  readonly onRestart: (resource: Resource, why: Restart) => void;
}): Children {
  const { kube, served, log, onRestart } = options;
  const mirrors = new Map<string, Reflector<LiveObject>>();
  for (const resource of [...KEPT, ...PRUNED].filter(served)) {
    const reflector = createReflector<LiveObject>({
      client: kube,
      resource,
      labelSelector: TENANT_LABEL,
      trim: keepOwnedFields(FIELD_MANAGER),
      indexBy: (object) => object.metadata.labels?.[TENANT_LABEL],
      log,
      onRestart,
    });
    mirrors.set(idOf(resource), reflector);
  }
  return {
    reflectors: [...mirrors.values()],
    cached: (ref) => {
      const mirror = mirrors.get(idOf(ref.resource));
      return mirror === undefined ? 'unknown' : mirror.get(keyOf({ metadata: ref }));
    },
    ofTenant: (resource, tenant) => mirrors.get(idOf(resource))?.withIndex(tenant),
  };
}

const idOf = ({ apiVersion, kind }: Resource): string => `${apiVersion}/${kind}`;
