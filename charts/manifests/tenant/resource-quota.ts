import type { ResourceQuota } from 'kubernetes-types/core/v1.js';
import { QUOTA } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

export const buildResourceQuota = (o: TenantOptions): K8sObject | undefined =>
  Object.keys(o.quotaHard).length === 0
    ? undefined
    : ({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: buildTenantMeta(o, QUOTA, COMPONENTS.tenant),
        spec: { hard: { ...o.quotaHard } },
      } satisfies Wire<ResourceQuota>);
