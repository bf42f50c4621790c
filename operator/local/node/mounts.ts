import { join } from 'node:path';
import type { Container } from 'kubernetes-types/core/v1.js';

/** Where a path inside the container really lies on this machine. */
export interface Mount {
  readonly mountPath: string;
  readonly hostPath: string;
}

/** Longest mount path first, so that a mount inside another one wins. */
export function resolveMounts(container: Container, volumePath: (volume: string) => string): readonly Mount[] {
  return (container.volumeMounts ?? [])
    .map((mount) => ({
      mountPath: mount.mountPath.length > 1 ? mount.mountPath.replace(/\/+$/, '') : mount.mountPath,
      hostPath: join(volumePath(mount.name), mount.subPath ?? ''),
    }))
    .sort((a, b) => b.mountPath.length - a.mountPath.length);
}

/** A process without a mount namespace finds its volumes where they are: a value that begins with a mount path is moved. */
export function rewritePath(value: string, mounts: readonly Mount[]): string {
  const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
  return mount === undefined ? value : `${mount.hostPath}${value.slice(mount.mountPath.length)}`;
}
