import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey, SlotKeys } from '../../app/keys/slot.js';

/** A published vector file. */
export const readVectors = <T>(name: string): T =>
  JSON.parse(readFileSync(join('test/vectors', `${name}.json`), 'utf8')) as T;

export const slotKeyOf = (hex: string, tenantId: string, slot = 16, generation = 1): SlotKey => ({
  tenantId,
  slot,
  generation,
  key: createSecretKey(hex, 'hex'),
});

/** Slot keys from a list, as a keyring would give them. */
export const slotKeysOf = (...keys: readonly SlotKey[]): SlotKeys => ({
  slotKey(slot, generation) {
    const found = keys.find((one) => one.slot === slot && (generation === undefined || one.generation === generation));
    if (found === undefined) throw new Error(`no key for slot ${slot} generation ${generation}`);
    return found;
  },
});
