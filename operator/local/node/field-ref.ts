import type { LivePod } from '../kinds.js';
import { StartRefusal } from './refusal.js';

/** Every pod of this machine answers here. */
export const POD_IP = '127.0.0.1';

const KEYED = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** The downward API's field paths. */
export function resolveFieldRef(pod: LivePod, fieldPath: string): string {
  const keyed = KEYED.exec(fieldPath);
  if (keyed?.[1] === 'labels') return pod.metadata.labels?.[keyed[2] ?? ''] ?? '';
  if (keyed?.[1] === 'annotations') return pod.metadata.annotations?.[keyed[2] ?? ''] ?? '';
  const value = plainFields(pod)[fieldPath];
  if (value !== undefined) return value;
  throw new StartRefusal(
    'CreateContainerConfigError',
    `fieldRef "${fieldPath}" is not a field of a pod that this node knows: use one of ${Object.keys(plainFields(pod)).join(', ')}`,
  );
}

const plainFields = (pod: LivePod): Readonly<Record<string, string>> => ({
  'metadata.name': pod.metadata.name,
  'metadata.namespace': pod.metadata.namespace ?? '',
  'metadata.uid': pod.metadata.uid,
  'metadata.labels': asLines(pod.metadata.labels),
  'metadata.annotations': asLines(pod.metadata.annotations),
  'spec.nodeName': pod.spec.nodeName ?? '',
  'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
  'status.podIP': POD_IP,
  'status.podIPs': POD_IP,
  'status.hostIP': POD_IP,
});

const asLines = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join('\n');
