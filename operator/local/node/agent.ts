import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type KubeClient, KubeError, type LiveObject } from '../../clients/kube.js';
import { createKubeClient } from '../../clients/kube-http.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { type Log, silentLog } from '../../runtime/log.js';
import { createReflector, type Reflector } from '../../runtime/watch.js';
import { type LivePod, namespaceOf } from '../kinds.js';
import { lockDataDir } from './agent-lock.js';
import { readHostEnvironment } from './config.js';
import { CONFIG_RESOURCES, type ConfigKind, createConfigSource } from './config-source.js';
import type { RestartOptions } from './container.js';
import type { ImageTable } from './images.js';
import { readApiServerAddress } from './kubeconfig.js';
import { type KubeletApi, startKubeletApi } from './kubelet-api.js';
import type { NodeContext } from './node-context.js';
import { keepLease, markNodeStopped, registerNode } from './node-object.js';
import { PodDirectory } from './pod-directory.js';
import { type PodLogOptions, parseLogQuery, streamRunLog } from './pod-logs.js';
import { PortAllocator } from './ports.js';
import { ProcessTable } from './processes.js';
import { removePodDirectory } from './sandbox.js';

export interface NodeAgentOptions {
  /** @default one made from `kubeconfig` */
  readonly client?: KubeClient;
  /** Path; also tells the pods that get a token where the API server is. Without it they get no `KUBECONFIG`. */
  readonly kubeconfig?: string;
  /** Pods, logs and the records of processes; one agent a directory. */
  readonly dataDir: string;
  readonly images: ImageTable;
  /** @default local */
  readonly nodeName?: string;
  /** @default silent */
  readonly log?: Log;
  /** Renew a Lease, which the controllers of a real cluster ask for. @default false: no writes at rest */
  readonly lease?: boolean;
  /** Serve logs to a real kube-apiserver on a port of 127.0.0.1. @default false */
  readonly kubeletApi?: boolean;
  readonly restart?: Partial<RestartOptions>;
}

export interface StopOptions {
  /** Longest time that a pod gets to end, whatever its own grace says. @default 10 s */
  readonly graceMs?: number;
}

export interface NodeAgent {
  readonly nodeName: string;
  /** Throws `KubeError` (404, 400) as the API server answers it. */
  podLogs(namespace: string, pod: string, options?: PodLogOptions): AsyncIterable<string>;
  /** The same for the embedded API server's `registerPodLogs`: undefined where there is no log. */
  readonly servePodLogs: (namespace: string, pod: string, query: URLSearchParams) => Readable | undefined;
  /** Ends every process that the agent has started. Pods stay in the API; the next agent goes on with them. */
  stop(options?: StopOptions): Promise<void>;
}

/** A crash loop slows down to one start in 30 s; a run of 10 s forgives it. */
const RESTART: RestartOptions = { initialMs: 10, maxMs: 30_000, resetAfterMs: 10_000 };
const STOP_GRACE_MS = 10_000;
const FIELD_MANAGER = 'memplane-node-agent';
const DEFAULT_NODE_NAME = 'local';

/** Runs pods on this machine as plain processes: registers a node, takes every pod that waits for one, keeps its status. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const unlock = lockDataDir(options.dataDir);
  try {
    return buildAgent(await bringUp(options, unlock));
  } catch (error) {
    unlock();
    throw error;
  }
}

async function bringUp(options: NodeAgentOptions, unlock: () => void): Promise<AgentParts> {
  const stopping = new AbortController();
  const calls = new AbortController();
  const context = await buildContext(options, calls.signal);
  const { log, client, nodeName, processes } = context;
  const leftovers = await processes.endLeftovers();
  if (leftovers > 0) log.warn({ processes: leftovers }, 'ended processes that an earlier agent had left running');
  const pods = new PodDirectory(context, stopping.signal);
  const podLogs: ReadPodLogs = (namespace, pod, query = {}) => readPodLogs(pods, namespace, pod, query);
  const kubelet = options.kubeletApi === true ? await startKubeletApi(podLogs) : undefined;
  try {
    await registerNode(client, nodeName, { kubeletPort: kubelet?.port });
  } catch (error) {
    await kubelet?.stop();
    throw error;
  }
  const reflectors = follow(context, pods);
  const lease = options.lease === true ? keepLease(client, nodeName, log, stopping.signal) : Promise.resolve();
  const close = options.client === undefined ? client.close : () => Promise.resolve();
  const parts = { context, pods, podLogs, reflectors, kubelet, lease, close, unlock, stopping, calls };
  try {
    await Promise.all(reflectors.map((reflector) => reflector.synced()));
    await removeStrangers(context, pods);
    return parts;
  } catch (error) {
    // Pods run by now.
    await stopAgent(parts, STOP_GRACE_MS);
    throw error;
  }
}

function buildAgent(parts: AgentParts): NodeAgent {
  const { context, podLogs } = parts;
  let stopped: Promise<void> | undefined;
  return {
    nodeName: context.nodeName,
    podLogs,
    servePodLogs: (namespace, pod, query) => openLogStream(podLogs, namespace, pod, query),
    stop: ({ graceMs = STOP_GRACE_MS } = {}) => {
      stopped ??= stopAgent(parts, graceMs);
      return stopped;
    },
  };
}

async function buildContext(options: NodeAgentOptions, calls: AbortSignal): Promise<NodeContext> {
  const { kubeconfig, dataDir, images } = options;
  if (options.client === undefined && kubeconfig === undefined) {
    throw new Error('startNodeAgent needs a client or the path of a kubeconfig: give one of them');
  }
  const client =
    options.client ?? (await createKubeClient({ kubeconfigPath: kubeconfig, fieldManager: FIELD_MANAGER }));
  return {
    client,
    dataDir,
    images,
    nodeName: options.nodeName ?? DEFAULT_NODE_NAME,
    host: readHostEnvironment(),
    source: createConfigSource(client, calls),
    calls,
    processes: new ProcessTable(join(dataDir, 'processes')),
    ports: new PortAllocator(),
    restart: { ...RESTART, ...options.restart },
    apiServer: kubeconfig === undefined ? undefined : readApiServerAddress(kubeconfig),
    log: options.log ?? silentLog,
  };
}

type Stoppable = Pick<Reflector<LiveObject>, 'synced' | 'stop'>;

function follow({ client, log }: NodeContext, pods: PodDirectory): readonly Stoppable[] {
  const podReflector = createReflector<LivePod>({ client, resource: RESOURCES.pods, log });
  podReflector.onChange((change) => pods.apply(change));
  const kinds: readonly ConfigKind[] = ['ConfigMap', 'Secret'];
  const configReflectors = kinds.map((kind) => {
    // Only that something changed matters; the values are read when a pod needs them, and not kept.
    const trim = ({ apiVersion, kind: own, metadata }: LiveObject): LiveObject => ({ apiVersion, kind: own, metadata });
    const reflector = createReflector({ client, resource: CONFIG_RESOURCES[kind], log, trim });
    reflector.onChange(({ object }) => pods.configChanged(kind, namespaceOf(object), object.metadata.name));
    return reflector;
  });
  // Configuration first: the change that a new pod waits for is then never missed.
  const all = [...configReflectors, podReflector];
  for (const reflector of all) reflector.start();
  return all;
}

/**
 * Directories of pods that were deleted while no agent ran. Pods come and go meanwhile, so each is asked for when its
 * turn comes; a directory that stays, because a process that was just killed still writes there, is the next start's.
 */
