import { parentPort } from 'node:worker_threads';
import { type RowBatch, type SealedBatchRows, sealRowBatch } from './row-batch.js';

export interface SealRequest {
  readonly id: number;
  readonly batch: RowBatch;
}
export interface SealReply {
  readonly id: number;
  /** `null` where it failed: sealed on the other side it says why, by the error that it is. */
  readonly sealed: SealedBatchRows | null;
}

/** Holds nothing from one batch to the next: a key that is destroyed is gone from here too. */
parentPort?.on('message', ({ id, batch }: SealRequest) => {
  try {
    const sealed = sealRowBatch(batch);
    parentPort?.postMessage({ id, sealed } satisfies SealReply, [
      sealed.bytes.buffer,
      sealed.lengths.buffer,
      sealed.tokens.buffer,
    ]);
  } catch {
    parentPort?.postMessage({ id, sealed: null } satisfies SealReply);
  }
});
