import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from 'kubernetes-types/core/v1.js';
import type { LivePod } from '../kinds.js';
import { writeAtomicDirectory } from './atomic-directory.js';
import type { ConfigKind } from './config-source.js';
import { StartRefusal } from './refusal.js';
import { resolveVolumeFiles, type VolumeInput } from './volume-files.js';

/** A pod's volumes, each a directory under the pod's own. */
export class PodVolumes {
  readonly #directory: string;
  readonly #input: VolumeInput;
  #renewAt = Number.POSITIVE_INFINITY;

  constructor(directory: string, input: VolumeInput) {
    this.#directory = directory;
    this.#input = input;
  }

  /** Brings every volume up to date. Content that has not changed is left alone, emptyDirs are only created. */
  async apply(): Promise<void> {
    let renewAt = Number.POSITIVE_INFINITY;
    for (const volume of this.#input.pod.spec.volumes ?? []) {
      const content = await resolveVolumeFiles(this.#input, volume);
      const path = this.path(volume.name);
      if (content !== undefined) {
        await writeAtomicDirectory(path, content.files);
        renewAt = Math.min(renewAt, content.renewAt);
      } else if (volume.emptyDir !== undefined) await mkdir(path, { recursive: true, mode: 0o700 });
      else if (volume.hostPath === undefined) throw unsupported(volume);
    }
    this.#renewAt = renewAt;
  }

  /** Milliseconds until a token in a volume should be renewed; undefined when none expires. */
  renewInMs(): number | undefined {
    return Number.isFinite(this.#renewAt) ? Math.max(0, this.#renewAt - Date.now()) : undefined;
  }

  path(name: string): string {
    const volume = this.#input.pod.spec.volumes?.find((candidate) => candidate.name === name);
    return volume?.hostPath?.path ?? join(this.#directory, name);
  }
}

/** Whether a change of this ConfigMap or Secret reaches one of the pod's volumes. */
export function mountsConfig(pod: LivePod, kind: ConfigKind, name: string): boolean {
  return (pod.spec.volumes ?? []).some((volume) => {
    const projected = volume.projected?.sources ?? [];
    return kind === 'ConfigMap'
      ? volume.configMap?.name === name || projected.some((source) => source.configMap?.name === name)
      : volume.secret?.secretName === name || projected.some((source) => source.secret?.name === name);
  });
}

function unsupported(volume: Volume): StartRefusal {
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'nothing';
  return new StartRefusal(
    'ContainerCreating',
    `volume "${volume.name}" is a ${kind}, which this node cannot mount: use configMap, secret, emptyDir, hostPath, projected or downwardAPI`,
  );
}
