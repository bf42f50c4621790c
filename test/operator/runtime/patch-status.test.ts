import { KubeError, type LiveObject } from '../../../operator/clients/kube.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type Condition, mergeConditions, patchStatus } from '../../../operator/runtime/patch-status.js';

const now = new Date('2026-03-01T10:00:00.700Z');
const earlier = '2026-01-01T00:00:00Z';
const ready = (status: 'True' | 'False', reason = 'Reason', message = 'm') => ({
  type: 'Ready',
  status,
  reason,
  message,
});

describe('conditions', () => {
  const previous: readonly Condition[] = [{ ...ready('True'), lastTransitionTime: earlier }];

  it.each([
    ['keep their time while the status is the same', ready('True'), earlier],
    ['keep it also when reason and message change', ready('True', 'Other', 'other'), earlier],
    ['get a new one, in whole seconds, when the status changes', ready('False'), '2026-03-01T10:00:00Z'],
  ])('%s', (_title, next, time) => {
    expect(mergeConditions(previous, [next], now)).toEqual([{ ...next, lastTransitionTime: time }]);
  });

  it('are those that were asked for, in that order', () => {
    const next = [{ ...ready('True'), type: 'KeysReady' }, ready('True')];
    expect(mergeConditions(previous, next, now).map(({ type }) => type)).toEqual(['KeysReady', 'Ready']);
    expect(mergeConditions(previous, [], now)).toEqual([]);
  });
});

describe('patching status', () => {
  const live: LiveObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n', uid: 'u', resourceVersion: '7' },
    status: { phase: 'Active', conditions: [{ ...ready('True'), lastTransitionTime: earlier }] },
  };
  const ref = { resource: RESOURCES.namespaces, name: 'n' };
  const calls: unknown[] = [];
  const client = {
    mergePatch: async (...args: readonly unknown[]): Promise<never> => {
      calls.push(args);
      return {} as never;
    },
  };
  beforeEach(() => calls.splice(0));

  it('makes no call when nothing changed but the clock', async () => {
    const before = [{ ...ready('True'), lastTransitionTime: earlier }];
    const next = { phase: 'Active', conditions: mergeConditions(before, [ready('True')], now) };
    expect(await patchStatus(client, ref, live, next)).toBe('unchanged');
    expect(calls).toEqual([]);
  });

  it('sends one patch of what changed, bound to the object that was read', async () => {
    expect(await patchStatus(client, ref, live, { conditions: live.status && [], endpoint: 'x' })).toBe('patched');
    expect(calls).toMatchObject([
      [
        ref,
        { metadata: { resourceVersion: '7', uid: 'u' }, status: { phase: null, conditions: [], endpoint: 'x' } },
        { subresource: 'status' },
      ],
    ]);
  });

  it('lets a stale writer lose', async () => {
    const refusing = {
      mergePatch: () => Promise.reject(new KubeError({ status: 409, reason: 'Conflict', message: 'modified' })),
    };
    await expect(patchStatus(refusing, ref, live, { phase: 'Other' })).rejects.toMatchObject({ reason: 'Conflict' });
  });
});
