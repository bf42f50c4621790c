import {
  type Dict,
  dictAt,
  dictsAt,
  isDict,
  type KubeObject,
  listAt,
  numberAt,
  stringAt,
  stringsAt,
  valueAt,
} from '../objects.js';
import type { Resource } from '../resources/resource.js';
import { ageOf } from './age.js';
import { pathValue, pathValues } from './json-path.js';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, above only with `-o wide`. */
  readonly priority: number;
  readonly cell: (object: KubeObject, now: number) => unknown;
}

type Cell = Column['cell'];

const column = (name: string, cell: Cell, options: Partial<Column> = {}): Column => ({
  name,
  type: 'string',
  format: '',
  description: '',
  priority: 0,
  ...options,
  cell,
});

export const NAME = column('Name', ({ metadata }) => metadata.name, { format: 'name' });
export const AGE = column('Age', ({ metadata }, now) => ageOf(metadata.creationTimestamp, now));

const INTEGER = { type: 'integer' } as const;
const WIDE = { priority: 1 } as const;
const count =
  (...path: readonly string[]): Cell =>
  (object) =>
    numberAt(object, ...path) ?? 0;
const text =
  (...path: readonly string[]): Cell =>
  (object) =>
    stringAt(object, ...path) ?? '<none>';
const size =
  (field: string): Cell =>
  (object) =>
    Object.keys(dictAt(object, field) ?? {}).length;

const labelText = (labels: Dict | undefined): string =>
  labels === undefined || Object.keys(labels).length === 0
    ? '<none>'
    : Object.entries(labels)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(',');

const images = (spec: Dict | undefined): string =>
  dictsAt(spec, 'containers')
    .map((one) => stringAt(one, 'image'))
    .join(',');
const names = (spec: Dict | undefined): string =>
  dictsAt(spec, 'containers')
    .map((one) => stringAt(one, 'name'))
    .join(',');

/** What keeps a pod from running, in one word, as kubectl shows it. */
function podReason(pod: KubeObject): string {
  const deleted = pod.metadata.deletionTimestamp !== undefined;
  const states = [...dictsAt(pod, 'status', 'initContainerStatuses'), ...dictsAt(pod, 'status', 'containerStatuses')];
  const waiting = states
    .map((state) => stringAt(state, 'state', 'waiting', 'reason'))
    .find((reason) => reason !== undefined);
  const ended = dictsAt(pod, 'status', 'containerStatuses')
    .map((state) => stringAt(state, 'state', 'terminated', 'reason'))
    .find((reason) => reason !== undefined);
  if (deleted) return 'Terminating';
  return waiting ?? ended ?? stringAt(pod, 'status', 'reason') ?? stringAt(pod, 'status', 'phase') ?? 'Unknown';
}

const podReady: Cell = (pod) => {
  const states = dictsAt(pod, 'status', 'containerStatuses');
  return `${states.filter(({ ready }) => ready === true).length}/${listAt(pod, 'spec', 'containers').length}`;
};

const restarts: Cell = (pod) =>
  String(
    dictsAt(pod, 'status', 'containerStatuses').reduce((sum, state) => sum + (numberAt(state, 'restartCount') ?? 0), 0),
  );

const POD = [
  NAME,
  column('Ready', podReady),
  column('Status', podReason),
  column('Restarts', restarts),
  AGE,
  column('IP', text('status', 'podIP'), WIDE),
  column('Node', text('spec', 'nodeName'), WIDE),
  column('Nominated Node', text('status', 'nominatedNodeName'), WIDE),
  column('Readiness Gates', () => '<none>', WIDE),
];

const templateOf = (object: KubeObject): Dict | undefined => dictAt(object, 'spec', 'template', 'spec');
const selectorOf: Cell = (object) => labelText(dictAt(object, 'spec', 'selector', 'matchLabels'));
const WORKLOAD_WIDE = [
  column('Containers', (object) => names(templateOf(object)), WIDE),
  column('Images', (object) => images(templateOf(object)), WIDE),
  column('Selector', selectorOf, WIDE),
];
const readyOf: Cell = (object) =>
  `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`;

function jobStatus(job: KubeObject): string {
  const is = (type: string): boolean =>
    dictsAt(job, 'status', 'conditions').some((condition) => condition.type === type && condition.status === 'True');
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return is('Suspended') ? 'Suspended' : 'Running';
}

