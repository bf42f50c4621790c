import type { Namespace } from 'kubernetes-types/core/v1.js';
import type { K8sObject, Wire } from '../object.js';
import { POD_SECURITY_LABELS } from '../pod-security.js';
import { buildTenantLabels, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** Has no owner reference: the finalizer deletes it, so that a lost custom resource never costs data. */
export const buildNamespace = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: o.namespace, labels: { ...buildTenantLabels(o, COMPONENTS.tenant), ...POD_SECURITY_LABELS } },
  }) satisfies Wire<Namespace>;
