import type { Service } from 'kubernetes-types/core/v1.js';
import { DEPLOYMENTS, PORTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildSelectorLabels, buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

export const buildService = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: buildTenantMeta(o, DEPLOYMENTS.memory, COMPONENTS.memory),
    spec: {
      type: 'ClusterIP',
      selector: buildSelectorLabels(o, COMPONENTS.memory),
      ports: [{ name: 'http', port: PORTS.memory, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' }],
    },
  }) satisfies Wire<Service>;
