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

type Rows = Readonly<Record<string, Row>>;

const rows = (apiVersion: string, table: Rows): readonly Resource[] =>
  Object.entries(table).map(([kind, entry]) => row(apiVersion, kind, entry));

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

const { plain } = core;
const CLUSTER = { cluster: true } as const;
const STATUS = { status: true } as const;
const ALL = { all: true, status: true } as const;

const coreRows = (services: Strategy): Rows => ({
  Namespace: {
    model: 'V1Namespace',
    plural: 'namespaces',
    strategy: core.namespaces,
    short: ['ns'],
    ...CLUSTER,
    ...STATUS,
    others: ['finalize'],
  },
  Node: { model: 'V1Node', plural: 'nodes', strategy: core.nodes, short: ['no'], ...CLUSTER, ...STATUS },
  PersistentVolume: {
    model: 'V1PersistentVolume',
    plural: 'persistentvolumes',
    strategy: { answersDeleted: true },
    short: ['pv'],
    ...CLUSTER,
    ...STATUS,
  },
  Pod: {
    model: 'V1Pod',
    plural: 'pods',
    strategy: core.pods,
    short: ['po'],
    ...ALL,
    others: ['log', 'binding', 'eviction'],
  },
  Service: { model: 'V1Service', plural: 'services', strategy: services, short: ['svc'], ...ALL },
  ...storedRows,
});

const storedRows: Rows = {
  Endpoints: { model: 'V1Endpoints', plural: 'endpoints', strategy: plain, singular: 'endpoints', short: ['ep'] },
  ConfigMap: { model: 'V1ConfigMap', plural: 'configmaps', strategy: core.configMaps, short: ['cm'] },
  Secret: { model: 'V1Secret', plural: 'secrets', strategy: core.secrets },
  ServiceAccount: {
    model: 'V1ServiceAccount',
    plural: 'serviceaccounts',
    strategy: core.serviceAccounts,
    short: ['sa'],
    others: ['token'],
  },
  Event: { model: 'CoreV1Event', plural: 'events', strategy: core.events, short: ['ev'] },
  ResourceQuota: {
    model: 'V1ResourceQuota',
    plural: 'resourcequotas',
    strategy: core.resourceQuotas,
    short: ['quota'],
    ...STATUS,
  },
  LimitRange: { model: 'V1LimitRange', plural: 'limitranges', strategy: core.limitRanges, short: ['limits'] },
  PersistentVolumeClaim: {
    model: 'V1PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    strategy: core.persistentVolumeClaims,
    short: ['pvc'],
    ...STATUS,
  },
};

const appRows: Rows = {
  Deployment: {
    model: 'V1Deployment',
    plural: 'deployments',
    strategy: workloads.deployments,
    short: ['deploy'],
    ...ALL,
    scale: true,
  },
  ReplicaSet: {
    model: 'V1ReplicaSet',
    plural: 'replicasets',
    strategy: workloads.replicaSets,
    short: ['rs'],
    ...ALL,
    scale: true,
  },
  StatefulSet: {
    model: 'V1StatefulSet',
    plural: 'statefulsets',
    strategy: workloads.statefulSets,
    short: ['sts'],
    ...ALL,
    scale: true,
  },
  DaemonSet: { model: 'V1DaemonSet', plural: 'daemonsets', strategy: workloads.daemonSets, short: ['ds'], ...ALL },
};

const batchRows: Rows = {
  Job: { model: 'V1Job', plural: 'jobs', strategy: workloads.jobs, ...ALL },
  CronJob: { model: 'V1CronJob', plural: 'cronjobs', strategy: workloads.cronJobs, short: ['cj'], ...ALL },
};

const networkRows: Rows = {
  NetworkPolicy: {
    model: 'V1NetworkPolicy',
    plural: 'networkpolicies',
    strategy: policies.networkPolicies,
    short: ['netpol'],
  },
  Ingress: { model: 'V1Ingress', plural: 'ingresses', strategy: policies.ingresses, short: ['ing'], ...STATUS },
  IngressClass: { model: 'V1IngressClass', plural: 'ingressclasses', strategy: { generation: true }, ...CLUSTER },
};

