import { isDeepStrictEqual } from 'node:util';
import type { PodStatus } from 'kubernetes-types/core/v1.js';
import { type KubeClient, KubeError } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { Log } from '../../runtime/log.js';
import { type LivePod, namespaceOf } from '../kinds.js';
import { Backoff, delay } from '../waiting.js';

/** Changes that come together (running, started, ready) make one write. */
const COALESCE_MS = 20;

/**
 * Keeps a pod's status on the server equal to what `build` answers: one write at a time, none when nothing differs,
 * repeated with backoff while the server is away.
 */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #pod: () => LivePod;
  readonly #build: () => PodStatus;
  readonly #log: Log;
  readonly #closed = new AbortController();
  #written: PodStatus | undefined;
  #dirty = false;
  #loop: Promise<void> | undefined;

  constructor(options: { client: KubeClient; pod: () => LivePod; build: () => PodStatus; log: Log }) {
    this.#client = options.client;
    this.#pod = options.pod;
    this.#build = options.build;
    this.#log = options.log;
  }

  request(): void {
    if (this.#closed.signal.aborted) return;
    this.#dirty = true;
    this.#loop ??= this.#run().finally(() => {
      this.#loop = undefined;
      // Asked for after the last look and before this: nobody else would look again.
      if (this.#dirty) this.request();
    });
  }

  /** Resolves when the server has what `build` answers now, or the writer is closed. */
  async flush(): Promise<void> {
    this.request();
    while (this.#loop !== undefined) await this.#loop;
  }

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** No more writes: the object is gone, or the node goes down. */
  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    const retry = new Backoff({ initialMs: 100, maxMs: 5_000 });
    await delay(COALESCE_MS, this.#closed.signal);
    while (this.#dirty && !this.#closed.signal.aborted) {
      this.#dirty = false;
      try {
        await this.#write();
        retry.reset();
      } catch (error) {
        if (this.closed) return;
        if (error instanceof KubeError && error.status === 404) return this.close();
        this.#dirty = true;
        this.#log.warn({ pod: this.#pod().metadata.name, err: error }, 'pod status not written, trying again');
        await delay(retry.next(), this.#closed.signal);
      }
    }
  }

  async #write(): Promise<void> {
    const pod = this.#pod();
    const status = this.#build();
    if (isDeepStrictEqual(status, this.#written)) return;
    const ref = { resource: RESOURCES.pods, name: pod.metadata.name, namespace: namespaceOf(pod) };
    // The uid guards a pod of the same name that came later.
    const patch = { metadata: { uid: pod.metadata.uid }, status };
    await this.#client.mergePatch(ref, patch, { subresource: 'status' }, this.#closed.signal);
    this.#written = status;
  }
}
