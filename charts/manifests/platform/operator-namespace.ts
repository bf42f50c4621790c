import type { Namespace, ServiceAccount } from 'kubernetes-types/core/v1.js';
import { OPERATOR, OPERATOR_NAMESPACE } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { POD_SECURITY_LABELS } from '../pod-security.js';
import { buildPlatformMeta, PLATFORM_LABELS } from './labels.js';

export const buildOperatorNamespace = (): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: OPERATOR_NAMESPACE, labels: { ...PLATFORM_LABELS, ...POD_SECURITY_LABELS } },
  }) satisfies Wire<Namespace>;

/** Its token goes into the operator's pods, which ask for it, and into no other that merely names this account. */
export const buildOperatorServiceAccount = (): K8sObject =>
  ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: buildPlatformMeta(OPERATOR.serviceAccount),
    automountServiceAccountToken: false,
  }) satisfies Wire<ServiceAccount>;
