import type { ServerResponse } from 'node:http';
import type { LiveObject } from '../../operator/clients/kube.js';
import { type Received, type ScriptedServer, sendJson, startScriptedServer, statusOf } from './scripted-server.js';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

interface Entry {
  readonly version: number;
  readonly type: EventType;
  readonly object: LiveObject;
}

/**
 * What happens to the event at one position of the history, the first time that a watch comes to it; later watches get
 * it undamaged, if they still ask for it.
 */
export type Damage =
  | 'drop'
  | 'duplicate'
  | 'swap with the next'
  | 'delay'
  | 'cut in the middle of its line'
  | 'close before it'
  | '410 in the stream'
  | '410 on the next watch'
  | '429 on the next watch'
  | 'three 500s'
  | 'half-open from here';

interface Stream {
  readonly response: ServerResponse;
  /** Next position of the history. */
  at: number;
  held: Entry | undefined;
  stuck: boolean;
  busy: boolean;
}

/**
 * ConfigMaps of one namespace over real HTTP, with the list and watch protocol of an API server kept strictly: one
 * version line for all objects, events exactly from the asked version on, 410 for what was compacted. It exists for the
 * damage that no real server does on demand; semantics are tested on the real one.
 */
export class KubeWire {
  readonly objects = new Map<string, LiveObject>();
  readonly #history: Entry[] = [];
  readonly #streams = new Set<Stream>();
  #version = 100;
  #uid = 0;
  #compacted = 0;
  #server: ScriptedServer | undefined;
  #damage: { readonly position: number; readonly kind: Damage } | undefined;
  #refuse: { left: number; readonly answer: (response: ServerResponse) => void } | undefined;
  /** Counters of what clients did. */
  lists = 0;
  watches = 0;
  refusals410 = 0;
  peakWatches = 0;
  /** A stream ends after so many events. @default never */
  eventsPerStream = Number.POSITIVE_INFINITY;

  static async start(): Promise<KubeWire> {
    const wire = new KubeWire();
    wire.#server = await startScriptedServer((request, response) => wire.#answer(request, response));
    return wire;
  }

