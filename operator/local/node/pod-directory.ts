import type { KubeClient } from '../../clients/kube.js';
import type { Change } from '../../runtime/watch-cache.js';
import { type LivePod, namespaceOf } from '../kinds.js';
import { delay } from '../waiting.js';
import { bindPod, isUnscheduled } from './binding.js';
import type { ConfigKind } from './config-source.js';
import type { NodeContext } from './node-context.js';
import { PodWorker } from './pod-worker.js';

const BIND_RETRY_MS = 1_000;

/** The pods of this node, by uid: follows the API's objects and keeps one worker for each. */
export class PodDirectory {
  readonly #context: NodeContext;
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #workers = new Map<string, { readonly pod: LivePod; readonly worker: PodWorker }>();
  /** Uids of the pods that there are, also of those that nobody has taken yet. */
  readonly #present = new Set<string>();
  readonly #binding = new Set<string>();
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(context: NodeContext, signal: AbortSignal) {
    this.#context = context;
    this.#client = context.client;
    this.#signal = signal;
  }

  apply(change: Change<LivePod>): void {
    const { uid } = change.object.metadata;
    if (change.type === 'delete') {
      this.#forget(uid);
      return;
    }
    this.#present.add(uid);
    // A namesake took the place of a pod whose deletion was never told.
    if (change.previous !== undefined && change.previous.metadata.uid !== uid)
      this.#forget(change.previous.metadata.uid);
    if (isUnscheduled(change.object)) this.#bind(change.object);
    else if (change.object.spec.nodeName === this.#context.nodeName) this.#serve(change.object);
  }

  configChanged(kind: ConfigKind, namespace: string, name: string): void {
    for (const { pod, worker } of this.#workers.values()) {
      if (namespaceOf(pod) === namespace) worker.configChanged(kind, name);
    }
  }

  find(namespace: string, name: string): PodWorker | undefined {
    for (const { pod, worker } of this.#workers.values()) {
      if (pod.metadata.name === name && namespaceOf(pod) === namespace) return worker;
    }
    return undefined;
  }

  /**
   * Whether what a pod has on this machine is in somebody's hands: as long as the pod is there, for one that waits for a
   * node may have been here before (a log that was cut off forgets the binding), and until its worker has cleared it.
   */
  holds(uid: string): boolean {
    return this.#present.has(uid) || this.#leaving.has(uid);
  }

  async shutdown(graceMs: number): Promise<void> {
    const workers = [...this.#workers.values()].map(({ worker }) => worker.shutdown(graceMs));
    await Promise.all([...workers, ...this.#leaving.values()]);
  }

  #serve(pod: LivePod): void {
    const known = this.#workers.get(pod.metadata.uid);
    if (known !== undefined) {
      known.worker.update(pod);
      return;
    }
    const worker = new PodWorker(this.#context, pod);
    this.#workers.set(pod.metadata.uid, { pod, worker });
    worker.start();
    worker.update(pod);
  }

  #forget(uid: string): void {
    this.#present.delete(uid);
    const known = this.#workers.get(uid);
    if (known === undefined) return;
    this.#workers.delete(uid);
    const leaving = known.worker.gone().catch((err: unknown) => {
      this.#context.log.error({ err, pod: known.pod.metadata.name }, 'what a deleted pod left behind was not removed');
    });
    this.#leaving.set(uid, leaving);
    void leaving.then(() => this.#leaving.delete(uid));
  }

  #bind(pod: LivePod): void {
    const { uid } = pod.metadata;
    if (this.#binding.has(uid)) return;
    this.#binding.add(uid);
    void this.#bindUntilDone(pod).finally(() => this.#binding.delete(uid));
  }

  async #bindUntilDone(pod: LivePod): Promise<void> {
    while (!this.#signal.aborted) {
      if (await bindPod(this.#client, pod, this.#context.nodeName, this.#context.log)) return;
      await delay(BIND_RETRY_MS, this.#signal);
    }
  }
}