async function removeStrangers({ dataDir, log }: NodeContext, pods: PodDirectory): Promise<void> {
  const directory = join(dataDir, 'pods');
  for (const uid of await readdir(directory).catch(() => [])) {
    if (pods.holds(uid)) continue;
    await removePodDirectory(join(directory, uid)).catch((err: unknown) => {
      log.warn({ err, uid }, 'the directory of a pod that is gone was not removed');
    });
  }
}

interface AgentParts {
  readonly context: NodeContext;
  readonly pods: PodDirectory;
  readonly podLogs: ReadPodLogs;
  readonly reflectors: readonly Stoppable[];
  readonly kubelet: KubeletApi | undefined;
  readonly lease: Promise<void>;
  readonly close: () => Promise<void>;
  readonly unlock: () => void;
  readonly stopping: AbortController;
  readonly calls: AbortController;
}

async function stopAgent(parts: AgentParts, graceMs: number): Promise<void> {
  const { context, pods, reflectors, kubelet, lease, close, unlock, stopping, calls } = parts;
  stopping.abort();
  await Promise.all(reflectors.map((reflector) => reflector.stop()));
  const ended = pods.shutdown(graceMs);
  // From here on nobody waits for an answer any more.
  calls.abort();
  await ended;
  await context.processes.endAll();
  await Promise.all([kubelet?.stop(), lease]);
  await markNodeStopped(context.client, context.nodeName).catch((err: unknown) => {
    context.log.debug({ err }, 'the server was gone before the node could be marked as stopped');
  });
  await close();
  unlock();
}

function readPodLogs(
  pods: PodDirectory,
  namespace: string,
  name: string,
  options: PodLogOptions,
): AsyncIterable<string> {
  const worker = pods.find(namespace, name);
  if (worker === undefined) {
    throw new KubeError({ status: 404, reason: 'NotFound', message: `pods "${name}" not found on this node` });
  }
  const container = options.container ?? worker.containerNames.at(-1);
  if (container !== undefined && !worker.containerNames.includes(container)) {
    const message = `container ${container} is not valid for pod ${name}: use one of ${worker.containerNames.join(', ')}`;
    throw new KubeError({ status: 400, reason: 'BadRequest', message });
  }
  const run = worker.runLog(options.container, options.previous === true);
  if (run === undefined || !existsSync(run.path)) {
    const what = options.previous === true ? 'has no previous run' : 'is waiting to start';
    throw new KubeError({
      status: 400,
      reason: 'BadRequest',
      message: `container "${container ?? ''}" in pod "${name}" ${what}`,
    });
  }
  return streamRunLog(run, options);
}

type ReadPodLogs = NodeAgent['podLogs'];

function openLogStream(
  podLogs: ReadPodLogs,
  namespace: string,
  pod: string,
  query: URLSearchParams,
): Readable | undefined {
  const gone = new AbortController();
  try {
    const stream = Readable.from(podLogs(namespace, pod, { ...parseLogQuery(query), signal: gone.signal }));
    // A reader that goes away while nothing is written would otherwise be waited for until the next line.
    stream.once('close', () => gone.abort());
    return stream;
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