  get server(): ScriptedServer {
    if (this.#server === undefined) throw new Error('not started');
    return this.#server;
  }

  get openWatches(): number {
    return this.#streams.size;
  }

  /** Whether an open stream fell silent for good, as damage. */
  get isHalfOpen(): boolean {
    return [...this.#streams].some(({ stuck, response }) => stuck && !response.writableEnded && !response.destroyed);
  }

  /** How many events have happened. */
  get position(): number {
    return this.#history.length;
  }

  damageAt(position: number, kind: Damage): void {
    this.#damage = { position, kind };
  }

  put(name: string, value: string): void {
    const previous = this.objects.get(name);
    this.#version += 1;
    const uid = previous?.metadata.uid ?? `uid-${this.#nextUid()}`;
    const metadata = { name, namespace: 'ns', uid, resourceVersion: String(this.#version) };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } };
    this.objects.set(name, object);
    this.#happen(previous === undefined ? 'ADDED' : 'MODIFIED', object);
  }

  remove(name: string): void {
    const previous = this.objects.get(name);
    if (previous === undefined) throw new Error(`there is no ${name}`);
    this.#version += 1;
    this.objects.delete(name);
    const metadata = { ...previous.metadata, resourceVersion: String(this.#version) };
    this.#happen('DELETED', { ...previous, metadata });
  }

  /** Something happens that this kind's watches don't see, but the version moves on. */
  happenElsewhere(): void {
    this.#version += 1;
  }

  bookmark(): void {
    for (const { response, stuck } of this.#streams) {
      const metadata = { resourceVersion: String(this.#version) };
      if (!stuck) response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata } })}\n`);
    }
  }

  /** Forgets all history: a watch from any earlier version gets 410. */
  compact(): void {
    this.#compacted = this.#version;
  }

  refuseWatches(times: number, answer: (response: ServerResponse) => void): void {
    this.#refuse = { left: times, answer };
  }

  /** Ends all streams, with or without manners. */
  disconnect(how: 'end' | 'destroy'): void {
    for (const { response } of this.#streams) response[how]();
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  #nextUid(): number {
    this.#uid += 1;
    return this.#uid;
  }

  #happen(type: EventType, object: LiveObject): void {
    this.#history.push({ version: this.#version, type, object });
    for (const stream of this.#streams) this.#pump(stream);
  }

  #answer({ query }: Received, response: ServerResponse): void {
    if (query.watch !== 'true') this.#list(query, response);
    else this.#watch(Number(query.resourceVersion), response);
  }

  #list({ limit, continue: token }: Received['query'], response: ServerResponse): void {
    if (token === undefined) this.lists += 1;
    const all = [...this.objects.values()];
    const from = Number(token ?? 0);
    const to = limit === undefined ? all.length : from + Number(limit);
    const more = to < all.length ? { continue: String(to) } : {};
    sendJson(response, 200, {
      kind: 'ConfigMapList',
      metadata: { resourceVersion: String(this.#version), ...more },
      items: all.slice(from, to),
    });
  }

  #watch(version: number, response: ServerResponse): void {
    this.watches += 1;
    if (this.#refuse !== undefined && this.#refuse.left > 0) {
      this.#refuse.left -= 1;
      this.#refuse.answer(response);
      return;
    }
    if (version < this.#compacted) {
      this.refusals410 += 1;
      sendJson(response, 410, statusOf(410, 'Expired', `too old resource version: ${version} (${this.#compacted})`));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const next = this.#history.findIndex((entry) => entry.version > version);
    const at = next === -1 ? this.#history.length : next;
    const stream: Stream = { response, at, held: undefined, stuck: false, busy: false };
    this.#streams.add(stream);
    this.peakWatches = Math.max(this.peakWatches, this.#streams.size);
    response.on('close', () => this.#streams.delete(stream));
    this.#pump(stream);
  }

  #pump(stream: Stream): void {
    const from = stream.at;
    while (!stream.stuck && !stream.busy && !stream.response.destroyed && stream.at < this.#history.length) {
      const entry = this.#history[stream.at];
      if (entry === undefined) return;
      const position = stream.at;
      stream.at += 1;
      if (this.#damage?.position === position) {
        const { kind } = this.#damage;
        this.#damage = undefined;
        this.#spoil(stream, entry, kind);
      } else this.#send(stream, entry);
      if (stream.at - from >= this.eventsPerStream) stream.response.end();
    }
  }

  #send(stream: Stream, entry: Entry): void {
    const { held } = stream;
    stream.held = undefined;
    for (const { type, object } of held === undefined ? [entry] : [entry, held]) {
      stream.response.write(`${JSON.stringify({ type, object })}\n`);
    }
  }

  #spoil(stream: Stream, entry: Entry, kind: Damage): void {
    const { response } = stream;
    const line = `${JSON.stringify({ type: entry.type, object: entry.object })}\n`;
    switch (kind) {
      case 'drop':
        return;
      case 'duplicate':
        response.write(line + line);
        return;
      case 'swap with the next':
        stream.held = entry;
        return;
      case 'delay':
        stream.busy = true;
        setTimeout(() => {
          stream.busy = false;
          this.#send(stream, entry);
          this.#pump(stream);
        }, 20);
        return;
      case 'cut in the middle of its line':
        stream.stuck = true;
        response.write(line.slice(0, line.length / 2), () => response.destroy());
        return;
      case 'close before it':
        stream.stuck = true;
        response.end();
        return;
      case '410 in the stream':
        stream.stuck = true;
        this.compact();
        this.refusals410 += 1;
        response.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(410, 'Expired', 'too old') })}\n`);
        return;
      case '410 on the next watch':
        stream.stuck = true;
        this.compact();
        response.end();
        return;
      case '429 on the next watch':
        stream.stuck = true;
        this.refuseWatches(1, (next) =>
          sendJson(next, 429, statusOf(429, 'TooManyRequests', 'busy'), { 'retry-after': '0' }),
        );
        response.end();
        return;
      case 'three 500s':
        stream.stuck = true;
        this.refuseWatches(3, (next) => sendJson(next, 500, statusOf(500, 'InternalError', 'etcd is sad')));
        response.destroy();
        return;
      case 'half-open from here':
        stream.stuck = true;
    }
  }
}
