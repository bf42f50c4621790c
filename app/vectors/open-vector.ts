import { normalize } from '../embeddings/embedder.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import type { StoredVector } from './feed.js';

export interface OpenedVector extends StoredVector {
  /** Of length one. */
  readonly plain: Float32Array;
}

/** An erased person's vectors have no key any more: they are not there. */
export const openVectors = async (
  vault: Vault,
  rows: readonly StoredVector[],
  dimensions: number,
): Promise<readonly OpenedVector[]> => {
  await vault.prepare(rows.map(({ slot }) => slot));
  return rows.flatMap((row) => {
    const plain = openVector(vault, row);
    if (!plain) return [];
    if (plain.length === dimensions) return [{ ...row, plain: normalize(plain) }];
    throw new Error(`The vector of ${row.memory_id} has ${plain.length} dimensions, not ${dimensions}: embed it again`);
  });
};

const openVector = (vault: Vault, row: StoredVector): Float32Array | undefined => {
  const place = { slot: row.slot, table: 'vectors', rowId: row.memory_id, version: row.version };
  try {
    return vault.openVector(place, { sealed: row.sealed, bytes: row.vector });
  } catch (cause) {
    if (isErased(cause)) return undefined;
    throw cause;
  }
};
