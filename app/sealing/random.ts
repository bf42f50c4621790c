import { randomFillSync } from 'node:crypto';

/**
 * Random bytes by the page: a call into the generator costs 3 µs whatever it fetches, and a row needs three. Bytes leave
 * the page as they are handed out, so none is used twice or can be read later.
 */
const page = Buffer.alloc(4096);
let left = 0;

export function randomInto(target: Uint8Array): void {
  if (target.length > page.length) {
    randomFillSync(target);
    return;
  }
  if (left < target.length) {
    randomFillSync(page);
    left = page.length;
  }
  const from = left - target.length;
  target.set(page.subarray(from, left));
  page.fill(0, from, left);
  left = from;
}
