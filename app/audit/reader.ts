import type { Queryable } from '../db/pool.js';
import { inclusionProof } from './proof.js';
import { type CheckpointRow, selectEvents, selectHashes } from './store.js';
import { encodeEntries, formatProof, TILE_WIDTH, type TileName } from './tlog.js';

/** What the log holds, in the forms that verifiers read. */
export const readTile = async (db: Queryable, { kind, n, width }: TileName): Promise<Buffer | undefined> => {
  const from = n * TILE_WIDTH;
  if (kind === 'entries') {
    const rows = await selectEvents(db, from, width);
    return rows.length === width ? encodeEntries(rows.map(({ bytes }) => bytes)) : undefined;
  }
  const hashes = await selectHashes(db, kind, from, from + width);
  return hashes.length === width ? Buffer.concat(hashes) : undefined;
};

export const readProof = async (db: Queryable, index: number, { size, note }: CheckpointRow): Promise<string> => {
  const hashes = await inclusionProof((level, from, to) => selectHashes(db, level, from, to), index, size);
  return formatProof({ index, hashes, checkpoint: note });
};
