import type { IncomingMessage, ServerResponse } from 'node:http';
import { type KubeClient, KubeError, type LiveObject, type Resource } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { type Log, silentLog } from '../../runtime/log.js';
import { createReflector, type Reflector } from '../../runtime/watch.js';
import type { LivePod, LiveService } from '../kinds.js';
import { type Endpoints, EndpointsFile } from './endpoints-file.js';
import { type Listener, listen } from './listener.js';
import { sendProblem } from './problem.js';
import { forward } from './proxy.js';
import {
  buildSites,
  findRule,
  findSite,
  hostOf,
  type LiveHttpRoute,
  type LiveIngress,
  type Site,
} from './route-table.js';
import { Upstreams } from './upstreams.js';

export interface RouterOptions {
  readonly client: KubeClient;
  /** Of the one address that routes by host name. @default a free one */
  readonly port?: number;
  /** Kept up to date with `endpoints()`, removed on `stop`. @default none */
  readonly endpointsFile?: string;
  /** @default silent */
  readonly log?: Log;
}

export interface Router {
  readonly port: number;
  readonly url: string;
  endpoints(): Endpoints;
  stop(): Promise<void>;
}

/** Routes `http://<tenant>.localhost:<port>` and a plain port for each tenant to the ready pods of this machine. */
export async function startRouter(options: RouterOptions): Promise<Router> {
  const { client, log = silentLog } = options;
  const state = new RoutingState(options, await observeSources(client, log));
  await state.start();
  const main = await listen(state.handleByHost, options.port ?? 0).catch(async (error: unknown) => {
    await state.stop();
    throw error;
  });
  state.open(main.port);
  let stopped: Promise<void> | undefined;
  return {
    port: main.port,
    url: `http://localhost:${main.port}`,
    endpoints: () => state.endpoints(),
    stop: () => {
      stopped ??= Promise.all([main.close(), state.stop()]).then(() => undefined);
      return stopped;
    },
  };
}

interface Sources {
  readonly routes: Reflector<LiveHttpRoute> | undefined;
  readonly ingresses: Reflector<LiveIngress>;
  readonly services: Reflector<LiveService>;
  readonly pods: Reflector<LivePod>;
}

async function observeSources(client: KubeClient, log: Log): Promise<Sources> {
  const reflect = <T extends LiveObject>(resource: Resource): Reflector<T> =>
    createReflector<T>({ client, resource, log });
  return {
    routes: (await isServed(client, RESOURCES.httpRoutes)) ? reflect(RESOURCES.httpRoutes) : undefined,
    ingresses: reflect(RESOURCES.ingresses),
    services: reflect<LiveService>(RESOURCES.services),
    pods: reflect<LivePod>(RESOURCES.pods),
  };
}

/** A cluster need not have the Gateway API: then Ingresses alone say where tenants answer. */
async function isServed(client: KubeClient, resource: Resource): Promise<boolean> {
  try {
    await client.list(resource);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}

/** Follows the cluster: which tenants there are, where their pods are, and one direct listener for each tenant. */
class RoutingState {
  readonly #sources: Sources;
  readonly #upstreams: Upstreams;
  readonly #file: EndpointsFile;
  readonly #log: Log;
  readonly #direct = new Map<string, Listener>();
  #sites: readonly Site[] = [];
  #port: number | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor({ endpointsFile, log = silentLog }: RouterOptions, sources: Sources) {
    this.#sources = sources;
    this.#log = log;
    this.#file = new EndpointsFile(endpointsFile);
    this.#upstreams = new Upstreams({ service: (key) => sources.services.get(key), pods: () => sources.pods.list() });
  }

  async start(): Promise<void> {
    const { routes, ingresses, services, pods } = this.#sources;
    routes?.onChange(() => this.#routesChanged());
    ingresses.onChange(() => this.#routesChanged());
    for (const reflector of [services, pods]) reflector.onChange(() => this.#upstreams.refresh());
    for (const reflector of this.#reflectors()) reflector.start();
    await Promise.all(this.#reflectors().map((reflector) => reflector.synced()));
  }

  /** The main port is known: from now on endpoints are complete. */
  open(port: number): void {
    this.#port = port;
    this.#routesChanged();
  }

  readonly handleByHost = (request: IncomingMessage, response: ServerResponse): void => {
    const host = hostOf(request.headers.host);
    const site = findSite(this.#sites, host);
    if (site !== undefined) {
      this.#handle(site, request, response);
      return;
    }
    const hosts = this.#sites.flatMap((one) => one.hosts).sort();
    const detail = `no tenant answers at "${host}"; known hosts: ${hosts.join(', ') || 'none yet'}`;
    sendProblem(response, { status: 404, title: 'Not Found', detail, hosts });
  };

  endpoints(): Endpoints {
    const entries = this.#sites.flatMap(({ tenant, namespace }) => {
      const direct = this.#direct.get(tenant);
      if (direct === undefined || this.#port === undefined) return [];
      const url = `http://${tenant}.localhost:${this.#port}`;
      return [[tenant, { url, direct: `http://127.0.0.1:${direct.port}`, namespace }] as const];
    });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#reflectors().map((reflector) => reflector.stop()));
    await this.#work;
    await Promise.all([...this.#direct.values()].map((listener) => listener.close()));
    await this.#upstreams.close();
    this.#file.remove();
  }

  #reflectors(): readonly Pick<Reflector<LiveObject>, 'start' | 'stop' | 'synced'>[] {
    const { routes, ...others } = this.#sources;
    return [...(routes === undefined ? [] : [routes]), ...Object.values(others)];
  }

  #handle(site: Site, request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const rule = findRule(site, path);
    if (rule === undefined) {
      const detail = `tenant ${site.tenant} has no route for ${path}; known paths: ${site.rules.map((one) => one.path).join(', ')}`;
      sendProblem(response, { status: 404, title: 'Not Found', detail });
      return;
    }
    forward(this.#upstreams, rule.backends, request, response).catch((err: unknown) => {
      this.#log.error({ err, tenant: site.tenant, path }, 'request not forwarded');
      response.destroy();
    });
  }

  /** Serialised: a listener is opened or closed before the next change is looked at. */
  #routesChanged(): void {
    this.#sites = buildSites(this.#sources.routes?.list() ?? [], this.#sources.ingresses.list());
    if (this.#port === undefined) return;
    this.#work = this.#work
      .then(() => this.#applyListeners())
      .catch((err: unknown) => {
        this.#log.error({ err }, 'direct ports not opened');
      });
  }

  async #applyListeners(): Promise<void> {
    if (this.#stopped) return;
    const tenants = new Set(this.#sites.map((site) => site.tenant));
    for (const [tenant, listener] of this.#direct) {
      if (tenants.has(tenant)) continue;
      this.#direct.delete(tenant);
      await listener.close();
    }
    for (const tenant of tenants) {
      if (!this.#direct.has(tenant)) this.#direct.set(tenant, await listen(this.#handleDirect(tenant)));
    }
    this.#file.write(this.endpoints());
  }

  #handleDirect(tenant: string) {
    return (request: IncomingMessage, response: ServerResponse): void => {
      const site = this.#sites.find((one) => one.tenant === tenant);
      if (site !== undefined) this.#handle(site, request, response);
      else sendProblem(response, { status: 404, title: 'Not Found', detail: `tenant ${tenant} has no route any more` });
    };
  }
}
