import type { LiveObject } from '../../../operator/clients/kube.js';
import { type Controller, createController, isMeaningful, type Source } from '../../../operator/runtime/controller.js';
import { silentLog } from '../../../operator/runtime/log.js';
import type { Change } from '../../../operator/runtime/watch-cache.js';
import { ManualClock, settle } from '../../support/manual-clock.js';

const tenant = (change: object = {}, metadata: object = {}): LiveObject => ({
  apiVersion: 'memplane.dev/v1alpha1',
  kind: 'MemoryTenant',
  metadata: { name: 'acme', uid: 'u', resourceVersion: '1', generation: 1, ...metadata },
  ...change,
});
const upsert = (object: LiveObject, previous?: LiveObject): Change<LiveObject> => ({
  type: 'upsert',
  key: 'acme',
  object,
  previous,
});

describe('a change that a controller should act on', () => {
  it.each<[string, Change<LiveObject>, boolean]>([
    ['a new object', upsert(tenant()), true],
    ['a new spec', upsert(tenant({}, { generation: 2 }), tenant()), true],
    ['a label', upsert(tenant({}, { labels: { a: 'b' } }), tenant()), true],
    ['the wish to be deleted', upsert(tenant({}, { deletionTimestamp: 'now' }), tenant()), true],
    ['a namesake', upsert(tenant({}, { uid: 'other' }), tenant()), true],
    ['a deletion', { type: 'delete', key: 'acme', object: tenant() }, true],
    ['anything of a kind without generations', upsert(tenant({ data: 1 }, { generation: undefined }), tenant()), true],
    ['status alone', upsert(tenant({ status: { ready: true } }, { resourceVersion: '2' }), tenant()), false],
  ])('%s: %#', (_what, change, meaningful) => {
    expect(isMeaningful(change)).toBe(meaningful);
  });
});

interface Feed extends Source {
  tell(key: string): void;
  finishSync(): void;
  readonly subscribers: number;
}

const feed = (initial: readonly string[]): Feed => {
  const subscribers = new Set<(key: string) => void>();
  let finish: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return {
    synced: () => synced,
    finishSync: () => finish(),
    subscribe(add) {
      for (const key of initial) add(key);
      subscribers.add(add);
      return () => subscribers.delete(add);
    },
    tell: (key) => {
      for (const add of subscribers) add(key);
    },
    get subscribers() {
      return subscribers.size;
    },
  };
};

describe('a controller', () => {
  let clock: ManualClock;
  let runs: string[];
  let errors: unknown[];
  let controller: Controller;
  const open = (sources: readonly Source[], fail: () => boolean = () => false): void => {
    controller = createController({
      name: 'tenant',
      sources,
      workers: 1,
      clock,
      random: () => 0.5,
      resync: { everyMs: 60_000, keys: () => ['a', 'b'] },
      log: { ...silentLog, error: (fields) => errors.push(fields) },
      reconcile: async (key) => {
        runs.push(key);
        if (fail()) throw new Error('boom', { cause: new Error('deeper') });
        return {};
      },
    });
  };

  beforeEach(() => {
    clock = new ManualClock();
    runs = [];
    errors = [];
  });

  it('reconciles nothing before all its sources are synced: half a picture makes wrong decisions', async () => {
    const [first, second] = [feed(['a']), feed([])];
    open([first, second]);
    const started = controller.start();
    first.finishSync();
    await settle();
    expect(runs).toEqual([]);
    second.finishSync();
    await started;
    await settle();
    expect(runs).toEqual(['a']);
    await controller.stop(0);
  });

  it('lets what happens now go before the fleet that it found', async () => {
    const source = feed(['a', 'b', 'c']);
    open([source]);
    source.finishSync();
    await controller.start();
    source.tell('edited');
    await settle();
    expect(runs.indexOf('edited')).toBeLessThanOrEqual(1);
    await settle();
    expect([...runs].sort()).toEqual(['a', 'b', 'c', 'edited']);
    await controller.stop(0);
  });

  it('looks at everything again from time to time', async () => {
    const source = feed([]);
    open([source]);
    source.finishSync();
    await controller.start();
    await clock.advance(60_000);
    expect(runs).toEqual(['a', 'b']);
    await clock.advance(60_000);
    expect(runs).toEqual(['a', 'b', 'a', 'b']);
    await controller.stop(0);
  });

  it('logs a throw with its cause, and tries again later', async () => {
    const source = feed(['a']);
    open([source], () => runs.length < 3);
    source.finishSync();
    await controller.start();
    await clock.advance(10_000);
    expect(runs).toEqual(['a', 'a', 'a']);
    expect(errors).toMatchObject([
      { controller: 'tenant', key: 'a', failures: 1, err: { message: 'boom', cause: { message: 'deeper' } } },
      { failures: 2 },
    ]);
    await controller.stop(0);
  });

  it('unsubscribes and leaves no timer behind when it stops', async () => {
    const source = feed(['a']);
    open([source]);
    source.finishSync();
    await controller.start();
    await settle();
    expect(await controller.stop(1_000)).toBe(true);
    source.tell('late');
    await clock.advance(600_000);
    expect(runs).toEqual(['a']);
    expect([source.subscribers, clock.pending]).toEqual([0, 0]);
  });

  it('does not start to work when it was stopped while it waited for its sources', async () => {
    const source = feed(['a']);
    open([source]);
    const started = controller.start();
    await controller.stop(0);
    source.finishSync();
    await started;
    await clock.advance(600_000);
    expect(runs).toEqual([]);
  });
});
