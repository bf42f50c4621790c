import { Pool } from 'undici';
import { selects } from '../controllers/endpoint-slices.js';
import { isReady } from '../controllers/pod-state.js';
import { keyOf, type LivePod, type LiveService } from '../kinds.js';
import { readLocalPorts, resolvePort } from '../node/ports.js';
import type { Backend } from './route-table.js';

export interface Upstream {
  readonly origin: string;
  readonly pool: Pool;
  /** Requests under way. */
  load: number;
}

export interface UpstreamSource {
  service(key: string): LiveService | undefined;
  pods(): readonly LivePod[];
}

/** Sockets to one pod; more requests than that wait for a free one. */
const CONNECTIONS = 256;

/** The ready pods behind Services, each with its keep-alive connections and the number of requests it is working on. */
export class Upstreams {
  readonly #source: UpstreamSource;
  readonly #known = new Map<string, Upstream>();
  #origins = new Map<string, readonly string[]>();

  constructor(source: UpstreamSource) {
    this.#source = source;
  }

  /** Pods or Services have changed: looks them up again when next asked, and lets go of who is gone. */
  refresh(): void {
    this.#origins = new Map();
    const present = new Set(this.#source.pods().flatMap((pod) => Object.values(readLocalPorts(pod)).map(originOf)));
    for (const [origin, { pool }] of this.#known) {
      if (present.has(origin)) continue;
      this.#known.delete(origin);
      // Requests under way are answered first.
      pool.close().catch(() => pool.destroy());
    }
  }

  /** The ready pod with the fewest requests under way; `except` is one that has just refused. */
  pick(backends: readonly Backend[], except?: Upstream): Upstream | undefined {
    const candidates = backends
      .flatMap((backend) => this.#resolve(backend))
      .filter((origin) => origin !== except?.origin);
    let best: Upstream | undefined;
    for (const origin of candidates) {
      const upstream = this.#open(origin);
      if (best === undefined || upstream.load < best.load) best = upstream;
    }
    // Equal loads take turns: whoever was picked goes to the end.
    if (best !== undefined) this.#rotate(backends, best.origin);
    return best;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ pool }) => pool.destroy()));
    this.#known.clear();
  }

  #open(origin: string): Upstream {
    const known = this.#known.get(origin);
    if (known !== undefined) return known;
    // No time limits: a stream may be silent for long, and the pod's own server decides how long is too long.
    const pool = new Pool(origin, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
    const upstream: Upstream = { origin, pool, load: 0 };
    this.#known.set(origin, upstream);
    return upstream;
  }

  #resolve(backend: Backend): readonly string[] {
    const key = cacheKey(backend);
    const cached = this.#origins.get(key);
    if (cached !== undefined) return cached;
    const origins = this.#lookUp(backend);
    this.#origins.set(key, origins);
    return origins;
  }

  #rotate(backends: readonly Backend[], origin: string): void {
    for (const backend of backends) {
      const origins = this.#origins.get(cacheKey(backend)) ?? [];
      if (origins.length < 2 || !origins.includes(origin)) continue;
      this.#origins.set(cacheKey(backend), [...origins.filter((one) => one !== origin), origin]);
    }
  }

  #lookUp({ namespace, service: name, port }: Backend): readonly string[] {
    const service = this.#source.service(`${namespace}/${name}`);
    const wanted = service?.spec.ports?.find((one) => one.port === port || one.name === port);
    if (service === undefined || wanted === undefined) return [];
    return this.#source
      .pods()
      .filter((pod) => keyOf(pod).startsWith(`${namespace}/`) && selects(service, pod) && serves(pod))
      .flatMap((pod) => resolvePort(pod.spec, readLocalPorts(pod), wanted.targetPort ?? wanted.port) ?? [])
      .map(originOf);
  }
}

const originOf = (port: number): string => `http://127.0.0.1:${port}`;
const cacheKey = ({ namespace, service, port }: Backend): string => `${namespace}/${service}:${port}`;
const serves = (pod: LivePod): boolean => pod.metadata.deletionTimestamp === undefined && isReady(pod);
