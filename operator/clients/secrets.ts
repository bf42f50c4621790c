import type { KubeClient, LiveObject } from './kube.js';
import { RESOURCES } from './kube-resources.js';

export interface SecretView {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

interface SecretObject extends LiveObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Secrets are read one by one and never watched: the operator holds no list of anybody's secrets. */
export async function readSecret(kube: KubeClient, namespace: string, name: string): Promise<SecretView | undefined> {
  const secret = await kube.get<SecretObject>({ resource: RESOURCES.secrets, namespace, name });
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return undefined;
  const { uid, resourceVersion } = secret.metadata;
  return { uid, resourceVersion, data: secret.data ?? {} };
}

export function decodeSecret(secret: SecretView, key: string): string | undefined {
  const value = secret.data[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}
