import { randomInto } from '../sealing/random.js';

/** Times in order and, within a millisecond of one process, ids in order of creation: a batch lists as it was sent. */
export const createUuid7 = (now: () => number = Date.now): (() => string) => {
  const bytes = Buffer.alloc(16);
  const random = bytes.subarray(8);
  let last = 0;
  let counter = 0;
  return () => {
    const time = Math.max(now(), last);
    counter = time === last ? counter + 1 : 0;
    // 12 bits of counter: a full millisecond borrows from the next.
    last = counter > 0xfff ? time + 1 : time;
    if (counter > 0xfff) counter = 0;
    randomInto(random);
    bytes.writeUIntBE(last, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return spell(bytes);
  };
};

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const DASH = 0x2d;
const text = Buffer.alloc(36, DASH);

/** By hand: hexadecimal text that is cut in five and put together leaves ten times as much behind. */
const spell = (bytes: Buffer): string => {
  let to = 0;
  for (let from = 0; from < 16; from++) {
    if (from === 4 || from === 6 || from === 8 || from === 10) to++;
    const byte = bytes[from] ?? 0;
    text[to++] = DIGITS[byte >> 4] ?? DASH;
    text[to++] = DIGITS[byte & 15] ?? DASH;
  }
  return text.toString('latin1');
};
