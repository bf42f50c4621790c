import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Database } from '../db/pool.js';
import type { Policies } from '../policies/schema.js';
import type { Vault } from '../tenancy/vault.js';
import { type Checkpointer, createCheckpointer, LogTampered } from './checkpointer.js';
import { type Countersigner, createCountersigner } from './countersigner.js';
import { createEpochRecorder } from './epoch.js';
import { createObserver, type Observer } from './observer.js';
import { PackedReads } from './packed-reads.js';
import type { PlaneKey } from './plane-key.js';
import { type Writer, writeReads } from './reads.js';
import { buildPending, recordEvent } from './recorder.js';
import { type Sequencer, startSequencer } from './sequencer.js';
import { createFileSpool, MEMORY_SPOOL, readLeftovers } from './spool.js';
import { type CheckpointRow, type PendingEvent, pendingStep, selectLastRead } from './store.js';
import type { AuditTrail } from './trail.js';

export interface AuditOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly newId: () => string;
  readonly policies: () => Pick<Policies, 'audit'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** What this replica is called: its reads are numbered under it. */
  readonly replica: string;
  /** Where reads wait for their event. Without one a killed process loses those of its last quarter of a second. */
  readonly directory: string | undefined;
  /** Signs checkpoints beside the log's own key. @default nobody does */
  readonly plane?: PlaneKey | undefined;
  /** How long the newest checkpoint may be without the plane's signature. @default 60000 */
  readonly planeEveryMs?: number;
}

/** The trail with what the service itself needs of it. */
export interface AuditLog extends AuditTrail {
  /** All that was committed or observed so far is in the log, in order and signed. `undefined` while the log is empty. */
  settle(): Promise<CheckpointRow | undefined>;
  /** Why nothing is signed any more, if so. */
  trouble(): string | undefined;
  /** Why the plane's key does not sign now, if so: checkpoints are signed by the log's key alone until it does. */
  planeTrouble(): string | undefined;
  /** The plane's verifier key; `undefined` when there is none, or its KMS has not told it yet. */
  planeKey(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const PLANE_EVERY_MS = 60_000;
const DEFAULT_MODE = { reads: true, readsMode: 'Batched' } as const;

export const createAuditLog = (options: AuditOptions): AuditLog => {
  const { db, vault, newId, log } = options;
  const writer = { writer: replicaId(vault, options.replica), epoch: Date.now() };
  const directory = options.directory === undefined ? undefined : join(options.directory, 'audit-spool');
  const checkpointer = createCheckpointer({ db, vault });
  const watch = watchTampering(log);
  const { plane, planeEveryMs = PLANE_EVERY_MS } = options;
  const countersigner = createCountersigner({ db, log, key: plane, everyMs: planeEveryMs });
  const sequencer = startSequencer({
    ...{ db, log },
    before: createEpochRecorder(options),
    after: async () => {
      await watch.guard(() => checkpointer.advance());
      if (watch.trouble() === undefined) countersigner.advance(checkpointer.last());
    },
  });
  const observer = createObserver({
    ...{ db, vault, newId, log, writer },
    spool: directory === undefined ? MEMORY_SPOOL : createFileSpool(directory, writer),
    mode: () => options.policies().audit ?? DEFAULT_MODE,
    onRecorded: () => sequencer.wake(),
  });
  const recovered =
    directory === undefined ? Promise.resolve() : recover(options, directory, writer, () => sequencer.run());
  return buildLog({ vault, newId, plane }, { sequencer, observer, checkpointer, countersigner, recovered }, watch);
};

interface Parts {
  readonly sequencer: Sequencer;
  readonly observer: Observer;
  readonly checkpointer: Checkpointer;
  readonly countersigner: Countersigner;
  readonly recovered: Promise<void>;
}

const buildLog = (
  deps: Pick<AuditOptions, 'vault' | 'newId' | 'plane'>,
  { sequencer, observer, checkpointer, countersigner, recovered }: Parts,
  watch: TamperWatch,
): AuditLog => ({
  record: async (transaction, entry) => {
    const id = await recordEvent(deps, transaction, entry);
    sequencer.wake();
    return id;
  },
  stage: (entry) => buildPending(deps, entry),
  steps: (events) => {
    sequencer.wake();
    return events.length === 0 ? [] : [pendingStep(events as readonly PendingEvent[])];
  },
  observe: (entry) => observer.observe(entry),
  settle: async () => {
    await observer.flush();
    await sequencer.run();
    const checkpoint = await watch.guard(() => checkpointer.sign());
    return checkpoint && (await countersigner.complete(checkpoint));
  },
  trouble: watch.trouble,
  planeTrouble: () => countersigner.trouble(),
  planeKey: async () => await deps.plane?.vkey().catch(() => undefined),
  stop: async () => {
    await recovered;
    await observer.stop();
    await sequencer.stop();
    // The last events of this process need not wait for the next one's checkpoint; a database that is gone keeps them.
    await watch.guard(() => checkpointer.sign()).catch(() => undefined);
    await countersigner.stop();
  },
});

/** Keyed, so that the log does not spell out the names of pods; a UUID, as everything that names somebody in it. */
const replicaId = (vault: Vault, replica: string): string => {
  const hex = vault.fingerprint(`audit-writer\0${replica}`).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

interface TamperWatch {
  trouble(): string | undefined;
  /** `undefined` instead of a signature once the log contradicts its own checkpoint: signing on would make the forgery true. */
  guard<T>(work: () => Promise<T>): Promise<T | undefined>;
}

const watchTampering = (log: AuditOptions['log']): TamperWatch => {
  let trouble: string | undefined;
  return {
    trouble: () => trouble,
    guard: async (work) => {
      if (trouble !== undefined) return undefined;
      try {
        return await work();
      } catch (cause) {
        if (!(cause instanceof LogTampered)) throw cause;
        trouble = cause.message;
        log.error(
          { event: 'security.tamper', reason: trouble },
          'the audit log was tampered with; nothing is signed any more',
        );
        return undefined;
      }
    },
  };
};

/** Batches whose event was committed just before the process died are told by the numbers that the log knows. */
const recover = async (
  options: AuditOptions,
  directory: string,
  own: Writer,
  sequence: () => Promise<void>,
): Promise<void> => {
  try {
    const leftovers = readLeftovers(directory).filter(({ writer }) => writer.epoch !== own.epoch);
    if (leftovers.length > 0) await sequence();
    for (const { path, writer, reads } of leftovers) {
      const told = await selectLastRead(options.db, writer);
      const untold = reads.filter(({ n }) => n > told);
      await writeReads(options, { writer, reads: PackedReads.of(untold), entries: [], code: 'recovered' });
      if (untold.length > 0) await sequence();
      unlinkSync(path);
      options.log.info({ reads: untold.length }, 'reads of an earlier process were audited');
    }
  } catch (err) {
    options.log.warn(
      { err },
      'reads that an earlier process left behind are not audited yet; the next start tries again',
    );
  }
};
