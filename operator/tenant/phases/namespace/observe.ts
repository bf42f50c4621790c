import type { KubeClient, LiveObject, ObjectRef } from '../../../clients/kube.js';
import { RESOURCES } from '../../../clients/kube-resources.js';

export const namespaceRef = (name: string): ObjectRef => ({ resource: RESOURCES.namespaces, name });

export const observeNamespace = (kube: KubeClient, name: string): Promise<LiveObject | undefined> =>
  kube.get(namespaceRef(name));
