/** One field of a protobuf message: its number, and its bytes or number. */
export interface WireField {
  readonly number: number;
  readonly bytes: Buffer;
  readonly value: bigint;
}

class Reader {
  readonly #bytes: Buffer;
  #offset = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined || shift > 63n) throw new RangeError('the protobuf message ends in a number');
      this.#offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Buffer {
    const from = this.#offset;
    if (from + length > this.#bytes.length) throw new RangeError('the protobuf message is cut off');
    this.#offset += length;
    return this.#bytes.subarray(from, from + length);
  }
}

const NONE = Buffer.alloc(0);

function readField(reader: Reader): WireField {
  const key = Number(reader.varint());
  const number = key >> 3;
  switch (key & 7) {
    case 0:
      return { number, bytes: NONE, value: reader.varint() };
    case 1:
      return { number, bytes: reader.take(8), value: 0n };
    case 2:
      return { number, bytes: reader.take(Number(reader.varint())), value: 0n };
    case 5:
      return { number, bytes: reader.take(4), value: 0n };
    default:
      throw new RangeError(`the protobuf message has an unknown wire type ${key & 7}`);
  }
}

/** The fields of a message, in order; throws when the bytes are no message. */
export function readFields(message: Buffer): readonly WireField[] {
  const reader = new Reader(message);
  const fields: WireField[] = [];
  while (!reader.done) fields.push(readField(reader));
  return fields;
}
