import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Database } from '../db/pool.js';
import type { Policies } from '../policies/schema.js';
import type { Vault } from '../tenancy/vault.js';
import { type Checkpointer, createCheckpointer, LogTampered } from './checkpointer.js';
import { createEpochRecorder } from './epoch.js';
import { createObserver, type Observer } from './observer.js';
import { type Writer, writeReads } from './reads.js';
import { recordEvent } from './recorder.js';
import { type Sequencer, startSequencer } from './sequencer.js';
import { createFileSpool, MEMORY_SPOOL, readLeftovers } from './spool.js';
import { type CheckpointRow, selectLastRead } from './store.js';
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
}

/** The trail with what the service itself needs of it. */
export interface AuditLog extends AuditTrail {
  /** All that was committed or observed so far is in the log, in order and signed. `undefined` while the log is empty. */
  settle(): Promise<CheckpointRow | undefined>;
  /** Why nothing is signed any more, if so. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

const DEFAULT_MODE = { reads: true, readsMode: 'Batched' } as const;

export const createAuditLog = (options: AuditOptions): AuditLog => {
  const { db, vault, newId, log } = options;
  const writer = { writer: replicaId(vault, options.replica), epoch: Date.now() };
  const directory = options.directory === undefined ? undefined : join(options.directory, 'audit-spool');
  const checkpointer = createCheckpointer({ db, vault });
  const watch = watchTampering(checkpointer, log);
  const recordEpoch = createEpochRecorder(options);
  const sequencer = startSequencer({
    ...{ db, log },
    onSequenced: async () => {
      await recordEpoch();
      await watch.advance();
    },
  });
  const observer = createObserver({
    ...{ db, vault, newId, log, writer },
    spool: directory === undefined ? MEMORY_SPOOL : createFileSpool(directory, writer),
    mode: () => options.policies().audit ?? DEFAULT_MODE,
    onRecorded: sequencer.wake,
  });
  const recovered = directory === undefined ? Promise.resolve() : recover(options, directory, writer, sequencer.run);
  return buildLog({ vault, newId }, { sequencer, observer, checkpointer, recovered }, watch.trouble);
};

interface Parts {
  readonly sequencer: Sequencer;
  readonly observer: Observer;
  readonly checkpointer: Checkpointer;
  readonly recovered: Promise<void>;
}

const buildLog = (
  deps: Pick<AuditOptions, 'vault' | 'newId'>,
  { sequencer, observer, checkpointer, recovered }: Parts,
  trouble: () => string | undefined,
): AuditLog => ({
  record: async (transaction, entry) => {
    const id = await recordEvent(deps, transaction, entry);
    sequencer.wake();
    return id;
  },
  observe: (entry) => observer.observe(entry),
  settle: async () => {
    await observer.flush();
    await sequencer.run();
    return checkpointer.sign();
  },
  trouble,
  stop: async () => {
    await recovered;
    await observer.stop();
    await sequencer.stop();
    if (trouble() === undefined) await checkpointer.sign().catch(() => undefined);
  },
});

/** Keyed, so that the log does not spell out the names of pods; a UUID, as everything that names somebody in it. */
const replicaId = (vault: Vault, replica: string): string => {
  const hex = vault.fingerprint(`audit-writer\0${replica}`).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

/** Once the log contradicts its own checkpoint, signing on would make the forgery true. */
const watchTampering = (checkpointer: Checkpointer, log: AuditOptions['log']) => {
  let trouble: string | undefined;
  return {
    trouble: () => trouble,
    advance: async (): Promise<void> => {
      if (trouble !== undefined) return;
      try {
        await checkpointer.advance();
      } catch (cause) {
        if (!(cause instanceof LogTampered)) throw cause;
        trouble = cause.message;
        log.error(
          { event: 'security.tamper', reason: trouble },
          'the audit log was tampered with; nothing is signed any more',
        );
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
      await writeReads(options, { writer, reads: untold, entries: [], code: 'recovered' });
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