const rbacRows: Rows = {
  Role: { model: 'V1Role', plural: 'roles', strategy: policies.roles },
  RoleBinding: { model: 'V1RoleBinding', plural: 'rolebindings', strategy: policies.roleBindings },
  ClusterRole: { model: 'V1ClusterRole', plural: 'clusterroles', strategy: policies.roles, ...CLUSTER },
  ClusterRoleBinding: {
    model: 'V1ClusterRoleBinding',
    plural: 'clusterrolebindings',
    strategy: policies.roleBindings,
    ...CLUSTER,
  },
};

const admissionRows: Rows = {
  ValidatingAdmissionPolicy: {
    model: 'V1ValidatingAdmissionPolicy',
    plural: 'validatingadmissionpolicies',
    strategy: policies.validatingAdmissionPolicies,
    ...CLUSTER,
    ...STATUS,
  },
  ValidatingAdmissionPolicyBinding: {
    model: 'V1ValidatingAdmissionPolicyBinding',
    plural: 'validatingadmissionpolicybindings',
    strategy: policies.validatingAdmissionPolicyBindings,
    ...CLUSTER,
  },
};

const REVIEW = { strategy: plain, cluster: true, virtual: true } as const;

const authorizationRows: Rows = {
  SelfSubjectAccessReview: { model: 'V1SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews', ...REVIEW },
  SubjectAccessReview: { model: 'V1SubjectAccessReview', plural: 'subjectaccessreviews', ...REVIEW },
  SelfSubjectRulesReview: { model: 'V1SelfSubjectRulesReview', plural: 'selfsubjectrulesreviews', ...REVIEW },
};

const authenticationRows: Rows = {
  SelfSubjectReview: { model: 'V1SelfSubjectReview', plural: 'selfsubjectreviews', ...REVIEW },
  TokenReview: { model: 'V1TokenReview', plural: 'tokenreviews', ...REVIEW },
};

const others: Readonly<Record<string, Rows>> = {
  'coordination.k8s.io/v1': { Lease: { model: 'V1Lease', plural: 'leases', strategy: plain } },
  'discovery.k8s.io/v1': {
    EndpointSlice: { model: 'V1EndpointSlice', plural: 'endpointslices', strategy: core.endpointSlices },
  },
  'autoscaling/v2': {
    HorizontalPodAutoscaler: {
      model: 'V2HorizontalPodAutoscaler',
      plural: 'horizontalpodautoscalers',
      strategy: policies.horizontalPodAutoscalers,
      short: ['hpa'],
      ...ALL,
    },
  },
  'policy/v1': {
    PodDisruptionBudget: {
      model: 'V1PodDisruptionBudget',
      plural: 'poddisruptionbudgets',
      strategy: policies.podDisruptionBudgets,
      short: ['pdb'],
      ...STATUS,
    },
  },
  'storage.k8s.io/v1': {
    StorageClass: {
      model: 'V1StorageClass',
      plural: 'storageclasses',
      strategy: policies.storageClasses,
      short: ['sc'],
      ...CLUSTER,
    },
  },
  'scheduling.k8s.io/v1': {
    PriorityClass: {
      model: 'V1PriorityClass',
      plural: 'priorityclasses',
      strategy: policies.priorityClasses,
      short: ['pc'],
      ...CLUSTER,
    },
  },
  'apiextensions.k8s.io/v1': {
    CustomResourceDefinition: {
      model: 'V1CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      strategy: customResourceDefinitions,
      short: ['crd', 'crds'],
      ...CLUSTER,
      ...STATUS,
    },
  },
};

export const buildBuiltinResources = (services: Strategy): readonly Resource[] => [
  ...rows('v1', coreRows(services)),
  ...rows('apps/v1', appRows),
  ...rows('batch/v1', batchRows),
  ...rows('networking.k8s.io/v1', networkRows),
  ...rows('rbac.authorization.k8s.io/v1', rbacRows),
  ...rows('admissionregistration.k8s.io/v1', admissionRows),
  ...Object.entries(others).flatMap(([apiVersion, table]) => rows(apiVersion, table)),
  ...rows('authorization.k8s.io/v1', authorizationRows),
  ...rows('authentication.k8s.io/v1', authenticationRows),
];
