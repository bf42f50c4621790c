/**
 * What client-node's metadata doesn't tell of the built-in models, by the field's name where that is enough, else by
 * `Model.field`: how lists merge, which objects are whole, what a quantity is. Everything else merges as Kubernetes
 * does without markers: lists whole, maps by key.
 */
export const LIST_MAP_KEYS: Readonly<Record<string, readonly string[]>> = {
  'V1ObjectMeta.ownerReferences': ['uid'],
  'V1Container.env': ['name'],
  'V1Container.ports': ['containerPort', 'protocol'],
  'V1Container.volumeDevices': ['devicePath'],
  'V1Container.volumeMounts': ['mountPath'],
  'V1EphemeralContainer.env': ['name'],
  'V1EphemeralContainer.ports': ['containerPort', 'protocol'],
  'V1EphemeralContainer.volumeDevices': ['devicePath'],
  'V1EphemeralContainer.volumeMounts': ['mountPath'],
  'V1ContainerStatus.allocatedResourcesStatus': ['name'],
  'V1ContainerStatus.volumeMounts': ['mountPath'],
  'V1PodSpec.containers': ['name'],
  'V1PodSpec.ephemeralContainers': ['name'],
  'V1PodSpec.hostAliases': ['ip'],
  'V1PodSpec.imagePullSecrets': ['name'],
  'V1PodSpec.initContainers': ['name'],
  'V1PodSpec.resourceClaims': ['name'],
  'V1PodSpec.schedulingGates': ['name'],
  'V1PodSpec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'V1PodSpec.volumes': ['name'],
  'V1PodStatus.podIPs': ['ip'],
  'V1PodStatus.resourceClaimStatuses': ['name'],
  'V1NodeStatus.addresses': ['type'],
  'V1ResourceRequirements.claims': ['name'],
  'V1ServiceAccount.secrets': ['name'],
  'V1ServiceSpec.ports': ['port', 'protocol'],
  'V1ValidatingAdmissionPolicySpec.matchConditions': ['name'],
  'V1ValidatingAdmissionPolicySpec.variables': ['name'],
  'V1JSONSchemaProps.x-kubernetes-validations': ['rule'],
};

/** `status.conditions` are a map by type, but for these two. */
export const ATOMIC_CONDITIONS: ReadonlySet<string> = new Set(['V1JobStatus', 'V1HorizontalPodAutoscalerStatus']);

export const SETS: ReadonlySet<string> = new Set([
  'V1ObjectMeta.finalizers',
  'V1NodeSpec.podCIDRs',
  'V1ValidatingAdmissionPolicyBindingSpec.validationActions',
  'V1PodFailurePolicyOnExitCodesRequirement.values',
  'V1UncountedTerminatedPods.failed',
  'V1UncountedTerminatedPods.succeeded',
  'V1Endpoint.addresses',
]);

export const ATOMIC_MODELS: ReadonlySet<string> = new Set([
  'V1ConfigMapKeySelector',
  'V1EndpointAddress',
  'CoreV1EndpointPort',
  'DiscoveryV1EndpointPort',
  'V1LocalObjectReference',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1ObjectFieldSelector',
  'V1ObjectReference',
  'V1ResourceFieldSelector',
  'V1ScopeSelector',
  'V1SecretKeySelector',
  'V1SecretReference',
  'V1TypedLocalObjectReference',
  'V1LabelSelector',
  'V1OwnerReference',
  'V1MatchResources',
  'V1NamedRuleWithOperations',
  'V1ParamKind',
  'V1ParamRef',
  'V1Variable',
  'V1ServiceBackendPort',
  'V1RoleRef',
  'RbacV1Subject',
  'V1TopologySelectorTerm',
]);

export const ATOMIC_FIELDS: ReadonlySet<string> = new Set([
  'V1PersistentVolumeClaimStatus.allocatedResourceStatuses',
  'V1PersistentVolumeSpec.claimRef',
  'V1PodSpec.nodeSelector',
  'V1ServiceSpec.selector',
]);

/** Strategic merge goes by one key even where apply goes by two; and by a key in some lists that apply takes whole. */
export const PATCH_MERGE_KEYS: Readonly<Record<string, string>> = {
  'V1Container.ports': 'containerPort',
  'V1EphemeralContainer.ports': 'containerPort',
  'V1PodSpec.topologySpreadConstraints': 'topologyKey',
  'V1PodStatus.hostIPs': 'ip',
  'V1ServiceSpec.ports': 'port',
  'V1JobStatus.conditions': 'type',
  'V1HorizontalPodAutoscalerStatus.conditions': 'type',
};

/** Defaults that decide a list item's identity before any other default is set. */
export const KEY_DEFAULTS: Readonly<Record<string, unknown>> = {
  'V1ContainerPort.protocol': 'TCP',
  'V1ServicePort.protocol': 'TCP',
};

const QUANTITY_FIELDS =
  /\.(limits|requests|hard|used|capacity|allocatable|allocatedResources|max|min|default|defaultRequest|maxLimitRequestRatio|overhead|averageValue|sizeLimit|divisor)$/;

/** `V1EventSource`-like models use some of the names for other things: a quantity is a string in the metadata too. */
export const isQuantityField = (field: string): boolean =>
  (QUANTITY_FIELDS.test(field) && !field.startsWith('V1JSONSchemaProps.')) || field === 'V2MetricTarget.value';

export const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  V1Container: ['name'],
  V1ContainerPort: ['containerPort'],
  V1EnvVar: ['name'],
  V1VolumeMount: ['name', 'mountPath'],
  V1Volume: ['name'],
  V1PodSpec: ['containers'],
  V1HTTPGetAction: ['port'],
  V1TCPSocketAction: ['port'],
  V1DeploymentSpec: ['selector', 'template'],
  V1ReplicaSetSpec: ['selector'],
  V1StatefulSetSpec: ['selector', 'template'],
  V1DaemonSetSpec: ['selector', 'template'],
  V1JobSpec: ['template'],
  V1CronJobSpec: ['schedule', 'jobTemplate'],
  V2HorizontalPodAutoscalerSpec: ['scaleTargetRef', 'maxReplicas'],
  V1NetworkPolicySpec: ['podSelector'],
  V1IPBlock: ['cidr'],
  V1HTTPIngressPath: ['pathType', 'backend'],
  V1PolicyRule: ['verbs'],
  V1RoleRef: ['apiGroup', 'kind', 'name'],
  RbacV1Subject: ['kind', 'name'],
  V1OwnerReference: ['apiVersion', 'kind', 'name', 'uid'],
  V1LabelSelectorRequirement: ['key', 'operator'],
  V1KeyToPath: ['key', 'path'],
  V1SecretKeySelector: ['key'],
  V1ConfigMapKeySelector: ['key'],
  V1ObjectFieldSelector: ['fieldPath'],
};
