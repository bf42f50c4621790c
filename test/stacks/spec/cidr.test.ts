import { contains, isPrivate, overlaps, parseCidr } from '../../../stacks/spec/cidr.js';

const range = (text: string) => {
  const found = parseCidr(text);
  if (found === undefined) throw new Error(`${text} is no range`);
  return found;
};

describe('a range of addresses', () => {
  it.each([
    { text: '0.0.0.0/0', first: 0, last: 2 ** 32 - 1 },
    { text: '10.0.0.0/16', first: 10 * 2 ** 24, last: 10 * 2 ** 24 + 65_535 },
    { text: '255.255.255.255/32', first: 2 ** 32 - 1, last: 2 ** 32 - 1 },
  ])('$text is from $first to $last', ({ text, first, last }) => {
    expect(parseCidr(text)).toMatchObject({ first, last });
  });

  it.each(['', '10.0.0.0', '10.0.0.0/33', '10.0.0.256/32', '10.0.0.1/24', '10.0.0.0/16 ', '::/0', '10.0.0/8'])(
    '%j is none',
    (text) => expect(parseCidr(text)).toBeUndefined(),
  );

  it('overlaps what shares an address with it, at the very edge and above 2³¹ too', () => {
    expect(overlaps(range('10.0.0.0/24'), range('10.0.0.255/32'))).toBe(true);
    expect(overlaps(range('10.0.0.0/24'), range('10.0.1.0/24'))).toBe(false);
    expect(overlaps(range('192.168.0.0/16'), range('192.168.255.0/24'))).toBe(true);
  });

  it('contains what lies within it whole', () => {
    expect(contains(range('10.0.0.0/16'), range('10.0.255.0/24'))).toBe(true);
    expect(contains(range('10.0.0.0/16'), range('10.0.0.0/15'))).toBe(false);
  });

  it.each([
    { text: '172.31.0.0/16', ours: true },
    { text: '172.32.0.0/16', ours: false },
    { text: '100.64.0.0/10', ours: true },
    { text: '203.0.113.0/24', ours: false },
    { text: '0.0.0.0/0', ours: false },
  ])('$text is private: $ours', ({ text, ours }) => expect(isPrivate(range(text))).toBe(ours));
});
