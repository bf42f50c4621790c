import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';

/** A value that is known only after the apply, with what Terraform already knows about it, passed on untouched. */
export class Unknown {
  readonly extension: number;
  readonly data: Uint8Array;

  constructor(extension: number, data: Uint8Array) {
    this.extension = extension;
    this.data = data;
  }
}

export const UNKNOWN = new Unknown(0, Uint8Array.of(0));

export type Value = null | string | number | boolean | Unknown | readonly Value[] | { readonly [key: string]: Value };
export type Fields = { readonly [key: string]: Value };

export interface DynamicValue {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}

/** Extensions of Terraform's msgpack: 0 is a plain unknown, 12 one with refinements. */
const codec = new ExtensionCodec();
for (const type of [0, 12]) {
  codec.register({
    type,
    encode: (value: unknown) => (value instanceof Unknown && value.extension === type ? value.data : null),
    decode: (data: Uint8Array) => new Unknown(type, Uint8Array.from(data)),
  });
}

export const pack = (value: Value): DynamicValue => ({
  msgpack: Buffer.from(encode(value, { extensionCodec: codec, sortKeys: true })),
});

export function unpack(given: DynamicValue | null | undefined): Value {
  if (given?.msgpack === undefined || given.msgpack.length === 0) return null;
  return decode(given.msgpack, { extensionCodec: codec }) as Value;
}

export const isFields = (value: Value | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unknown);

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

/** Two unknowns are never known to be the same. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return !(a instanceof Unknown);
  if (isList(a) && isList(b)) return a.length === b.length && a.every((one, index) => same(one, b[index]));
  if (!isFields(a) || !isFields(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}
