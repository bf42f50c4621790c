import { modelSchema } from '../schema/models.js';
import * as core from './core.js';
import { customResourceDefinitions } from './definitions.js';
import * as policies from './policies.js';
import { type Resource, type Strategy, storageOf } from './resource.js';
import * as workloads from './workloads.js';

interface Row {
  readonly model: string;
  readonly plural: string;
  readonly strategy: Strategy;
  readonly singular?: string;
  readonly short?: readonly string[];
  readonly all?: boolean;
  readonly cluster?: boolean;
  readonly status?: boolean;
  readonly scale?: boolean;
  readonly others?: readonly string[];
  readonly virtual?: boolean;
}

const SCALE = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
};

const EXTENSIONS = ['api-extensions'];

function row(apiVersion: string, kind: string, entry: Row): Resource {
  const [first = '', second] = apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const extension = group === 'apiextensions.k8s.io' || group === 'admissionregistration.k8s.io';
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    plural: entry.plural,
    singular: entry.singular ?? kind.toLowerCase(),
    shortNames: entry.short ?? [],
    categories: entry.all === true ? ['all'] : extension ? EXTENSIONS : [],
    namespaced: entry.cluster !== true,
    storage: storageOf(group, entry.plural),
    schema: modelSchema(entry.model),
    status: entry.status === true,
    scale: entry.scale === true ? SCALE : undefined,
    others: entry.others ?? [],
    strategy: entry.strategy,
    columns: undefined,
    virtual: entry.virtual === true,
  };
}

function coreKinds(services: Strategy): readonly Resource[] {
  const { plain } = core;
  return [
    row('v1', 'Namespace', {
      model: 'V1Namespace',
      plural: 'namespaces',
      strategy: core.namespaces,
      short: ['ns'],
      cluster: true,
      status: true,
      others: ['finalize'],
    }),
    row('v1', 'Node', {
      model: 'V1Node',
      plural: 'nodes',
      strategy: core.nodes,
      short: ['no'],
      cluster: true,
      status: true,
    }),
    row('v1', 'PersistentVolume', {
      model: 'V1PersistentVolume',
      plural: 'persistentvolumes',
      strategy: { answersDeleted: true },
      short: ['pv'],
      cluster: true,
      status: true,
    }),
    row('v1', 'Pod', {
      model: 'V1Pod',
      plural: 'pods',
      strategy: core.pods,
      short: ['po'],
      all: true,
      status: true,
      others: ['log', 'binding', 'eviction'],
    }),
    row('v1', 'Service', {
      model: 'V1Service',
      plural: 'services',
      strategy: services,
      short: ['svc'],
      all: true,
      status: true,
    }),
    row('v1', 'Endpoints', {
      model: 'V1Endpoints',
      plural: 'endpoints',
      strategy: plain,
      singular: 'endpoints',
      short: ['ep'],
    }),
    row('v1', 'ConfigMap', { model: 'V1ConfigMap', plural: 'configmaps', strategy: core.configMaps, short: ['cm'] }),
    row('v1', 'Secret', { model: 'V1Secret', plural: 'secrets', strategy: core.secrets }),
    row('v1', 'ServiceAccount', {
      model: 'V1ServiceAccount',
      plural: 'serviceaccounts',
      strategy: core.serviceAccounts,
      short: ['sa'],
      others: ['token'],
    }),
    row('v1', 'Event', { model: 'CoreV1Event', plural: 'events', strategy: core.events, short: ['ev'] }),
    row('v1', 'ResourceQuota', {
      model: 'V1ResourceQuota',
      plural: 'resourcequotas',
      strategy: core.resourceQuotas,
      short: ['quota'],
      status: true,
    }),
    row('v1', 'LimitRange', {
      model: 'V1LimitRange',
      plural: 'limitranges',
      strategy: core.limitRanges,
      short: ['limits'],
    }),
    row('v1', 'PersistentVolumeClaim', {
      model: 'V1PersistentVolumeClaim',
      plural: 'persistentvolumeclaims',
      strategy: core.persistentVolumeClaims,
      short: ['pvc'],
      status: true,
    }),
    row('coordination.k8s.io/v1', 'Lease', { model: 'V1Lease', plural: 'leases', strategy: plain }),
    row('discovery.k8s.io/v1', 'EndpointSlice', {
      model: 'V1EndpointSlice',
      plural: 'endpointslices',
      strategy: core.endpointSlices,
    }),
  ];
}

const workloadKinds = (): readonly Resource[] => [
  row('apps/v1', 'Deployment', {
    model: 'V1Deployment',
    plural: 'deployments',
    strategy: workloads.deployments,
    short: ['deploy'],
    all: true,
    status: true,
    scale: true,
  }),
  row('apps/v1', 'ReplicaSet', {
    model: 'V1ReplicaSet',
    plural: 'replicasets',
    strategy: workloads.replicaSets,
    short: ['rs'],
    all: true,
    status: true,
    scale: true,
  }),
  row('apps/v1', 'StatefulSet', {
    model: 'V1StatefulSet',
    plural: 'statefulsets',
    strategy: workloads.statefulSets,
    short: ['sts'],
    all: true,
    status: true,
    scale: true,
  }),
  row('apps/v1', 'DaemonSet', {
    model: 'V1DaemonSet',
    plural: 'daemonsets',
    strategy: workloads.daemonSets,
    short: ['ds'],
    all: true,
    status: true,
  }),
  row('batch/v1', 'Job', { model: 'V1Job', plural: 'jobs', strategy: workloads.jobs, all: true, status: true }),
  row('batch/v1', 'CronJob', {
    model: 'V1CronJob',
    plural: 'cronjobs',
    strategy: workloads.cronJobs,
    short: ['cj'],
    all: true,
    status: true,
  }),
];

