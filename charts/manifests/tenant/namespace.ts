import type { Namespace } from 'kubernetes-types/core/v1.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantLabels, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** Pods that ask for any privilege are refused by the API server, whoever makes them. */
const POD_SECURITY = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'latest',
  'pod-security.kubernetes.io/warn': 'restricted',
  'pod-security.kubernetes.io/audit': 'restricted',
} as const;

/** Has no owner reference: the finalizer deletes it, so that a lost custom resource never costs data. */
export const buildNamespace = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: o.namespace, labels: { ...buildTenantLabels(o, COMPONENTS.tenant), ...POD_SECURITY } },
  }) satisfies Wire<Namespace>;
