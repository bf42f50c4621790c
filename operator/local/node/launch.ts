import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Container } from 'kubernetes-types/core/v1.js';
import type { LivePod } from '../kinds.js';
import type { HostEnvironment } from './config.js';
import type { ConfigSource } from './config-source.js';
import { resolveEnvironment } from './environment.js';
import { expandReferences } from './expansion.js';
import { type ImageTable, resolveImage } from './images.js';
import { type Mount, resolveMounts, rewritePath } from './mounts.js';
import { type LocalPorts, resolvePort } from './ports.js';

/** Everything that one start of a container needs. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A path as the container writes it → where it lies on this machine. */
  rewrite(value: string): string;
  readonly resolvePort: (port: string | number) => number | undefined;
}

export interface LaunchInput {
  readonly pod: LivePod;
  readonly images: ImageTable;
  readonly source: ConfigSource;
  readonly ports: LocalPorts;
  readonly host: HostEnvironment;
  /** The kubeconfig that was made for the pod, if it gets one. */
  readonly kubeconfig: string | undefined;
  readonly volumePath: (name: string) => string;
  /** The pod's own directory. */
  readonly directory: string;
}

/** Throws `StartRefusal` when an image, a ConfigMap or a Secret is missing. */
export async function resolveLaunch(input: LaunchInput, container: Container): Promise<Launch> {
  const image = resolveImage(input.images, container.image ?? '');
  const mounts = resolveMounts(container, input.volumePath);
  const { pod, source, ports } = input;
  const base = {
    ...input.host,
    // A command that names `node` gets the Node.js that this agent runs on.
    PATH: `${dirname(process.execPath)}${delimiter}${input.host.PATH}`,
    ...image.env,
    ...(input.kubeconfig === undefined ? {} : { KUBECONFIG: input.kubeconfig }),
  };
  const env = await resolveEnvironment({ pod, container, source, ports, mounts, base });
  const rewrite = (value: string): string => rewritePath(value, mounts);
  const place = (parts: readonly string[] | undefined): readonly string[] =>
    (parts ?? []).map((part) => rewrite(expandReferences(part, env)));
  const command = container.command === undefined ? image.argv : place(container.command);
  return {
    argv: [...command, ...place(container.args)],
    env,
    cwd: await resolveWorkingDir(input, container, mounts, image.workingDir),
    rewrite,
    resolvePort: (port) => resolvePort(pod.spec, ports, port),
  };
}

/** The container's working directory if a volume holds it, else the image's, else one of its own. */
async function resolveWorkingDir(
  input: LaunchInput,
  container: Container,
  mounts: readonly Mount[],
  imageDir: string | undefined,
): Promise<string> {
  const wanted = container.workingDir ?? '';
  const placed = rewritePath(wanted, mounts);
  if (placed !== wanted) return placed;
  if (imageDir !== undefined) return imageDir;
  const own = join(input.directory, 'containers', container.name);
  await mkdir(own, { recursive: true, mode: 0o700 });
  return own;
}
