import type { ServiceAccount } from 'kubernetes-types/core/v1.js';
import { SERVICE_ACCOUNTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantLabels } from './labels.js';
import type { TenantOptions } from './options.js';

const annotationsOf = (o: TenantOptions, name: string): Readonly<Record<string, string>> => {
  if (name === SERVICE_ACCOUNTS.memory) return o.serviceAccountAnnotations;
  return name === SERVICE_ACCOUNTS.audit ? (o.archive?.serviceAccountAnnotations ?? {}) : {};
};

/** One identity a purpose: a cloud role is bound to each, and no pod gets a token of the API server with it. */
export const buildServiceAccounts = (o: TenantOptions): readonly K8sObject[] =>
  Object.values(SERVICE_ACCOUNTS).map((name) => {
    const annotations = annotationsOf(o, name);
    return {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name,
        namespace: o.namespace,
        labels: buildTenantLabels(o, name),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
      },
      automountServiceAccountToken: false,
    } satisfies Wire<ServiceAccount>;
  });
