import { RESOURCES } from '../../clients/kube-resources.js';
import { apiTime, type LivePod, namespaceOf } from '../kinds.js';
import type { NodeContext } from './node-context.js';

/** The same thing said again within this time is counted, not written. */
const REPEAT_MS = 60_000;

interface Sent {
  readonly name: string;
  readonly at: number;
  readonly count: number;
}

/** A pod's events, as `kubectl describe` shows them. They are help for people: one that cannot be written is dropped. */
export class PodEvents {
  readonly #context: NodeContext;
  readonly #pod: LivePod;
  readonly #sent = new Map<string, Sent>();

  constructor(context: NodeContext, pod: LivePod) {
    this.#context = context;
    this.#pod = pod;
  }

  emit(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const now = new Date();
    const key = `${reason}/${message}`;
    const before = this.#sent.get(key);
    const count = (before?.count ?? 0) + 1;
    const name =
      before?.name ?? `${this.#pod.metadata.name}.${now.getTime().toString(16)}${this.#sent.size.toString(16)}`;
    const quiet = before !== undefined && now.getTime() - before.at < REPEAT_MS;
    this.#sent.set(key, { name, count, at: quiet ? before.at : now.getTime() });
    if (quiet) return;
    const write =
      before === undefined ? this.#create(name, type, reason, message, now) : this.#repeat(name, count, now);
    write.catch((error: unknown) => {
      this.#context.log.debug({ pod: this.#pod.metadata.name, reason, err: error }, 'event not written');
    });
  }

  #create(name: string, type: string, reason: string, message: string, now: Date): Promise<unknown> {
    const { metadata } = this.#pod;
    const namespace = namespaceOf(this.#pod);
    return this.#context.client.create(
      RESOURCES.events,
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: metadata.name, uid: metadata.uid },
        type,
        reason,
        message,
        count: 1,
        firstTimestamp: apiTime(now),
        lastTimestamp: apiTime(now),
        source: { component: 'node-agent', host: this.#context.nodeName },
      },
      this.#context.calls,
    );
  }

  #repeat(name: string, count: number, now: Date): Promise<unknown> {
    const ref = { resource: RESOURCES.events, name, namespace: namespaceOf(this.#pod) };
    return this.#context.client.mergePatch(ref, { count, lastTimestamp: apiTime(now) }, undefined, this.#context.calls);
  }
}
