import { createServer } from 'node:net';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { type LivePod, LOCAL_PORTS_ANNOTATION } from '../kinds.js';

/** Container port name to the port it really has on 127.0.0.1. */
export type LocalPorts = Readonly<Record<string, number>>;

/** Below Linux' ephemeral range (32768…): a port chosen here is not taken by somebody's outgoing connection meanwhile. */
const RANGE = { first: 20_000, last: 32_767 } as const;
const ATTEMPTS = 200;

export class PortAllocator {
  readonly #taken = new Map<number, string>();

  /** One free port for each named container port of the pod; what its annotation recorded is kept where still free. */
  async allocate(pod: LivePod): Promise<LocalPorts> {
    const owner = pod.metadata.uid;
    const recorded = readLocalPorts(pod);
    const ports: Record<string, number> = {};
    for (const name of portNames(pod.spec)) ports[name] = await this.#take(owner, recorded[name]);
    return ports;
  }

  /** Another port in place of one that a stranger has. */
  async replace(owner: string, port: number): Promise<number> {
    const another = await this.#take(owner, undefined);
    this.#taken.delete(port);
    return another;
  }

  release(owner: string): void {
    for (const [port, holder] of this.#taken) if (holder === owner) this.#taken.delete(port);
  }

  async #take(owner: string, preferred: number | undefined): Promise<number> {
    if (preferred !== undefined && (await this.#claim(preferred, owner))) return preferred;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const port = RANGE.first + Math.floor(Math.random() * (RANGE.last - RANGE.first + 1));
      if (await this.#claim(port, owner)) return port;
    }
    throw new Error(`no free port found between ${RANGE.first} and ${RANGE.last}: end processes that hold them`);
  }

  async #claim(port: number, owner: string): Promise<boolean> {
    if (this.#taken.has(port)) return false;
    this.#taken.set(port, owner);
    const free = await isFree(port);
    if (!free) this.#taken.delete(port);
    return free;
  }
}

export function readLocalPorts(pod: LivePod): LocalPorts {
  const text = pod.metadata.annotations?.[LOCAL_PORTS_ANNOTATION];
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const entries = Object.entries(parsed).filter((entry): entry is [string, number] => Number.isInteger(entry[1]));
    return Object.fromEntries(entries);
  } catch {
    // Anybody may edit an annotation: an unreadable one records nothing.
    return {};
  }
}

/** A Service's or a probe's port, by name or number, as the pod really serves it. */
export function resolvePort(spec: PodSpec, ports: LocalPorts, port: string | number): number | undefined {
  if (typeof port === 'string' && ports[port] !== undefined) return ports[port];
  const declared = containersOf(spec)
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === port || candidate.containerPort === Number(port));
  if (declared?.name !== undefined && ports[declared.name] !== undefined) return ports[declared.name];
  if (declared !== undefined) return declared.containerPort;
  return typeof port === 'number' ? port : undefined;
}

const containersOf = (spec: PodSpec): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers];

const portNames = (spec: PodSpec): readonly string[] => [
  ...new Set(containersOf(spec).flatMap((container) => (container.ports ?? []).flatMap((port) => port.name ?? []))),
];

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
