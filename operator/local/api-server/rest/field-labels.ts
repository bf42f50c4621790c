import { badRequest } from '../errors.js';
import { type KubeObject, stringAt, valueAt } from '../objects.js';
import { isCustom, type Resource } from '../resources/resource.js';
import type { FieldRequirement } from './selectors.js';

/** The fields, beside name and namespace, by which a built-in kind can be selected. Kubernetes knows no others either. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  '/pods': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  '/events': [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  '/secrets': ['type'],
  '/namespaces': ['status.phase'],
  '/nodes': ['spec.unschedulable'],
  'batch/jobs': ['status.successful'],
  'apps/replicasets': ['status.replicas'],
};

function fieldOf(object: KubeObject, path: string): string {
  if (path === 'source') return stringAt(object, 'source', 'component') ?? stringAt(object, 'reportingComponent') ?? '';
  if (path === 'status.successful') return String(valueAt(object, 'status', 'succeeded') ?? 0);
  const value = valueAt(object, ...path.split('.'));
  if (value === undefined || value === null) return path === 'spec.unschedulable' ? 'false' : '';
  return String(value);
}

/** Throws for a field by which the kind can't be selected: a filter that is not applied would answer too much. */
export function checkFieldSelector(resource: Resource, requirements: readonly FieldRequirement[]): void {
  for (const { path } of requirements) {
    const known = path === 'metadata.name' || (path === 'metadata.namespace' && resource.namespaced);
    if (known || (SELECTABLE[resource.storage] ?? []).includes(path)) continue;
    const names = ['metadata.name', 'metadata.namespace', ...(SELECTABLE[resource.storage] ?? [])];
    const only = names.map((name) => JSON.stringify(name)).join(', ');
    const text = isCustom(resource)
      ? `field label not supported: ${path}`
      : `"${path}" is not a known field selector: only ${only}`;
    throw badRequest(text);
  }
}

export const matchesFields = (requirements: readonly FieldRequirement[], object: KubeObject): boolean =>
  requirements.every(({ path, equal, value }) => (fieldOf(object, path) === value) === equal);
