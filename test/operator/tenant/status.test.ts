import { done, stalled, wait } from '../../../operator/runtime/outcome.js';
import { PHASES } from '../../../operator/tenant/phases/phase.js';
import { type Findings, foldMigration, foldStatus } from '../../../operator/tenant/status.js';

const now = new Date('2026-01-02T03:04:05Z');
const later = new Date('2026-01-02T04:00:00Z');
const nothing: Findings = { gate: undefined, phases: [], facts: {}, paused: false, suspended: false };
const serving = { yes: true, reason: 'Serving', message: '1 pod answers' };
const allDone: Findings = {
  ...nothing,
  phases: PHASES.map((phase) => ({ phase, outcome: done(phase === 'workload' ? { available: serving } : {}) })),
};

const typesOf = (status: ReturnType<typeof foldStatus>) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason}`]));

describe('the status of a tenant', () => {
  it('is Ready when every phase holds, and then neither Reconciling nor Stalled', () => {
    const conditions = typesOf(foldStatus(undefined, 3, allDone, now));
    expect(conditions).toMatchObject({ Ready: 'True Ready', Available: 'True Serving', KeysReady: 'True Ready' });
    expect(conditions).not.toHaveProperty('Reconciling');
    expect(conditions).not.toHaveProperty('Stalled');
  });

  it('stays Ready when the embedding changes, and says what that leaves to do, until the vectors are of the new one', () => {
    const of = (model: string): Findings => ({ ...allDone, facts: { embedding: { provider: 'ollama', model } } });
    const before = foldStatus(undefined, 1, of('first'), now);
    expect(typesOf(before)).toMatchObject({ VectorsReady: 'True Ready' });
    const changed = foldStatus(before, 2, of('second'), now);
    const again = foldStatus(changed, 2, of('second'), later);
    for (const status of [changed, again]) {
      expect(typesOf(status)).toMatchObject({ Ready: 'True Ready', VectorsReady: 'False EmbeddingChanged' });
      expect(status.embedding).toMatchObject({ model: 'second', migration: { model: 'second', progressPercent: 0 } });
    }
    const over = foldMigration(again, undefined, later);
    expect(over?.embedding).toEqual({ provider: 'ollama', model: 'second' });
    expect(typesOf(over ?? {})).toMatchObject({ VectorsReady: 'True Ready' });
    expect(foldMigration(over ?? {}, undefined, later)).toBeUndefined();
  });

  it('says which phase waits and which ones wait for it', () => {
    const phases = [
      { phase: 'namespace' as const, outcome: done({ namespace: 'mem-acme' }) },
      { phase: 'keys' as const, outcome: wait('StoreUnreachable', 'the bucket is away') },
    ];
    const status = foldStatus(undefined, 1, { ...nothing, phases }, now);
    expect(status.namespace).toBe('mem-acme');
    expect(typesOf(status)).toMatchObject({
      Ready: 'False StoreUnreachable',
      Reconciling: 'True StoreUnreachable',
      NamespaceReady: 'True Ready',
      KeysReady: 'False StoreUnreachable',
      WorkloadReady: 'Unknown Pending',
    });
  });

  it('keeps what the phases said last time when the next run ends before them', () => {
    const before = foldStatus(undefined, 1, allDone, now);
    const after = foldStatus(before, 2, { ...nothing, gate: stalled('PlaneNotFound', 'no plane') }, later);
    expect(typesOf(after)).toMatchObject({
      Ready: 'False PlaneNotFound',
      Stalled: 'True PlaneNotFound',
      Available: 'True Serving',
      KeysReady: 'True Ready',
    });
    expect(after.observedGeneration).toBe(2);
  });

  it('looks and does not touch while paused', () => {
    const before = foldStatus(undefined, 1, allDone, now);
    const paused = typesOf(foldStatus(before, 2, { ...nothing, paused: true }, later));
    expect(paused).toMatchObject({ Paused: 'True Paused', Ready: 'True Ready' });
    expect(typesOf(foldStatus(before, 3, allDone, later))).not.toHaveProperty('Paused');
  });

  it('is the same text when nothing changed, so that nothing is written', () => {
    const first = foldStatus(undefined, 1, allDone, now);
    expect(foldStatus(first, 1, allDone, later)).toEqual(first);
  });

  it('moves the time of a condition only with its status', () => {
    const first = foldStatus(undefined, 1, allDone, now);
    const suspended = foldStatus(first, 2, { ...allDone, suspended: true }, later);
    const ready = suspended.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ reason: 'Suspended', lastTransitionTime: '2026-01-02T03:04:05Z' });
  });
});
