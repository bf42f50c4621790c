import { hash } from 'node:crypto';
import { type KubeClient, KubeError, type LiveObject, type ObjectRef } from '../clients/kube.js';
import { RESOURCES } from '../clients/kube-resources.js';
import { type Clock, systemClock } from './clock.js';
import { kubeTime } from './conditions.js';
import type { Log } from './log.js';

export interface EventInput {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorder {
  /** Returns at once. Call it only when something happened: a decision, a failure, never "still the same". */
  record(about: LiveObject, event: EventInput): void;
  /** Resolves when everything recorded so far was written, or could not be. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'mergePatch'>;
  readonly component: string;
  /** This process. */
  readonly instance: string;
  readonly log: Log;
  /** Repetitions of one event are counted and written together, so often. @default 60 s */
  readonly repeatMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

interface Record {
  readonly ref: ObjectRef;
  readonly about: LiveObject;
  readonly event: EventInput;
  readonly firstTime: string;
  count: number;
  written: number;
  lastTime: string;
  cancel: (() => void) | undefined;
}

/** The API server keeps Events for an hour; after this many others a repetition may be told as new. */
const REMEMBERED = 4096;
/** The API server's limit. */
const LONGEST_MESSAGE = 1024;

/** Event names are DNS subdomains: room for the hash. */
const eventName = (about: LiveObject, identity: string): string =>
  `${about.metadata.name.slice(0, 200)}.${hash('sha1', identity, 'hex').slice(0, 16)}`;

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #records = new Map<string, Record>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  record(about: LiveObject, event: EventInput): void {
    const identity = [about.metadata.uid, event.type, event.reason, event.message].join('\n');
    const now = kubeTime(this.#clock.date());
    const known = this.#records.get(identity);
    if (known !== undefined) {
      known.count += 1;
      known.lastTime = now;
      known.cancel ??= this.#clock.after(this.#options.repeatMs ?? 60_000, () => this.#enqueue(known));
      return;
    }
    // Events of cluster-scoped objects live in "default".
    const namespace = about.metadata.namespace ?? 'default';
    const ref = { resource: RESOURCES.events, name: eventName(about, identity + this.#options.instance), namespace };
    const fresh = { ref, about, event, firstTime: now, lastTime: now, count: 1, written: 0, cancel: undefined };
    this.#remember(identity, fresh);
    this.#enqueue(fresh);
  }

  async flush(): Promise<void> {
    for (const record of this.#records.values()) if (record.cancel !== undefined) this.#enqueue(record);
    await this.#writing;
  }

  #remember(identity: string, record: Record): void {
    this.#records.set(identity, record);
    if (this.#records.size <= REMEMBERED) return;
    const [oldest] = this.#records;
    if (oldest === undefined) return;
    if (oldest[1].cancel !== undefined) this.#enqueue(oldest[1]);
    this.#records.delete(oldest[0]);
  }

  /** One write at a time: events are never worth a burst. */
  #enqueue(record: Record): void {
    record.cancel?.();
    record.cancel = undefined;
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#write(record);
      } catch (err) {
        const { reason, message } = record.event;
        this.#options.log.warn(
          { err, object: record.about.metadata.name, reason, message },
          'an event was not recorded',
        );
      }
    });
  }

  async #write(record: Record): Promise<void> {
    const { client } = this.#options;
    const { count, lastTime } = record;
    if (count === record.written) return;
    try {
      if (record.written === 0) await client.create(RESOURCES.events, this.#build(record));
      else await client.mergePatch(record.ref, { count, lastTimestamp: lastTime });
    } catch (error) {
      const reason = error instanceof KubeError ? error.reason : undefined;
      // Written before a lost reply, or by this process before it forgot; and expired after an hour.
      if (reason === 'AlreadyExists') await client.mergePatch(record.ref, { count, lastTimestamp: lastTime });
      else if (reason === 'NotFound' && record.written > 0) await client.create(RESOURCES.events, this.#build(record));
      else throw error;
    }
    record.written = count;
  }

  #build({ ref, about, event, firstTime, lastTime, count }: Record) {
    const { namespace, name, uid, resourceVersion } = about.metadata;
    const { component, instance } = this.#options;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: ref.name, namespace: ref.namespace ?? 'default' },
      involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, LONGEST_MESSAGE),
      firstTimestamp: firstTime,
      lastTimestamp: lastTime,
      count,
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}

export const createEventRecorder = (options: EventRecorderOptions): EventRecorder => new Recorder(options);
