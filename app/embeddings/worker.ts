import type { Logger } from 'pino';
import type { Database } from '../db/pool.js';
import { inTransaction } from '../db/pool.js';
import { deleteOldAnswers } from '../idempotency/store.js';
import { startLoop } from '../loop.js';
import { createForgetting } from '../memories/changes.js';
import type { MemoryRow } from '../memories/rows.js';
import { roundToHalf } from '../sealing/index.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { deleteOldTombstones } from '../vectors/feed.js';
import { type Embedder, EmbedderUnavailable } from './embedder.js';
import {
  type ClaimedWork,
  claimWork,
  deleteWork,
  failWork,
  markSucceeded,
  postponeWork,
  selectWorkRows,
  upsertVectors,
} from './outbox.js';
import { tellRequests } from './requests.js';
import { sealWrite } from './seal-write.js';

export interface EmbeddingWorkerOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly embedder: Embedder;
  readonly leaseMs: number;
  /** What was counted of these rows has changed. */
  readonly touched?: (rows: readonly MemoryRow[]) => Promise<void>;
  readonly log: Pick<Logger, 'debug' | 'warn' | 'error' | 'isLevelEnabled'>;
}

export interface EmbeddingWorker {
  /** There is new work: do not wait for the next look. */
  wake(): void;
  /** Finishes the batches in hand and takes no other. */
  stop(): Promise<void>;
}

/** Some 100 ms of the local model: as efficient as more, and short enough for a shutdown and a question to wait for two. */
const BATCH = 16;
const IDLE_MS = 500;
const LOADING_MS = 100;
const MAX_ATTEMPTS = 8;
const HOUSEKEEPING_MS = 600_000;

/** 2 s, 4 s, 8 s … at most 5 minutes: eight attempts span some nine minutes. */
const backoffMs = (attempts: number): number => Math.min(300_000, 1_000 * 2 ** attempts);

/** Turns the outbox into vectors. Any number of replicas may run it; each piece of work has one holder at a time. */
export const startEmbeddingWorker = (options: EmbeddingWorkerOptions): EmbeddingWorker => {
  let nextHousekeeping = 0;
  const forgetChanges = createForgetting(options.db);
  const loop = startLoop({
    turn: async () => {
      if (Date.now() >= nextHousekeeping) {
        nextHousekeeping = Date.now() + HOUSEKEEPING_MS;
        await deleteOldTombstones(options.db);
        await deleteOldAnswers(options.db);
        await forgetChanges();
      }
      return turn(options, () => loop.isStopped());
    },
    onTrouble: (err) => options.log.warn({ err }, 'embedding work interrupted, will go on'),
  });
  return loop;
};

/** Does what there is to do; says how long to rest after it. */
const turn = async (options: EmbeddingWorkerOptions, isStopped: () => boolean): Promise<number> => {
  const { db, embedder, leaseMs } = options;
  embedder.warm();
  if (embedder.state() === 'none') return HOUSEKEEPING_MS;
  if (embedder.state() !== 'ready') return LOADING_MS;
  const claim = () => claimWork(db, BATCH, leaseMs);
  /** Full batches one after the other: behind one that is not full there is nothing at the moment. */
  const go = async (first: readonly ClaimedWork[]): Promise<void> => {
    for (let work = first; work.length > 0; work = work.length === BATCH && !isStopped() ? await claim() : [])
      await processWork(options, work);
  };
  const first = await claim();
  if (first.length === 0) return IDLE_MS;
  // Two at a time: while the model has one batch, the one before is stored and the next is read.
  const beside = first.length === BATCH ? claim().then(go) : undefined;
  const ended = await Promise.allSettled([go(first), beside]);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return 0;
};

/** One batch. What fails together is tried one by one, so that a single bad text does not hold up the others. */
const processWork = async (options: EmbeddingWorkerOptions, work: readonly ClaimedWork[]): Promise<void> => {
  try {
    await embedAndStore(options, work);
  } catch (err) {
    if (err instanceof EmbedderUnavailable || work.length === 1) return await giveBack(options, work, err);
    for (const single of work) await processWork(options, [single]);
  }
};

const embedAndStore = async (options: EmbeddingWorkerOptions, work: readonly ClaimedWork[]): Promise<void> => {
  const { db, vault, log } = options;
  // What embeds is what the vector is told to be of, should another model take over meanwhile.
  const embedder = options.embedder.current?.() ?? options.embedder;
  const startedAt = performance.now();
  const rows = await selectWorkRows(
    db,
    work.map(({ memory_id }) => memory_id),
  );
  await vault.prepare(rows.map(({ slot }) => slot));
  const texts = rows.flatMap((row) => {
    const content = openContent(vault, row);
    return content === undefined ? [] : [{ row, content }];
  });
  const vectors = texts.length === 0 ? [] : await embedder.embed(texts.map(({ content }) => content));
  // In half precision, as an index compares: any model can make it again from the words, if ever more were wanted.
  const writes = texts.map(({ row }, index) => sealWrite(vault, row, roundToHalf(vectors[index] as Float32Array)));
  await inTransaction(db, async (transaction) => {
    const present = await markSucceeded(transaction, writes);
    const remaining = writes.filter(({ memory_id }) => present.has(memory_id));
    await upsertVectors(transaction, remaining, embedder.model);
    await deleteWork(
      transaction,
      work.map(({ id }) => id),
    );
  });
  await options.touched?.(rows);
  if (!log.isLevelEnabled('debug')) return;
  const ms = Math.round(performance.now() - startedAt);
  const events = rows.flatMap(({ audit_event }) => audit_event ?? []);
  void tellRequests(db, log, events, ms).catch((err: unknown) =>
    log.debug({ err }, 'whose vectors were stored is not known'),
  );
};

/** Nothing to embed for somebody who was erased. */
const openContent = (vault: Vault, row: MemoryRow): string | undefined => {
  try {
    return vault.openRow(
      { slot: row.slot, table: 'memories', rowId: row.id, version: row.version },
      { sealed: row.sealed, bytes: row.envelope },
    ).content;
  } catch (cause) {
    if (isErased(cause)) return undefined;
    throw cause;
  }
};

const giveBack = async (
  { db, log }: EmbeddingWorkerOptions,
  work: readonly ClaimedWork[],
  err: unknown,
): Promise<void> => {
  for (const item of work) {
    if (item.attempts < MAX_ATTEMPTS) await postponeWork(db, item.id, backoffMs(item.attempts));
    else {
      await failWork(db, item);
      log.error({ memory: item.memory_id, attempts: item.attempts, err }, 'embedding given up');
    }
  }
  log.warn({ count: work.length, err }, 'embedding failed, will be tried again');
};
