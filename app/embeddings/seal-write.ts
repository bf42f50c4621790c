import { partitionOf } from '../memories/partition-of.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Vault } from '../tenancy/vault.js';
import type { VectorWrite } from './outbox.js';

/** The vector of what a memory says now, as it is stored. Its keys have been prepared. */
export const sealWrite = (vault: Vault, row: MemoryRow, vector: Float32Array): VectorWrite => {
  const { slot, id: memory_id, version } = row;
  const { sealed, bytes } = vault.sealVector({ slot, table: 'vectors', rowId: memory_id, version }, vector);
  return { memory_id, version, slot, partition: partitionOf(row), sealed, vector: bytes };
};
