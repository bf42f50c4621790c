import { setTimeout as pause } from 'node:timers/promises';
import type { AuditTrail } from '../audit/trail.js';
import { BEFORE_ALL } from '../db/first-id.js';
import { inRetriedTransaction } from '../db/pool.js';
import { sealWrite } from '../embeddings/seal-write.js';
import { LOOK_MS, type Succession } from '../embeddings/succession.js';
import type { JobTools } from '../jobs/jobs.js';
import { roundToHalf } from '../sealing/index.js';
import { embedTexts, type ReembedDeps, reembed } from './reembed.js';
import { countLacking, deleteNext, selectLacking, takeOver, upsertNext } from './succession-store.js';

export interface SuccessionDeps extends Omit<ReembedDeps, 'embedder'> {
  readonly succession: Succession;
  readonly audit: AuditTrail;
}

export interface TakenOver {
  readonly model: string;
  /** Memories that the new model embedded before it took over, and those that another replica's last word made necessary after. */
  readonly memories: number;
  readonly after: number;
}

/** Some 400 ms of the local model: how long a stop waits. */
const BATCH = 64;
const LOADING_MS = 100;
/**
 * Both models embed whatever is there or comes, until none lacks a vector of the new one; then it takes over in one
 * transaction. Until then searches know only the former. Begun again it goes on where it was; cancelled it leaves nothing.
 */
export const succeed = async (
  deps: SuccessionDeps,
  tools: JobTools,
): Promise<TakenOver & { readonly total: number }> => {
  const { db, succession, audit } = deps;
  const { heir } = succession;
  let memories = 0;
  await succession.look();
  const total = succession.hasTakenOver() ? 0 : await countLacking(db, heir.model);
  if (!succession.hasTakenOver()) {
    try {
      await deleteNext(db, heir.model);
      memories = await fill(deps, tools, total);
    } catch (cause) {
      if (isCancelled(tools.signal)) await deleteNext(db, null);
      throw cause;
    }
    await inRetriedTransaction(db, async (transaction) => {
      const taken = await takeOver(transaction, heir.model);
      const detail = { model: heir.model, memories: taken };
      await audit.record(transaction, { type: 'data.reembed', code: 'switched', detail });
    });
    await succession.look();
  }
  // A replica that has not looked yet may have embedded with the former model what it was given meanwhile.
  await pause(2 * LOOK_MS, undefined, { signal: tools.signal });
  const { memories: after } = await reembed({ ...deps, embedder: heir }, { progress: async () => undefined });
  return { model: heir.model, memories, after, total: Math.max(total, memories) };
};

/** Pass after pass: what was written during one is embedded in the next, until a pass finds less than a batch to do. */
const fill = async (deps: SuccessionDeps, { progress, signal }: JobTools, total: number): Promise<number> => {
  const { db, succession } = deps;
  const { heir } = succession;
  const { model } = heir;
  heir.warm();
  while (heir.state() === 'loading') await pause(LOADING_MS, undefined, { signal });
  let done = 0;
  for (let stored = BATCH; stored >= BATCH; ) {
    stored = 0;
    for (let after = BEFORE_ALL; ; ) {
      await progress({ total: Math.max(total, done), done, failed: 0 });
      const rows = await selectLacking(db, model, after, BATCH);
      const last = rows.at(-1);
      if (!last) break;
      after = last.id;
      const count = await fillBatch(deps, rows);
      stored += count;
      done += count;
    }
  }
  return done;
};

const fillBatch = async (deps: SuccessionDeps, rows: Awaited<ReturnType<typeof selectLacking>>): Promise<number> => {
  const { db, vault, presenter, succession } = deps;
  await vault.prepare(rows.map(({ slot }) => slot));
  const texts = rows.flatMap((row) => {
    const content = presenter.open(row)?.content;
    return content === undefined ? [] : [{ row, content }];
  });
  const { heir } = succession;
  const vectors = await embedTexts(
    heir,
    texts.map(({ content }) => content),
  );
  const writes = texts.map(({ row }, at) => sealWrite(vault, row, roundToHalf(vectors[at] as Float32Array)));
  return writes.length === 0 ? 0 : upsertNext(db, writes, heir.model);
};

/** Not when the service ends or another replica goes on: what is filled by then is kept for it. */
const isCancelled = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && (reason as { readonly reason?: unknown } | undefined)?.reason === 'cancelled';