const jobDuration: Cell = (job, now) => {
  const start = stringAt(job, 'status', 'startTime');
  if (start === undefined) return '';
  const end = stringAt(job, 'status', 'completionTime');
  return ageOf(start, end === undefined ? now : Date.parse(end));
};

const ports: Cell = (service) =>
  dictsAt(service, 'spec', 'ports')
    .map(
      (port) =>
        `${String(port.port)}${port.nodePort === undefined ? '' : `:${String(port.nodePort)}`}/${String(port.protocol)}`,
    )
    .join(',') || '<none>';

const eventObject: Cell = (event) =>
  `${(stringAt(event, 'involvedObject', 'kind') ?? '').toLowerCase()}/${stringAt(event, 'involvedObject', 'name') ?? ''}`;

const lastSeen: Cell = (event, now) => ageOf(event.lastTimestamp ?? event.eventTime ?? event.metadata, now);

const nodeStatus: Cell = (node) => {
  const ready = dictsAt(node, 'status', 'conditions').find(({ type }) => type === 'Ready');
  return ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
};

const roleRef: Cell = (binding) => `${stringAt(binding, 'roleRef', 'kind')}/${stringAt(binding, 'roleRef', 'name')}`;
const policyTypes: Cell = (policy) => labelText(dictAt(policy, 'spec', 'podSelector', 'matchLabels'));
const hosts: Cell = (ingress) =>
  dictsAt(ingress, 'spec', 'rules')
    .map((rule) => stringAt(rule, 'host') ?? '*')
    .join(',') || '*';

