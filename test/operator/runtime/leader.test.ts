import { KubeError } from '../../../operator/clients/kube.js';
import { createLeaderElection, type LeaderElection } from '../../../operator/runtime/leader.js';
import { silentLog } from '../../../operator/runtime/log.js';
import { KubeMemory } from '../../support/kube-memory.js';
import { ManualClock } from '../../support/manual-clock.js';

let kube: KubeMemory;
let clock: ManualClock;
let said: string[];
let elections: LeaderElection[];

beforeEach(() => {
  kube = new KubeMemory();
  clock = new ManualClock();
  said = [];
  elections = [];
});

afterEach(async () => {
  for (const election of elections) {
    const stopped = election.stop();
    await clock.advance(1);
    await stopped;
  }
  expect(clock.pending).toBe(0);
});

const candidate = (identity: string, client: KubeMemory = kube, time: ManualClock = clock): LeaderElection => {
  const election = createLeaderElection({
    client,
    namespace: 'memplane-system',
    name: 'operator',
    identity,
    onLeading: () => said.push(`${identity} leads`),
    onLost: (why) => said.push(`${identity} lost: ${why}`),
    log: silentLog,
    clock: time,
    random: () => 0,
  });
  elections.push(election);
  election.start();
  return election;
};

const stop = async (election: LeaderElection): Promise<void> => {
  const stopped = election.stop();
  await clock.advance(1);
  await stopped;
};

const offline = (): KubeMemory => {
  const cut = new KubeMemory();
  cut.before = () => {
    throw new KubeError({ status: 0, reason: 'ServerUnreachable', message: 'cut off' });
  };
  return cut;
};

const lease = () => kube.objects.get('Lease/memplane-system/operator')?.spec;

describe('leader election', () => {
  it('lets one lead while it renews, and writes what kubectl expects of a Lease', async () => {
    candidate('a');
    await clock.advance(1);
    candidate('b');
    await clock.advance(120_000);
    expect(said).toEqual(['a leads']);
    expect(lease()).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: expect.stringMatching(/^2026-01-01T00:0[12]:\d\d\.\d{6}Z$/),
    });
  });

  it('hands over at once when the leader stops', async () => {
    const a = candidate('a');
    await clock.advance(1);
    candidate('b');
    await clock.advance(10_000);
    await stop(a);
    expect(a.isLeader).toBe(false);
    await clock.advance(2_500);
    expect(said).toEqual(['a leads', 'b leads']);
    expect(lease()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('gives back at once what it won in the moment of its stop, without having led', async () => {
    let stopping: Promise<void> | undefined;
    kube.before = (verb) => {
      if (verb === 'create') stopping ??= a.stop();
    };
    const a = candidate('a');
    await clock.advance(1);
    await stopping;
    expect([said, lease()]).toEqual([[], expect.objectContaining({ holderIdentity: '' })]);
  });

  it('takes over from a leader that fell silent, but not before its lease has ended', async () => {
    // A clock that nobody moves any more: the process of the leader hangs.
    const hung = new ManualClock();
    candidate('a', kube, hung);
    await hung.advance(1);
    candidate('b');
    await clock.advance(14_900);
    expect(said).toEqual(['a leads']);
    await clock.advance(3_000);
    expect(said).toEqual(['a leads', 'b leads']);
    // It wakes up, finds that it is too late, and writes nothing.
    await hung.advance(2_000);
    expect(said.at(-1)).toBe('a lost: "b" holds the lease');
    expect(lease()).toMatchObject({ holderIdentity: 'b' });
  });

  it('gives up before anybody else may lead, when it can not renew', async () => {
    let cut = false;
    const view = Object.assign(Object.create(kube) as KubeMemory, {
      get: kube.get.bind(kube),
      create: kube.create.bind(kube),
      mergePatch: (...args: Parameters<KubeMemory['mergePatch']>) =>
        cut
          ? Promise.reject(new KubeError({ status: 0, reason: 'ServerUnreachable', message: 'cut' }))
          : kube.mergePatch(...args),
    });
    candidate('a', view);
    await clock.advance(1);
    candidate('b');
    await clock.advance(3_000);
    cut = true;
    await clock.advance(11_000);
    expect(said).toEqual(['a leads', 'a lost: the lease could not be renewed for 10000 ms']);
    await clock.advance(10_000);
    expect(said.at(-1)).toBe('b leads');
  });

  it('does not read the clock in the Lease: a holder whose clock is a year behind keeps its lease', async () => {
    const past = new ManualClock();
    past.date = () => new Date('2025-01-01T00:00:00Z');
    candidate('a', kube, past);
    await past.advance(1);
    candidate('b');
    for (let i = 0; i < 30; i += 1) {
      await past.advance(2_000);
      await clock.advance(2_000);
    }
    expect(said).toEqual(['a leads']);
    const a = elections.shift();
    const stopped = a?.stop();
    await past.advance(1);
    await stopped;
  });

  it('waits a whole lease, by its own clock, before it takes one that it finds', async () => {
    await kube.create(
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true },
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'operator', namespace: 'memplane-system' },
        spec: { holderIdentity: 'dead', leaseDurationSeconds: 30, renewTime: '2020-01-01T00:00:00.000000Z' },
      },
    );
    candidate('b');
    await clock.advance(29_000);
    expect(said).toEqual([]);
    await clock.advance(3_000);
    expect(said).toEqual(['b leads']);
  });

  it('stops leading at once when it sees another holder', async () => {
    const a = candidate('a');
    await clock.advance(1);
    const live = kube.objects.get('Lease/memplane-system/operator');
    if (live === undefined) throw new Error('no lease');
    const resource = { apiVersion: live.apiVersion, kind: live.kind, plural: 'leases', namespaced: true };
    const ref = { resource, name: 'operator', namespace: 'memplane-system' };
    await kube.mergePatch(ref, { spec: { holderIdentity: 'usurper' } });
    await clock.advance(2_000);
    expect(said).toEqual(['a leads', 'a lost: "usurper" holds the lease']);
    expect(a.isLeader).toBe(false);
    const writes = kube.writes.length;
    await stop(a);
    expect(kube.writes).toHaveLength(writes);
  });

  it('makes the Lease again when somebody deleted it', async () => {
    candidate('a');
    await clock.advance(1);
    kube.objects.clear();
    await clock.advance(6_000);
    expect(lease()).toMatchObject({ holderIdentity: 'a' });
    expect(said).toEqual(['a leads']);
  });

  it('lets one of two win who find no Lease in the same instant', async () => {
    candidate('a');
    candidate('b');
    await clock.advance(60_000);
    expect(said).toHaveLength(1);
  });

  it('keeps trying while the server can not be reached', async () => {
    candidate('a', offline());
    await clock.advance(60_000);
    expect(said).toEqual([]);
  });

  it('refuses times with which two could lead', () => {
    const options = { client: kube, namespace: 'n', name: 'n', identity: 'i', onLeading: () => undefined };
    const build = () =>
      createLeaderElection({ ...options, onLost: () => undefined, log: silentLog, leaseMs: 5_000, renewMs: 5_000 });
    expect(build).toThrow('leader election needs leaseMs > renewMs > retryMs, got 5000, 5000, 2000');
  });
});
