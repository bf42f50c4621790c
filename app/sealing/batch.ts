import { randomFillSync } from 'node:crypto';
import type { SlotKey } from '../keys/slot.js';
import { buildPlaceBytes } from './place.js';
import { OVERHEAD_BYTES, type Purpose, SALT_BYTES, sealAt } from './sealed-value.js';

/**
 * Many values of one table at once, in a form that crosses to a worker thread without copying: flat typed arrays (to
 * transfer) and slot keys (node clones a `KeyObject` without exposing it). Value i is `plaintexts[offsets[i]..offsets[i+1])`.
 */
export interface SealBatch {
  readonly purpose: Purpose;
  readonly table: string;
  readonly keys: readonly SlotKey[];
  /** For each value, the index of its key in `keys`. */
  readonly keyOf: Uint32Array;
  readonly rowIds: readonly string[];
  readonly rowVersions: Uint32Array;
  readonly plaintexts: Uint8Array;
  readonly offsets: Uint32Array;
  /** 24 bytes a value: `newSalts(count)`. An input, so that the function is pure. */
  readonly salts: Uint8Array;
}

export interface SealedBatch {
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly offsets: Uint32Array<ArrayBuffer>;
}

export const newSalts = (count: number): Uint8Array<ArrayBuffer> => randomFillSync(new Uint8Array(count * SALT_BYTES));

export function sealBatch(batch: SealBatch): SealedBatch {
  checkBatch(batch);
  const count = batch.rowIds.length;
  const bytes = batch.plaintexts.length + count * OVERHEAD_BYTES;
  const sealed = new Uint8Array(bytes);
  const offsets = new Uint32Array(count + 1);
  batch.rowIds.forEach((rowId, i) => {
    const key = batch.keys[batch.keyOf[i] ?? -1];
    if (key === undefined) throw new RangeError(`value ${i} names key ${batch.keyOf[i]} of ${batch.keys.length}`);
    const place = buildPlaceBytes(key.tenantId, { table: batch.table, rowId, rowVersion: batch.rowVersions[i] ?? -1 });
    const plaintext = batch.plaintexts.subarray(batch.offsets[i], batch.offsets[i + 1]);
    const salt = batch.salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES);
    const value = sealAt(key, batch.purpose, place, plaintext, salt);
    const at = offsets[i] ?? 0;
    sealed.set(value, at);
    offsets[i + 1] = at + value.length;
  });
  return { sealed, offsets };
}

function checkBatch(batch: SealBatch): void {
  const count = batch.rowIds.length;
  const wanted: readonly (readonly [string, number, number])[] = [
    ['keyOf', batch.keyOf.length, count],
    ['rowVersions', batch.rowVersions.length, count],
    ['offsets', batch.offsets.length, count + 1],
    ['salts', batch.salts.length, count * SALT_BYTES],
    ['the last offset', batch.offsets[count] ?? -1, batch.plaintexts.length],
  ];
  for (const [name, found, expected] of wanted) {
    if (found !== expected) throw new RangeError(`a batch of ${count} values has ${name} ${found}, not ${expected}`);
  }
}
