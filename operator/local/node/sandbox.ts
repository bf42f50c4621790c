import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from 'kubernetes-types/core/v1.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { type LivePod, LOCAL_PORTS_ANNOTATION, namespaceOf } from '../kinds.js';
import { writeWholeFile } from '../whole-file.js';
import { buildKubeconfig } from './kubeconfig.js';
import { type Launch, resolveLaunch } from './launch.js';
import { RunLog, removeRunLog } from './logs.js';
import type { NodeContext } from './node-context.js';
import { isFree, type LocalPorts, readLocalPorts } from './ports.js';
import { KUBECONFIG_TOKEN_SECONDS, observeAutomount, requestToken } from './token.js';
import { PodVolumes } from './volumes.js';

/** Runs whose logs are kept: this one and the one before, for `kubectl logs --previous`. */
const KEPT_RUNS = 2;

/** A process that has left its group may write for a moment after its end was asked for. */
export const removePodDirectory = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true, maxRetries: 3 });

/** What a pod owns on this machine: ports, a directory with volumes and logs, and a kubeconfig if it gets a token. */
export class Sandbox {
  readonly volumes: PodVolumes;
  readonly #context: NodeContext;
  readonly #pod: LivePod;
  readonly #directory: string;
  #ports: LocalPorts = {};
  /** As the pod's annotation says it. */
  #annotated: string;
  #kubeconfig: string | undefined;
  #prepared = false;

  constructor(context: NodeContext, pod: LivePod) {
    this.#context = context;
    this.#pod = pod;
    this.#annotated = JSON.stringify(readLocalPorts(pod));
    this.#directory = join(context.dataDir, 'pods', pod.metadata.uid);
    this.volumes = new PodVolumes(join(this.#directory, 'volumes'), {
      pod,
      source: context.source,
      requestToken: (options) => requestToken(context, pod, options),
    });
  }

  /** May be called again until it succeeds; what holds already is kept. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (!this.#prepared) {
      this.#ports = await this.#context.ports.allocate(this.#pod);
      this.#prepared = true;
    }
    await this.#annotate();
    await this.volumes.apply();
    this.#kubeconfig ??= await this.#writeKubeconfig();
  }

  async resolveLaunch(container: Container): Promise<Launch> {
    await this.#keepPorts(container);
    return resolveLaunch(
      {
        pod: this.#pod,
        images: this.#context.images,
        source: this.#context.source,
        host: this.#context.host,
        ports: this.#ports,
        kubeconfig: this.#kubeconfig,
        volumePath: (name) => this.volumes.path(name),
        directory: this.#directory,
      },
      container,
    );
  }

  openLog(container: string, run: number): RunLog {
    if (run >= KEPT_RUNS) removeRunLog(this.logPath(container, run - KEPT_RUNS));
    return new RunLog(this.logPath(container, run));
  }

  logPath(container: string, run: number): string {
    return join(this.#directory, 'logs', container, `${run}.log`);
  }

  releasePorts(): void {
    this.#context.ports.release(this.#pod.metadata.uid);
  }

  async remove(): Promise<void> {
    this.releasePorts();
    await removePodDirectory(this.#directory);
  }

  async #annotate(): Promise<void> {
    const actual = JSON.stringify(this.#ports);
    if (this.#annotated === actual) return;
    const { name, uid } = this.#pod.metadata;
    await this.#context.client.mergePatch(
      { resource: RESOURCES.pods, name, namespace: namespaceOf(this.#pod) },
      { metadata: { uid, annotations: { [LOCAL_PORTS_ANNOTATION]: actual } } },
      undefined,
      this.#context.calls,
    );
    this.#annotated = actual;
  }

  /** Nobody listens at a container's ports before its start: who does now would make every start fail. */
  async #keepPorts({ ports = [] }: Container): Promise<void> {
    for (const { name = '' } of ports) {
      const port = this.#ports[name];
      if (port === undefined || (await isFree(port))) continue;
      this.#ports = { ...this.#ports, [name]: await this.#context.ports.replace(this.#pod.metadata.uid, port) };
    }
    await this.#annotate();
  }

  async #writeKubeconfig(): Promise<string | undefined> {
    const { apiServer } = this.#context;
    if (apiServer === undefined || !(await observeAutomount(this.#context, this.#pod))) return undefined;
    const { token } = await requestToken(this.#context, this.#pod, { expirationSeconds: KUBECONFIG_TOKEN_SECONDS });
    const path = join(this.#directory, 'kubeconfig');
    writeWholeFile(path, buildKubeconfig(apiServer, namespaceOf(this.#pod), token), 0o600);
    return path;
  }
}
