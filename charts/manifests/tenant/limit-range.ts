import type { LimitRange } from 'kubernetes-types/core/v1.js';
import { LIMIT_RANGE } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

/** A quota on CPU refuses pods that ask for none; a container that says nothing gets this little. */
export const buildLimitRange = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: buildTenantMeta(o, LIMIT_RANGE, COMPONENTS.tenant),
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '500m', memory: '512Mi' },
          defaultRequest: { cpu: '100m', memory: '128Mi' },
        },
      ],
    },
  }) satisfies Wire<LimitRange>;
