/** Kinds in the order in which later ones need earlier ones; one row is applied at one time. */
const ROWS: readonly (readonly string[])[] = [
  ['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'StorageClass'],
  // Before anything that they limit or guard: a pod must not start while the door is still open.
  ['NetworkPolicy', 'ResourceQuota', 'LimitRange'],
  ['ServiceAccount', 'ClusterRole', 'Role', 'Secret', 'ConfigMap', 'PersistentVolume'],
  ['ClusterRoleBinding', 'RoleBinding', 'PersistentVolumeClaim'],
  ['Service', 'PodDisruptionBudget'],
  ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'],
];

const LAST = ROWS.length;
const rowOf = new Map(ROWS.flatMap((kinds, row) => kinds.map((kind) => [kind, row] as const)));

/** Kinds that nobody waits for (routes, autoscalers, our own, unknown ones) come last. */
export const applyRow = (kind: string): number => rowOf.get(kind) ?? LAST;

/** Rows of objects, first row first; within a row the given order. */
export const planRows = <T extends { readonly kind: string }>(objects: readonly T[]): readonly (readonly T[])[] => {
  const rows = Array.from({ length: LAST + 1 }, (): T[] => []);
  for (const object of objects) rows[applyRow(object.kind)]?.push(object);
  return rows.filter((row) => row.length > 0);
};
