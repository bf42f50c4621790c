import fc from 'fast-check';
import { jcs, NotCanonical } from '../../../app/sealing/jcs.js';
import { readVectors } from '../../support/vectors.js';
import { canonical } from '../../vectors/independent.js';

const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE();

describe('canonical JSON is what RFC 8785 says', () => {
  it('gives the text of section 3.2.2', () => {
    const value: unknown = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(jcs(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts as section 3.2.3: by UTF-16 code units', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    expect(jcs(Object.fromEntries(names.map((name, i) => [name, i])))).toBe(
      '{"\\r":1,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":0,"\ud83d\ude00":4,"\ufb33":2}',
    );
  });

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('prints the number %s of appendix B as %s', (bits, text) => {
    expect(jcs(double(bits))).toBe(text);
  });

  it.each(readVectors<{ input: string; canonical: string }[]>('jcs'))('agrees with the vector $input', (vector) => {
    expect(jcs(JSON.parse(vector.input))).toBe(vector.canonical);
  });

  it('agrees with the independent implementation, and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = jcs(value);
        expect(text).toBe(canonical(value));
        expect(jcs(JSON.parse(text))).toBe(text);
      }),
      { seed: 20261121 },
    );
  });
});

describe('what JSON cannot carry is refused, never dropped', () => {
  const hole: unknown[] = [1, 2];
  delete hole[0];
  it.each([
    [{ a: { b: [1, undefined] } }, '/a/b/1'],
    [{ a: undefined }, '/a'],
    [Number.NaN, ''],
    [Number.POSITIVE_INFINITY, ''],
    [{ at: new Date(0) }, '/at'],
    [{ n: 1n }, '/n'],
    [['\ud800'], '/0'],
    [{ '\udfff': 1 }, '/\udfff'],
    [Buffer.from('x'), ''],
    [hole, '/0'],
    [() => 1, ''],
  ])('%p at %j', (value, path) => {
    const refusal = (): string => jcs(value);
    expect(refusal).toThrow(NotCanonical);
    expect(refusal).toThrow(expect.objectContaining({ path }));
  });

  it('a value nested too deeply', () => {
    let value: unknown = 0;
    for (let i = 0; i < 10_000; i += 1) value = [value];
    expect(() => jcs(value)).toThrow(NotCanonical);
  });
});
