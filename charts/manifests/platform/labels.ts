import { OPERATOR, OPERATOR_NAMESPACE } from '../names.js';
import type { ObjectMeta } from '../object.js';

type Labels = Readonly<Record<string, string>>;

export const OPERATOR_SELECTOR: Labels = {
  'app.kubernetes.io/name': 'memplane',
  'app.kubernetes.io/instance': OPERATOR_NAMESPACE,
  'app.kubernetes.io/component': 'operator',
};

/** `managed-by` names who applies these: not the operator, which must not change its own rights. */
export const PLATFORM_LABELS: Labels = {
  ...OPERATOR_SELECTOR,
  'app.kubernetes.io/part-of': 'memplane',
  'app.kubernetes.io/managed-by': 'platform',
};

export const buildPlatformMeta = (name: string): ObjectMeta => ({
  name,
  namespace: OPERATOR_NAMESPACE,
  labels: PLATFORM_LABELS,
});

export const buildClusterMeta = (name: string): ObjectMeta => ({ name, labels: PLATFORM_LABELS });

/** ClusterRole, Role and their bindings have the name of what they are for. */
export const OPERATOR_ROLE = OPERATOR.deployment;
