import { KubeError, type LiveObject } from '../../../operator/clients/kube.js';
import { createEventRecorder, type EventRecorder } from '../../../operator/runtime/events.js';
import { silentLog } from '../../../operator/runtime/log.js';
import { KubeMemory } from '../../support/kube-memory.js';
import { ManualClock } from '../../support/manual-clock.js';

const about = (name: string, namespace?: string): LiveObject => ({
  apiVersion: 'memplane.dev/v1alpha1',
  kind: 'MemoryTenant',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '1', ...(namespace === undefined ? {} : { namespace }) },
});
const failed = { type: 'Warning', reason: 'DatabaseUnreachable', message: 'no route to pg-a' } as const;

let kube: KubeMemory;
let clock: ManualClock;
let recorder: EventRecorder;
let warnings: unknown[];

beforeEach(() => {
  kube = new KubeMemory();
  clock = new ManualClock();
  warnings = [];
  recorder = createEventRecorder({
    client: kube,
    component: 'memplane-operator',
    instance: 'pod-1',
    log: { ...silentLog, warn: (fields) => warnings.push(fields) },
    clock,
  });
});

const events = (): readonly LiveObject[] => [...kube.objects.values()];

describe('events', () => {
  it('of a cluster-scoped object go to the namespace default, with all that kubectl describe shows', async () => {
    recorder.record(about('acme'), failed);
    await recorder.flush();
    expect(events()).toMatchObject([
      {
        kind: 'Event',
        metadata: { namespace: 'default', name: expect.stringMatching(/^acme\.[0-9a-f]{16}$/) },
        involvedObject: { kind: 'MemoryTenant', name: 'acme', uid: 'uid-acme' },
        ...failed,
        count: 1,
        source: { component: 'memplane-operator' },
        reportingInstance: 'pod-1',
        firstTimestamp: '2026-01-01T00:00:00Z',
      },
    ]);
  });

  it('that repeat are counted in one object, with one write a minute', async () => {
    for (let i = 0; i < 100; i += 1) {
      recorder.record(about('acme'), failed);
      await clock.advance(1_000);
    }
    await recorder.flush();
    expect(events()).toMatchObject([{ count: 100, lastTimestamp: '2026-01-01T00:01:39Z' }]);
    expect(kube.writes.length).toBeLessThanOrEqual(3);
  });

  it('that differ in object, reason or message are told apart', async () => {
    recorder.record(about('acme'), failed);
    recorder.record(about('globex'), failed);
    recorder.record(about('acme'), { ...failed, message: 'other' });
    recorder.record(about('backup', 'mem-acme'), failed);
    await recorder.flush();
    expect(events().map(({ metadata }) => metadata.namespace)).toEqual(['default', 'default', 'default', 'mem-acme']);
  });

  it('are made again when the server has forgotten them', async () => {
    recorder.record(about('acme'), failed);
    await recorder.flush();
    kube.objects.clear();
    recorder.record(about('acme'), failed);
    await recorder.flush();
    expect(events()).toMatchObject([{ count: 2 }]);
  });

  it('never stop their recorder: a failed write is logged with its cause, the next one goes out', async () => {
    kube.before = () => {
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'events are forbidden' });
    };
    recorder.record(about('acme'), failed);
    await recorder.flush();
    expect(warnings).toMatchObject([{ err: { reason: 'Forbidden' }, object: 'acme', reason: failed.reason }]);
    kube.before = () => undefined;
    recorder.record(about('acme'), failed);
    await recorder.flush();
    expect(events()).toMatchObject([{ count: 2 }]);
  });
});
