import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { jcs } from '../sealing/jcs.js';
import { derive, deriveKey, LABELS } from './derive.js';
import type { Keyring } from './keyring.js';

/**
 * HMAC-SHA-256 under the active tenant key over the document without `mac`, `keks[].wrapped` and `keks[].context`:
 * the operator, who re-wraps a key it cannot unwrap, could not renew a MAC over those.
 */
export function keyringMac(kek: KeyObject, keyring: Keyring): string {
  const { mac: _, ...rest } = keyring;
  const keks = keyring.keks.map(({ wrapped: _wrapped, context: _context, ...kept }) => kept);
  return createHmac('sha256', deriveKey(kek, LABELS.keyring))
    .update(jcs({ ...rest, keks }), 'utf8')
    .digest('base64');
}

export function verifyKeyringMac(kek: KeyObject, keyring: Keyring): boolean {
  const expected = Buffer.from(keyringMac(kek, keyring), 'base64');
  const found = Buffer.from(keyring.mac ?? '', 'base64');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Tells whether a key is the one that was meant, and nothing about it. */
export const keyCheckValue = (key: KeyObject): string => derive(key, LABELS.keyCheck).subarray(0, 8).toString('base64');
