import type { K8sObject } from '../object.js';
import {
  buildAdminClusterRole,
  buildAdminClusterRoleBinding,
  buildAdminRole,
  buildAdminRoleBinding,
} from './admin-access.js';
import { buildAutoscaler } from './autoscaler.js';
import { buildConfigMap } from './config-map.js';
import { buildDeployment } from './deployment.js';
import { buildDisruptionBudget } from './disruption-budget.js';
import { buildHttpRoute } from './http-route.js';
import { buildIngress } from './ingress.js';
import { buildLimitRange } from './limit-range.js';
import { buildNamespace } from './namespace.js';
import { buildNetworkPolicies } from './network-policies.js';
import type { TenantOptions } from './options.js';
import { buildResourceQuota } from './resource-quota.js';
import { buildService } from './service.js';
import { buildServiceAccounts } from './service-accounts.js';

/** Everything that a tenant is in Kubernetes, but its Secrets: their values are made by whoever owns the store. */
export const buildTenant = (o: TenantOptions): readonly K8sObject[] => [
  ...buildNamespaceObjects(o),
  ...buildWorkloadObjects(o),
];

/** The walls: a namespace, its limits, who may do what in it and who may talk to whom. */
export const buildNamespaceObjects = (o: TenantOptions): readonly K8sObject[] =>
  existing([
    buildNamespace(o),
    buildResourceQuota(o),
    buildLimitRange(o),
    ...buildNetworkPolicies(o),
    ...buildServiceAccounts(o),
    buildAdminRole(o),
    buildAdminRoleBinding(o),
    buildAdminClusterRole(o),
    buildAdminClusterRoleBinding(o),
  ]);

/** What runs within them, and the way in. */
export const buildWorkloadObjects = (o: TenantOptions): readonly K8sObject[] =>
  existing([
    buildConfigMap(o),
    buildDeployment(o),
    buildService(o),
    buildDisruptionBudget(o),
    buildAutoscaler(o),
    buildHttpRoute(o),
    buildIngress(o),
  ]);

const existing = (objects: readonly (K8sObject | undefined)[]): readonly K8sObject[] =>
  objects.filter((object) => object !== undefined);
