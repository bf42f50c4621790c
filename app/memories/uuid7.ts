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
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
};
