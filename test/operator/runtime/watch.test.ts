import type { LiveObject } from '../../../operator/clients/kube.js';
import { createKubeClient, type KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { silentLog } from '../../../operator/runtime/log.js';
import {
  createReflector,
  type Reflector,
  type ReflectorOptions,
  type Restart,
} from '../../../operator/runtime/watch.js';
import { type Damage, KubeWire } from '../../support/kube-wire.js';
import { ManualClock } from '../../support/manual-clock.js';
import { sendJson, statusOf, until } from '../../support/scripted-server.js';

let wire: KubeWire;
let client: KubeHttpClient;
let reflector: Reflector<LiveObject>;
/** What somebody knows who only ever listened to the changes. */
let told: Map<string, string>;
let restarts: Restart[];

const open = async (options: Partial<ReflectorOptions<LiveObject>> = {}): Promise<void> => {
  client = await createKubeClient({ kubeconfigPath: wire.server.kubeconfig, fieldManager: 'tester', pageSize: 500 });
  told = new Map();
  restarts = [];
  reflector = createReflector({
    client,
    resource: RESOURCES.configMaps,
    namespace: 'ns',
    log: silentLog,
    backoff: { baseMs: 5, maxMs: 20 },
    onRestart: (_resource, why) => restarts.push(why),
    ...options,
  });
  reflector.onChange((change) => {
    if (change.type === 'delete') told.delete(change.key);
    else told.set(change.key, change.object.metadata.resourceVersion);
  });
};

const onServer = (): string =>
  JSON.stringify([...wire.objects].map(([name, { metadata }]) => [`ns/${name}`, metadata.resourceVersion]).sort());
const inCache = (): string =>
  JSON.stringify(
    reflector
      .keys()
      .map((key) => [key, reflector.get(key)?.metadata.resourceVersion])
      .sort(),
  );
const toldSo = (): string => JSON.stringify([...told].sort());
const converged = (): boolean => inCache() === onServer() && toldSo() === onServer();

beforeEach(async () => {
  wire = await KubeWire.start();
});

afterEach(async () => {
  await reflector.stop();
  await client.close();
  await wire.close();
});

/** Each kind of change, a namesake that comes back, and neighbours. */
const HISTORY: readonly ((to: KubeWire) => void)[] = [
  (to) => to.put('a', '1'),
  (to) => to.put('b', '1'),
  (to) => to.put('a', '2'),
  (to) => to.remove('b'),
  (to) => to.put('b', 'again'),
  (to) => to.put('b', 'again 2'),
  (to) => to.remove('a'),
  (to) => to.put('c', '1'),
];

const DAMAGES: readonly { readonly kind: Damage; readonly needsRelist: boolean }[] = [
  { kind: 'drop', needsRelist: true },
  { kind: 'swap with the next', needsRelist: true },
  { kind: 'duplicate', needsRelist: false },
  { kind: 'delay', needsRelist: false },
  { kind: 'cut in the middle of its line', needsRelist: false },
  { kind: 'close before it', needsRelist: false },
  { kind: '410 in the stream', needsRelist: false },
  { kind: '410 on the next watch', needsRelist: false },
  { kind: '429 on the next watch', needsRelist: false },
  { kind: 'three 500s', needsRelist: false },
  { kind: 'half-open from here', needsRelist: false },
];

describe('a reflector behind a damaged stream', () => {
  it.each(DAMAGES)('converges after "$kind" at every position, with one list a 410', async ({ kind, needsRelist }) => {
    // Silence is time that passes, which on a busy machine also passes where nothing is silent: here the test says when.
    const clock = new ManualClock();
    const silent = kind === 'half-open from here';
    await open({ relistMs: needsRelist ? 60 : 1_800_000, ...(silent ? { clock } : {}) });
    reflector.start();
    await reflector.synced();
    for (let position = 0; position < HISTORY.length; position += 1) {
      for (const name of [...wire.objects.keys()]) wire.remove(name);
      await until('the start is clean', converged);
      wire.damageAt(wire.position + position, kind);
      for (const change of HISTORY) change(wire);
      if (silent) {
        await until('the stream is half-open', () => wire.isHalfOpen);
        await clock.advance(150_000);
      }
      await until(`converged after "${kind}" at ${position}: ${inCache()} is not ${onServer()}`, converged);
    }
    if (!needsRelist) expect(wire.lists).toBe(1 + wire.refusals410);
    if (kind.startsWith('410')) expect(wire.refusals410).toBe(HISTORY.length);
    // The half-open one is open on the server's side until the reset arrives.
    expect(wire.peakWatches).toBeLessThanOrEqual(silent ? 2 : 1);
  });

  it('is not fooled by an overtaken event: a stale update does not undo a newer one', async () => {
    await open();
    reflector.start();
    await reflector.synced();
    wire.put('a', '1');
    await until('there', converged);
    wire.damageAt(wire.position, 'swap with the next');
    wire.put('a', '2');
    wire.put('a', '3');
    wire.put('z', '1');
    await until('all arrived', converged);
    expect(reflector.get('ns/a')).toMatchObject({ data: { value: '3' } });
    expect(wire.lists).toBe(1);
  });

  it('is not fooled by a late update of the dead', async () => {
    await open();
    reflector.start();
    await reflector.synced();
    wire.put('a', '1');
    await until('there', converged);
    wire.damageAt(wire.position, 'swap with the next');
    wire.put('a', '2');
    wire.remove('a');
    wire.put('z', '1');
    await until('all arrived', converged);
    expect(reflector.get('ns/a')).toBeUndefined();
  });
});

describe('a reflector', () => {
  it('tells what vanished while it was away, and only what changed', async () => {
    await open();
    for (const name of ['a', 'b', 'c']) wire.put(name, '1');
    reflector.start();
    await reflector.synced();
    const changes: string[] = [];
    reflector.onChange(({ type, key }) => changes.push(`${type} ${key}`));
    wire.refuseWatches(1, (response) => response.destroy());
    wire.disconnect('destroy');
    await until('it is away', () => wire.openWatches === 0);
    wire.remove('a');
    wire.put('b', '2');
    wire.compact();
    await until('it is back', converged);
    expect(changes.sort()).toEqual(['delete ns/a', 'upsert ns/b']);
    expect(wire.lists).toBe(2);
  });

  it('continues from a bookmark, so that a compaction costs no list', async () => {
    await open();
    reflector.start();
    await reflector.synced();
    wire.put('a', '1');
    await until('there', converged);
    wire.happenElsewhere();
    // The bookmark is on the stream before its end, so it is read before the next watch begins.
    wire.bookmark();
    wire.compact();
    wire.disconnect('end');
    await until('watching again', () => wire.openWatches === 1 && wire.watches >= 2);
    wire.put('c', '1');
    await until('there', converged);
    expect([wire.lists, wire.refusals410]).toEqual([1, 0]);
  });

  it('lists after two silences in a row: a server restored from a backup never comes to our version', async () => {
    await open({ idleMs: 30 });
    reflector.start();
    await until('two silences and a list', () => wire.lists >= 2);
    expect(restarts.slice(0, 2)).toEqual(['idle', 'idle']);
  });

  it('keeps one watch open and does not storm a server that refuses every watch', async () => {
    await open({ backoff: { baseMs: 100, maxMs: 100_000 } });
    wire.refuseWatches(1_000, (response) => sendJson(response, 500, statusOf(500, 'InternalError', 'no')));
    reflector.start();
    await reflector.synced();
    const started = Date.now();
    await until('five refusals', () => wire.watches >= 5);
    // 100 + 200 + 400 + 800 ms, half of each at least.
    expect(Date.now() - started).toBeGreaterThanOrEqual(740);
    expect(wire.lists).toBe(1);
  });

  it('does not storm a server that expires every watch: one list a 410, further and further apart', async () => {
    await open({ backoff: { baseMs: 50, maxMs: 100_000 } });
    wire.refuseWatches(1_000, (response) => {
      wire.refusals410 += 1;
      sendJson(response, 410, statusOf(410, 'Expired', 'too old'));
    });
    reflector.start();
    const started = Date.now();
    await until('six refusals', () => wire.refusals410 >= 6);
    expect(Date.now() - started).toBeGreaterThanOrEqual(750);
    expect(wire.lists).toBeLessThanOrEqual(wire.refusals410 + 1);
  });

  it('waits as long as a busy server asks for', async () => {
    await open();
    wire.refuseWatches(1, (response) =>
      sendJson(response, 429, statusOf(429, 'TooManyRequests', 'busy'), { 'retry-after': '1' }),
    );
    const started = Date.now();
    reflector.start();
    await until('watching', () => wire.openWatches === 1);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
  });

  it('leaves no socket behind over 500 reconnects', async () => {
    await open({ backoff: { baseMs: 0, maxMs: 0 } });
    reflector.start();
    await reflector.synced();
    wire.eventsPerStream = 1;
    for (let i = 0; i < 500; i += 1) {
      const before = wire.watches;
      if (i % 2 === 0) wire.put('a', String(i));
      else wire.disconnect('destroy');
      await until('watching again', () => wire.watches > before && wire.openWatches === 1);
    }
    await until('converged', converged);
    await until('a call and the watch have the only sockets', () => wire.server.openSockets <= 2);
    expect(wire.lists).toBe(1);
    await reflector.stop();
    await until('the stream is closed', () => wire.openWatches === 0);
  }, 90_000);

  it('lists 10,000 objects in pages and again without telling any of them twice', async () => {
    for (let i = 0; i < 10_000; i += 1) wire.put(`o${i}`, 'x');
    await open({ relistMs: 300 });
    let changes = 0;
    reflector.onChange(() => {
      changes += 1;
    });
    reflector.start();
    await reflector.synced();
    expect(reflector.size).toBe(10_000);
    await until('a second list', () => wire.lists >= 2);
    await until('watching again', () => restarts.includes('relist') && wire.openWatches === 1);
    expect(changes).toBe(10_000);
  }, 90_000);

  it("gives out frozen objects without the server's bookkeeping", async () => {
    await open();
    wire.objects.set('a', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '1', managedFields: [{ manager: 'x' }] },
      data: { value: '1' },
    });
    reflector.start();
    await reflector.synced();
    const object = reflector.get('ns/a');
    expect(object?.metadata.managedFields).toBeUndefined();
    expect(Object.isFrozen(object) && Object.isFrozen(object?.metadata) && Object.isFrozen(object?.data)).toBe(true);
  });

  it('finds objects by index, also after they changed or went', async () => {
    await open({ indexBy: (object) => (object.data as { value: string }).value });
    wire.put('a', 'red');
    wire.put('b', 'red');
    reflector.start();
    await reflector.synced();
    const names = (value: string): readonly string[] => reflector.withIndex(value).map(({ metadata }) => metadata.name);
    expect(names('red')).toEqual(['a', 'b']);
    wire.put('a', 'blue');
    wire.remove('b');
    await until('there', converged);
    expect([names('red'), names('blue')]).toEqual([[], ['a']]);
  });

  it('goes on when a handler throws, and says so', async () => {
    const errors: unknown[] = [];
    await open({ log: { ...silentLog, error: (fields) => errors.push(fields) } });
    reflector.onChange(() => {
      throw new Error('broken handler');
    });
    wire.put('a', '1');
    reflector.start();
    await reflector.synced();
    expect(converged()).toBe(true);
    expect(errors).toMatchObject([{ resource: 'configmaps', key: 'ns/a', err: { message: 'broken handler' } }]);
  });

  it('tells whoever waits for it that it was stopped before its first list', async () => {
    await open();
    await wire.server.close();
    reflector.start();
    const waiting = reflector.synced();
    const stopped = expect(waiting).rejects.toThrow('the watch of configmaps was stopped before its first list');
    await reflector.stop();
    await stopped;
    wire = await KubeWire.start();
  });
});