/** The columns of the kinds that people look at, after Kubernetes' own. */
const BUILTIN: Readonly<Record<string, readonly Column[]>> = {
  '/pods': POD,
  '/namespaces': [NAME, column('Status', text('status', 'phase')), AGE],
  '/nodes': [
    NAME,
    column('Status', nodeStatus),
    column('Roles', () => '<none>'),
    AGE,
    column('Version', text('status', 'nodeInfo', 'kubeletVersion')),
  ],
  '/services': [
    NAME,
    column('Type', text('spec', 'type')),
    column('Cluster-IP', text('spec', 'clusterIP')),
    column('External-IP', () => '<none>'),
    column('Port(s)', ports),
    AGE,
    column('Selector', (service) => labelText(dictAt(service, 'spec', 'selector')), WIDE),
  ],
  '/secrets': [NAME, column('Type', text('type')), column('Data', size('data'), INTEGER), AGE],
  '/configmaps': [NAME, column('Data', size('data'), INTEGER), AGE],
  '/serviceaccounts': [NAME, column('Secrets', (account) => listAt(account, 'secrets').length, INTEGER), AGE],
  '/events': [
    column('Last Seen', lastSeen),
    column('Type', text('type')),
    column('Reason', text('reason')),
    column('Object', eventObject),
    column('Message', (event) => (stringAt(event, 'message') ?? '').trim()),
    { ...NAME, priority: 1 },
  ],
  '/resourcequotas': [
    NAME,
    column('Request', (quota) => labelText(dictAt(quota, 'status', 'used') ?? dictAt(quota, 'spec', 'hard'))),
    AGE,
  ],
  '/persistentvolumeclaims': [
    NAME,
    column('Status', text('status', 'phase')),
    column('Volume', (claim) => stringAt(claim, 'spec', 'volumeName') ?? ''),
    column('Capacity', (claim) => stringAt(claim, 'status', 'capacity', 'storage') ?? ''),
    column('Access Modes', (claim) => stringsAt(claim, 'spec', 'accessModes').join(',')),
    AGE,
  ],
  'apps/deployments': [
    NAME,
    column('Ready', readyOf),
    column('Up-to-date', count('status', 'updatedReplicas'), INTEGER),
    column('Available', count('status', 'availableReplicas'), INTEGER),
    AGE,
    ...WORKLOAD_WIDE,
  ],
  'apps/replicasets': [
    NAME,
    column('Desired', count('spec', 'replicas'), INTEGER),
    column('Current', count('status', 'replicas'), INTEGER),
    column('Ready', count('status', 'readyReplicas'), INTEGER),
    AGE,
    ...WORKLOAD_WIDE,
  ],
  'apps/statefulsets': [NAME, column('Ready', readyOf), AGE, ...WORKLOAD_WIDE.slice(0, 2)],
  'batch/jobs': [
    NAME,
    column('Status', jobStatus),
    column(
      'Completions',
      (job) => `${numberAt(job, 'status', 'succeeded') ?? 0}/${numberAt(job, 'spec', 'completions') ?? 1}`,
    ),
    column('Duration', jobDuration),
    AGE,
    ...WORKLOAD_WIDE,
  ],
  'batch/cronjobs': [
    NAME,
    column('Schedule', text('spec', 'schedule')),
    column('Timezone', text('spec', 'timeZone')),
    column('Suspend', (job) => (valueAt(job, 'spec', 'suspend') === true ? 'True' : 'False'), { type: 'string' }),
    column('Active', (job) => listAt(job, 'status', 'active').length, INTEGER),
    column('Last Schedule', (job, now) =>
      stringAt(job, 'status', 'lastScheduleTime') === undefined
        ? '<none>'
        : ageOf(stringAt(job, 'status', 'lastScheduleTime'), now),
    ),
    AGE,
  ],
  'autoscaling/horizontalpodautoscalers': [
    NAME,
    column(
      'Reference',
      (hpa) => `${stringAt(hpa, 'spec', 'scaleTargetRef', 'kind')}/${stringAt(hpa, 'spec', 'scaleTargetRef', 'name')}`,
    ),
    column('MinPods', (hpa) => String(numberAt(hpa, 'spec', 'minReplicas') ?? '<unset>')),
    column('MaxPods', count('spec', 'maxReplicas'), INTEGER),
    column('Replicas', count('status', 'currentReplicas'), INTEGER),
    AGE,
  ],
  'policy/poddisruptionbudgets': [
    NAME,
    column('Min Available', (budget) => String(valueAt(budget, 'spec', 'minAvailable') ?? 'N/A')),
    column('Max Unavailable', (budget) => String(valueAt(budget, 'spec', 'maxUnavailable') ?? 'N/A')),
    column('Allowed Disruptions', count('status', 'disruptionsAllowed'), INTEGER),
    AGE,
  ],
  'networking.k8s.io/networkpolicies': [NAME, column('Pod-Selector', policyTypes), AGE],
  'networking.k8s.io/ingresses': [
    NAME,
    column('Class', text('spec', 'ingressClassName')),
    column('Hosts', hosts),
    column('Address', () => ''),
    column('Ports', () => '80'),
    AGE,
  ],
  'rbac.authorization.k8s.io/roles': [NAME, column('Created At', ({ metadata }) => metadata.creationTimestamp)],
  'rbac.authorization.k8s.io/clusterroles': [NAME, column('Created At', ({ metadata }) => metadata.creationTimestamp)],
  'rbac.authorization.k8s.io/rolebindings': [NAME, column('Role', roleRef), AGE],
  'rbac.authorization.k8s.io/clusterrolebindings': [NAME, column('Role', roleRef), AGE],
  'coordination.k8s.io/leases': [
    NAME,
    column('Holder', (lease) => stringAt(lease, 'spec', 'holderIdentity') ?? ''),
    AGE,
  ],
  'apiextensions.k8s.io/customresourcedefinitions': [
    NAME,
    column('Created At', ({ metadata }) => metadata.creationTimestamp),
  ],
};

const GENERIC = [NAME, AGE];

const custom = new WeakMap<Resource, readonly Column[]>();

export function columnsOf(resource: Resource): readonly Column[] {
  if (resource.columns === undefined) return BUILTIN[resource.storage] ?? GENERIC;
  const known = custom.get(resource);
  if (known !== undefined) return known;
  const columns = [NAME, ...resource.columns.map((definition) => customColumn(definition))];
  custom.set(resource, columns);
  return columns;
}

function customColumn({
  name,
  type,
  format = '',
  description = '',
  priority = 0,
  jsonPath,
}: NonNullable<Resource['columns']>[number]): Column {
  return {
    name,
    type: type as Column['type'],
    format,
    description,
    priority,
    cell: (object, now) => customCell(object, jsonPath, type, now),
  };
}

/** A cell of a custom column: null where there is nothing, which kubectl shows as nothing. */
function customCell(object: KubeObject, path: string, type: string, now: number): unknown {
  const value = pathValue(object, path);
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return ageOf(value, now);
    case 'string': {
      const values = pathValues(object, path);
      if (values.length > 1) return JSON.stringify(values);
      return typeof value === 'string'
        ? value
        : isDict(value) || Array.isArray(value)
          ? JSON.stringify(value)
          : String(value);
    }
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null;
    default:
      return typeof value === 'boolean' ? value : null;
  }
}
