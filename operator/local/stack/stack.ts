import { join } from 'node:path';
import { createKubeClient, type KubeHttpClient } from '../../clients/kube-http.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { Log } from '../../runtime/log.js';
import { type ApiServer, startApiServer } from '../api-server/index.js';
import { startCoreControllers } from '../controllers/core.js';
import { startWorkloadControllers } from '../controllers/workloads.js';
import { type NodeAgent, startNodeAgent } from '../node/agent.js';
import type { ImageTable } from '../node/images.js';
import { freeOrAny } from '../postgres/free-port.js';
import { type LocalPostgres, startPostgres } from '../postgres/server.js';
import { type Router, startRouter } from '../router/router.js';
import { UnusableState } from '../unusable-state.js';
import { writeWholeFile } from '../whole-file.js';
import { localImages } from './images.js';
import { endLeftovers } from './leftovers.js';
import { buildLocalPlane, prepareStores } from './plane.js';
import { installPlatform } from './platform.js';
import { isPortTaken, onPort, preferredPorts, type StackPorts } from './ports.js';
import { type Progress, silentProgress } from './progress.js';
import { Running } from './running.js';
import { requireWholeState } from './whole-state.js';

export interface StackOptions {
  /** Everything that outlives a stop: cluster, database, keys, logs. */
  readonly folder: string;
  /** @default an embedded cluster; else another one's kubeconfig, which gets a node agent when it has no node */
  readonly kubeconfig?: string | undefined;
  readonly images?: ImageTable | undefined;
  readonly version: string;
  /** @default true; without, the caller runs the operator itself */
  readonly operator?: boolean | undefined;
  readonly log: Log;
  readonly progress?: Progress | undefined;
  /** Ends the start: what runs by then is stopped, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

export interface Stack {
  readonly kube: KubeHttpClient;
  readonly kubeconfigPath: string;
  readonly postgres: LocalPostgres;
  readonly router: Router;
  readonly version: string;
  /** Every API call that the embedded server answered; undefined on another cluster. */
  readonly apiServer: ApiServer | undefined;
  stop(): Promise<void>;
}

const FIELD_MANAGER = 'memplane-local';

/** A whole plane on one machine: stores, cluster, platform. What an earlier run left in the folder is used again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const running = new Running(options.signal);
  try {
    return await launch(options, running);
  } catch (error) {
    await running.stop().catch((err: unknown) => options.log.error({ err }, 'cleaning up after a failed start'));
    throw error;
  }
}

async function launch(options: StackOptions, running: Running): Promise<Stack> {
  const { folder, version, log, progress = silentProgress, signal } = options;
  requireWholeState(folder);
  await endLeftovers(folder);
  const ports = await preferredPorts(folder);
  const postgres = await progress.step(
    'Postgres',
    () => running.add(startPostgres(join(folder, 'postgres'), ports.postgres, signal), (server) => server.stop()),
    (server) => `${server.version} on ${server.host}:${server.port}`,
  );
  const cluster = await progress.step(
    'API server',
    () => openCluster(options, ports, running),
    ({ kube, apiServer }) => `${apiServer === undefined ? 'another cluster' : 'embedded'} at ${kube.server.origin}`,
  );
  const { kube, kubeconfigPath, apiServer } = cluster;
  await progress.step(
    'node',
    () => startNode(options, cluster, running),
    (node) => (node === undefined ? "the cluster's own" : `${node.nodeName}: pods run as processes`),
  );
  const router = await progress.step(
    'router',
    () => running.add(openRouter(folder, kube, ports, log), (started) => started.stop()),
    ({ port }) =>
      `http://<tenant>.localhost:${port}${port === ports.wished.router ? '' : ` (${ports.wished.router} is taken)`}`,
  );
  ports.remember({ postgres: postgres.port, apiServer: Number(kube.server.port), router: router.port });
  prepareStores(folder);
  const plane = buildLocalPlane({ folder, postgres, routerPort: router.port, version });
  await progress.step(
    'platform',
    () => installPlatform(kube, plane, { version, operator: options.operator ?? true, signal }),
    (count) => `${count} objects applied`,
  );
  return { kube, kubeconfigPath, postgres, router, version, apiServer, stop: () => running.stop() };
}

const openRouter = (folder: string, client: KubeHttpClient, ports: StackPorts, log: Log): Promise<Router> =>
  onPort(ports.router, (port) => startRouter({ client, port, endpointsFile: join(folder, 'endpoints.json'), log }));

interface Cluster {
  readonly kube: KubeHttpClient;
  readonly kubeconfigPath: string;
  readonly apiServer: ApiServer | undefined;
}

async function openCluster(
  { folder, kubeconfig, log }: StackOptions,
  ports: StackPorts,
  running: Running,
): Promise<Cluster> {
  const connect = (path: string): Promise<KubeHttpClient> =>
    running.add(createKubeClient({ kubeconfigPath: path, fieldManager: FIELD_MANAGER }), (client) => client.close());
  if (kubeconfig !== undefined)
    return { kube: await connect(kubeconfig), kubeconfigPath: kubeconfig, apiServer: undefined };
  const apiServer = await running.add(openApiServer(folder, ports, log), (server) => server.stop());
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeWholeFile(kubeconfigPath, apiServer.kubeconfig, 0o600);
  const kube = await connect(kubeconfigPath);
  await running.add(startCoreControllers(apiServer), (controllers) => controllers.stop());
  await running.add(startWorkloadControllers({ client: kube, log }), (controllers) => controllers.stop());
  return { kube, kubeconfigPath, apiServer };
}

async function openApiServer(folder: string, ports: StackPorts, log: Log): Promise<ApiServer> {
  const dataDir = join(folder, 'cluster');
  const onError = (err: unknown): void => log.error({ err }, 'the API server failed at a request');
  // Asked again, because starting Postgres has taken a while.
  const port = await freeOrAny(ports.apiServer);
  try {
    return await onPort(port, (at) => startApiServer({ dataDir, port: at, onError }));
  } catch (error) {
    throw isPortTaken(error) ? error : new UnusableState(dataDir, error);
  }
}

/** A cluster that has a node already runs its pods itself. */
async function startNode(
  { folder, images, log }: StackOptions,
  { kube, kubeconfigPath, apiServer }: Cluster,
  running: Running,
): Promise<NodeAgent | undefined> {
  if (apiServer === undefined && (await hasForeignNode(kube))) return undefined;
  const agent = await running.add(
    startNodeAgent({
      kubeconfig: kubeconfigPath,
      dataDir: join(folder, 'node'),
      images: images ?? localImages(),
      nodeName: NODE_NAME,
      lease: apiServer === undefined,
      kubeletApi: apiServer === undefined,
      log,
    }),
    (node) => node.stop(),
  );
  apiServer?.registerPodLogs(agent.servePodLogs);
  return agent;
}

const NODE_NAME = 'local';

async function hasForeignNode(kube: KubeHttpClient): Promise<boolean> {
  const { items } = await kube.list(RESOURCES.nodes);
  return items.some(({ metadata }) => metadata.name !== NODE_NAME);
}
