import type { Resource } from './kube.js';

const resource = (apiVersion: string, kind: string, plural: string, namespaced = true): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced,
});

/** The built-in kinds (and Gateway API's) that we read or write. Our own kinds: `operator/api/v1alpha1/resources.ts`. */
export const RESOURCES = {
  namespaces: resource('v1', 'Namespace', 'namespaces', false),
  nodes: resource('v1', 'Node', 'nodes', false),
  persistentVolumes: resource('v1', 'PersistentVolume', 'persistentvolumes', false),
  pods: resource('v1', 'Pod', 'pods'),
  services: resource('v1', 'Service', 'services'),
  endpoints: resource('v1', 'Endpoints', 'endpoints'),
  configMaps: resource('v1', 'ConfigMap', 'configmaps'),
  secrets: resource('v1', 'Secret', 'secrets'),
  serviceAccounts: resource('v1', 'ServiceAccount', 'serviceaccounts'),
  persistentVolumeClaims: resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  resourceQuotas: resource('v1', 'ResourceQuota', 'resourcequotas'),
  limitRanges: resource('v1', 'LimitRange', 'limitranges'),
  events: resource('v1', 'Event', 'events'),
  deployments: resource('apps/v1', 'Deployment', 'deployments'),
  replicaSets: resource('apps/v1', 'ReplicaSet', 'replicasets'),
  statefulSets: resource('apps/v1', 'StatefulSet', 'statefulsets'),
  daemonSets: resource('apps/v1', 'DaemonSet', 'daemonsets'),
  jobs: resource('batch/v1', 'Job', 'jobs'),
  cronJobs: resource('batch/v1', 'CronJob', 'cronjobs'),
  horizontalPodAutoscalers: resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  podDisruptionBudgets: resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  networkPolicies: resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  ingresses: resource('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  httpRoutes: resource('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  gateways: resource('gateway.networking.k8s.io/v1', 'Gateway', 'gateways'),
  roles: resource('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  roleBindings: resource('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  clusterRoles: resource('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  clusterRoleBindings: resource('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  leases: resource('coordination.k8s.io/v1', 'Lease', 'leases'),
  endpointSlices: resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  storageClasses: resource('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false),
  priorityClasses: resource('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false),
  customResourceDefinitions: resource(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    false,
  ),
  validatingAdmissionPolicies: resource(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
    false,
  ),
  validatingAdmissionPolicyBindings: resource(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
    false,
  ),
} as const satisfies Readonly<Record<string, Resource>>;

export interface ResourceLookup {
  /** Throws for a kind that nobody registered, naming it. */
  resourceFor(object: { readonly apiVersion: string; readonly kind: string }): Resource;
}

/** Built-in kinds, and the caller's own. */
export const createResourceLookup = (own: readonly Resource[] = []): ResourceLookup => {
  const known = new Map(
    [...Object.values(RESOURCES), ...own].map((entry) => [`${entry.apiVersion}/${entry.kind}`, entry]),
  );
  return {
    resourceFor({ apiVersion, kind }) {
      const found = known.get(`${apiVersion}/${kind}`);
      if (found === undefined) {
        throw new TypeError(
          `no REST path is known for ${kind} of ${apiVersion}; add it to operator/clients/kube-resources.ts`,
        );
      }
      return found;
    },
  };
};
