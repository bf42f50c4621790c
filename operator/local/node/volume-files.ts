import type { KeyToPath, ProjectedVolumeSource, Volume } from 'kubernetes-types/core/v1.js';
import { type LivePod, namespaceOf } from '../kinds.js';
import type { ConfigKind, ConfigSource } from './config-source.js';
import { resolveFieldRef } from './field-ref.js';
import { StartRefusal } from './refusal.js';
import type { ServiceAccountToken, TokenRequestOptions } from './token.js';

export interface VolumeInput {
  readonly pod: LivePod;
  readonly source: ConfigSource;
  readonly requestToken: (options: TokenRequestOptions) => Promise<ServiceAccountToken>;
}

export interface VolumeFiles {
  readonly files: ReadonlyMap<string, Buffer>;
  /** When a token in it should be renewed, in milliseconds of the epoch; Infinity when nothing in it expires. */
  readonly renewAt: number;
}

const DEFAULT_TOKEN_SECONDS = 3600;
/** The kubelet renews at 80 % of a token's life. */
const RENEW_FRACTION = 0.8;

/** The files of a volume that is made of API objects; undefined for one that is a plain directory. */
export async function resolveVolumeFiles(input: VolumeInput, volume: Volume): Promise<VolumeFiles | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return durable(
      await readItems(input, {
        kind: 'ConfigMap',
        name: configMap.name,
        items: configMap.items,
        optional: configMap.optional,
      }),
    );
  }
  if (secret !== undefined) {
    return durable(
      await readItems(input, {
        kind: 'Secret',
        name: secret.secretName,
        items: secret.items,
        optional: secret.optional,
      }),
    );
  }
  if (downwardAPI !== undefined) return durable(downwardFiles(input.pod, downwardAPI.items ?? []));
  if (projected !== undefined) return readProjected(input, projected);
  return undefined;
}

const durable = (files: ReadonlyMap<string, Buffer>): VolumeFiles => ({ files, renewAt: Number.POSITIVE_INFINITY });

interface ConfigItems {
  readonly kind: ConfigKind;
  readonly name: string | undefined;
  readonly items: readonly KeyToPath[] | undefined;
  readonly optional: boolean | undefined;
}

async function readItems(input: VolumeInput, wanted: ConfigItems): Promise<ReadonlyMap<string, Buffer>> {
  const name = wanted.name ?? '';
  const data = await input.source.read(wanted.kind, namespaceOf(input.pod), name);
  if (data === undefined) {
    if (wanted.optional === true) return new Map();
    throw new StartRefusal(
      'ContainerCreating',
      `MountVolume.SetUp failed: ${wanted.kind.toLowerCase()} "${name}" not found`,
    );
  }
  if (wanted.items === undefined) return data;
  const files = new Map<string, Buffer>();
  for (const { key, path } of wanted.items) {
    const value = data.get(key);
    if (value !== undefined) files.set(path, value);
    else if (wanted.optional !== true) {
      throw new StartRefusal(
        'ContainerCreating',
        `MountVolume.SetUp failed: ${wanted.kind} "${name}" has no key "${key}"`,
      );
    }
  }
  return files;
}

interface DownwardItem {
  readonly path: string;
  readonly fieldRef?: { readonly fieldPath: string };
}

const downwardFiles = (pod: LivePod, items: readonly DownwardItem[]): ReadonlyMap<string, Buffer> =>
  new Map(items.map(({ path, fieldRef }) => [path, Buffer.from(resolveFieldRef(pod, fieldRef?.fieldPath ?? ''))]));

async function readProjected(input: VolumeInput, projected: ProjectedVolumeSource): Promise<VolumeFiles> {
  const files = new Map<string, Buffer>();
  let renewAt = Number.POSITIVE_INFINITY;
  const add = (more: ReadonlyMap<string, Buffer>): void => {
    for (const [path, content] of more) files.set(path, content);
  };
  for (const { configMap, secret, downwardAPI, serviceAccountToken } of projected.sources ?? []) {
    if (configMap !== undefined) add(await readItems(input, projectedItems('ConfigMap', configMap)));
    if (secret !== undefined) add(await readItems(input, projectedItems('Secret', secret)));
    if (downwardAPI !== undefined) add(downwardFiles(input.pod, downwardAPI.items ?? []));
    if (serviceAccountToken !== undefined) {
      const expirationSeconds = serviceAccountToken.expirationSeconds ?? DEFAULT_TOKEN_SECONDS;
      const { token, expiresAt } = await input.requestToken({
        audience: serviceAccountToken.audience,
        expirationSeconds,
      });
      files.set(serviceAccountToken.path, Buffer.from(token));
      renewAt = Math.min(renewAt, Date.now() + (expiresAt - Date.now()) * RENEW_FRACTION);
    }
  }
  return { files, renewAt };
}

interface ProjectedSource {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

const projectedItems = (kind: ConfigKind, source: ProjectedSource): ConfigItems => ({
  kind,
  name: source.name,
  items: source.items,
  optional: source.optional,
});
