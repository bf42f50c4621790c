import { ApiObject, type Chart } from 'cdk8s';
import type { K8sObject } from './manifests/object.js';

/**
 * The one bridge from builders to cdk8s. Objects pass unchanged, so a chart that renders must have no labels and no
 * namespace of its own: cdk8s would merge them in, and the chart would say something else than the operator.
 */
export function render(chart: Chart, objects: readonly K8sObject[]): void {
  for (const object of objects) {
    const { name, namespace = '' } = object.metadata;
    new ApiObject(chart, [object.kind, namespace, name].join('.'), object);
  }
}