function policyKinds(): readonly Resource[] {
  const rbac = 'rbac.authorization.k8s.io/v1';
  const admission = 'admissionregistration.k8s.io/v1';
  const { roles, roleBindings } = policies;
  return [
    row('autoscaling/v2', 'HorizontalPodAutoscaler', {
      model: 'V2HorizontalPodAutoscaler',
      plural: 'horizontalpodautoscalers',
      strategy: policies.horizontalPodAutoscalers,
      short: ['hpa'],
      all: true,
      status: true,
    }),
    row('policy/v1', 'PodDisruptionBudget', {
      model: 'V1PodDisruptionBudget',
      plural: 'poddisruptionbudgets',
      strategy: policies.podDisruptionBudgets,
      short: ['pdb'],
      status: true,
    }),
    row('networking.k8s.io/v1', 'NetworkPolicy', {
      model: 'V1NetworkPolicy',
      plural: 'networkpolicies',
      strategy: policies.networkPolicies,
      short: ['netpol'],
    }),
    row('networking.k8s.io/v1', 'Ingress', {
      model: 'V1Ingress',
      plural: 'ingresses',
      strategy: policies.ingresses,
      short: ['ing'],
      status: true,
    }),
    row('networking.k8s.io/v1', 'IngressClass', {
      model: 'V1IngressClass',
      plural: 'ingressclasses',
      strategy: { generation: true },
      cluster: true,
    }),
    row(rbac, 'Role', { model: 'V1Role', plural: 'roles', strategy: roles }),
    row(rbac, 'RoleBinding', { model: 'V1RoleBinding', plural: 'rolebindings', strategy: roleBindings }),
    row(rbac, 'ClusterRole', { model: 'V1ClusterRole', plural: 'clusterroles', strategy: roles, cluster: true }),
    row(rbac, 'ClusterRoleBinding', {
      model: 'V1ClusterRoleBinding',
      plural: 'clusterrolebindings',
      strategy: roleBindings,
      cluster: true,
    }),
    row('storage.k8s.io/v1', 'StorageClass', {
      model: 'V1StorageClass',
      plural: 'storageclasses',
      strategy: policies.storageClasses,
      short: ['sc'],
      cluster: true,
    }),
    row('scheduling.k8s.io/v1', 'PriorityClass', {
      model: 'V1PriorityClass',
      plural: 'priorityclasses',
      strategy: policies.priorityClasses,
      short: ['pc'],
      cluster: true,
    }),
    row(admission, 'ValidatingAdmissionPolicy', {
      model: 'V1ValidatingAdmissionPolicy',
      plural: 'validatingadmissionpolicies',
      strategy: policies.validatingAdmissionPolicies,
      cluster: true,
      status: true,
    }),
    row(admission, 'ValidatingAdmissionPolicyBinding', {
      model: 'V1ValidatingAdmissionPolicyBinding',
      plural: 'validatingadmissionpolicybindings',
      strategy: policies.validatingAdmissionPolicyBindings,
      cluster: true,
    }),
    row('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
      model: 'V1CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      strategy: customResourceDefinitions,
      short: ['crd', 'crds'],
      cluster: true,
      status: true,
    }),
  ];
}

const reviewKinds = (): readonly Resource[] => [
  row('authorization.k8s.io/v1', 'SelfSubjectAccessReview', {
    model: 'V1SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    strategy: core.plain,
    cluster: true,
    virtual: true,
  }),
  row('authorization.k8s.io/v1', 'SubjectAccessReview', {
    model: 'V1SubjectAccessReview',
    plural: 'subjectaccessreviews',
    strategy: core.plain,
    cluster: true,
    virtual: true,
  }),
  row('authorization.k8s.io/v1', 'SelfSubjectRulesReview', {
    model: 'V1SelfSubjectRulesReview',
    plural: 'selfsubjectrulesreviews',
    strategy: core.plain,
    cluster: true,
    virtual: true,
  }),
  row('authentication.k8s.io/v1', 'SelfSubjectReview', {
    model: 'V1SelfSubjectReview',
    plural: 'selfsubjectreviews',
    strategy: core.plain,
    cluster: true,
    virtual: true,
  }),
  row('authentication.k8s.io/v1', 'TokenReview', {
    model: 'V1TokenReview',
    plural: 'tokenreviews',
    strategy: core.plain,
    cluster: true,
    virtual: true,
  }),
];

export const buildBuiltinResources = (services: Strategy): readonly Resource[] => [
  ...coreKinds(services),
  ...workloadKinds(),
  ...policyKinds(),
  ...reviewKinds(),
];
