import { BEFORE_ALL } from '../db/first-id.js';
import { inTransaction } from '../db/pool.js';
import { type Embedder, EmbedderUnavailable } from '../embeddings/embedder.js';
import { markSucceeded, upsertVectors } from '../embeddings/outbox.js';
import { sealWrite } from '../embeddings/seal-write.js';
import { problem } from '../http/errors.js';
import type { JobTools } from '../jobs/jobs.js';
import type { MemoryRow } from '../memories/rows.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { roundToHalf } from '../sealing/index.js';
import { countForeign, deleteWorkOf, selectForeign, selectKnownVectors } from './reembed-store.js';

export interface ReembedDeps extends Pick<MemoryServiceDeps, 'db' | 'vault' | 'presenter'> {
  readonly embedder: Embedder;
}

export interface Reembedded {
  readonly model: string;
  readonly memories: number;
  /** Texts that the model was asked for; the others were the same words of the same person. */
  readonly embedded: number;
  readonly reused: number;
}

/** Some 400 ms of the local model: how long a stop waits. */
const BATCH = 64;
/** Brings every memory to the model of this deployment. What is done is found done: begun again it goes on where it was. */
export const reembed = async (
  deps: ReembedDeps,
  { progress }: Pick<JobTools, 'progress'>,
): Promise<Reembedded & { readonly total: number }> => {
  const { db, embedder } = deps;
  const total = await countForeign(db, embedder.model);
  let [done, embedded, reused] = [0, 0, 0];
  for (let after = BEFORE_ALL; ; ) {
    await progress({ total: Math.max(total, done), done, failed: 0 });
    const rows = await selectForeign(db, embedder.model, after, BATCH);
    const last = rows.at(-1);
    if (!last) break;
    after = last.id;
    const batch = await reembedBatch(deps, rows);
    done += batch.stored;
    embedded += batch.embedded;
    reused += batch.reused;
  }
  return { model: embedder.model, memories: done, embedded, reused, total: Math.max(total, done) };
};

const reembedBatch = async (deps: ReembedDeps, rows: readonly MemoryRow[]) => {
  const { db, vault, presenter, embedder } = deps;
  await vault.prepare(rows.map(({ slot }) => slot));
  const texts = rows.flatMap((row) => {
    const content = presenter.open(row)?.content;
    return content === undefined ? [] : [{ row, content, hash: row.content_hash.toString('hex') }];
  });
  const vectors = await openKnown(
    deps,
    texts.map(({ row }) => row.content_hash),
  );
  const missing = new Map(texts.filter(({ hash }) => !vectors.has(hash)).map(({ hash, content }) => [hash, content]));
  const made = await embedTexts(embedder, [...missing.values()]);
  [...missing.keys()].forEach((hash, index) => {
    vectors.set(hash, roundToHalf(made[index] as Float32Array));
  });
  const writes = texts.map(({ row, hash }) => sealWrite(vault, row, vectors.get(hash) as Float32Array));
  const stored = await inTransaction(db, async (transaction) => {
    const present = await markSucceeded(transaction, writes);
    const remaining = writes.filter(({ memory_id }) => present.has(memory_id));
    await upsertVectors(transaction, remaining, embedder.model);
    await deleteWorkOf(
      transaction,
      remaining.map(({ memory_id }) => memory_id),
    );
    return remaining.length;
  });
  return { stored, embedded: missing.size, reused: texts.length - missing.size };
};

const openKnown = async ({ db, vault, embedder }: ReembedDeps, hashes: readonly Buffer[]) => {
  const known = await selectKnownVectors(db, embedder.model, hashes);
  return new Map<string, Float32Array>(
    known.map(({ content_hash, memory_id, version, slot, sealed, vector }) => {
      const place = { slot, table: 'vectors', rowId: memory_id, version };
      return [content_hash, vault.openVector(place, { sealed, bytes: vector })];
    }),
  );
};

export const embedTexts = async (embedder: Embedder, texts: readonly string[]): Promise<readonly Float32Array[]> => {
  if (texts.length === 0) return [];
  try {
    return await embedder.embed(texts);
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    throw problem('provider_unavailable', 'The embedding model is away.', { cause });
  }
};
