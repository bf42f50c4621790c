import type { KubeClient, LiveObject, Resource } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';

export type ConfigKind = 'ConfigMap' | 'Secret';
export type ConfigData = ReadonlyMap<string, Buffer>;

/** Reads ConfigMaps and Secrets from the server, never from a cache: a pod must not start with values older than itself. */
export interface ConfigSource {
  read(kind: ConfigKind, namespace: string, name: string): Promise<ConfigData | undefined>;
}

export const CONFIG_RESOURCES: Readonly<Record<ConfigKind, Resource>> = {
  ConfigMap: RESOURCES.configMaps,
  Secret: RESOURCES.secrets,
};

export function createConfigSource(client: KubeClient, calls: AbortSignal): ConfigSource {
  return {
    async read(kind, namespace, name) {
      const object = await client.get({ resource: CONFIG_RESOURCES[kind], namespace, name }, calls);
      return object === undefined ? undefined : configData(object);
    },
  };
}

/** `data` of a ConfigMap is text, `data` of a Secret and `binaryData` are base64. */
export function configData(object: LiveObject): ConfigData {
  const entries = new Map<string, Buffer>();
  const encoding = object.kind === 'Secret' ? 'base64' : 'utf8';
  for (const [key, value] of textEntries(object.data)) entries.set(key, Buffer.from(value, encoding));
  for (const [key, value] of textEntries(object.binaryData)) entries.set(key, Buffer.from(value, 'base64'));
  return entries;
}

const textEntries = (value: unknown): readonly [string, string][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    : [];
