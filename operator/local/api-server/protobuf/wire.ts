/** One field of a protobuf message: its number, and its bytes or number. */
export interface WireField {
  readonly number: number;
  readonly bytes: Buffer;
  readonly value: bigint;
}

/** The fields of a message, in order; throws when the bytes are no message. */
export function readFields(message: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[offset];
      if (byte === undefined || shift > 63n) throw new RangeError('the protobuf message ends in a number');
      offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (offset + length > message.length) throw new RangeError('the protobuf message is cut off');
    offset += length;
    return message.subarray(offset - length, offset);
  };
  const none = Buffer.alloc(0);
  while (offset < message.length) {
    const key = Number(varint());
    const number = key >> 3;
    switch (key & 7) {
      case 0:
        fields.push({ number, bytes: none, value: varint() });
        break;
      case 1:
        fields.push({ number, bytes: take(8), value: 0n });
        break;
      case 2:
        fields.push({ number, bytes: take(Number(varint())), value: 0n });
        break;
      case 5:
        fields.push({ number, bytes: take(4), value: 0n });
        break;
      default:
        throw new RangeError(`the protobuf message has an unknown wire type ${key & 7}`);
    }
  }
  return fields;
}
