import type { Block, BlockSlot } from './block.js';
import { keyCheckValue } from './keyring-mac.js';

/** What remains of a destroyed key: enough to say which one it was, nothing to read with. */
export interface DestroyedKey {
  readonly generation: number;
  readonly kcv: string;
}

/** The block's slots without the keys of one; `undefined` when it has none already. */
export function destroyInBlock(
  block: Block,
  slot: number,
): { readonly slots: ReadonlyMap<number, BlockSlot>; readonly keys: readonly DestroyedKey[] } | undefined {
  const found = block.slots.get(slot);
  if (found === undefined || found.state === 'destroyed') return undefined;
  const slots = new Map(block.slots).set(slot, { state: 'destroyed', keys: [] });
  return { slots, keys: found.keys.map(({ generation, key }) => ({ generation, kcv: keyCheckValue(key) })) };
}
