import {
  CelQuantity,
  canonicalQuantity,
  parseQuantity,
} from '../../../../../operator/local/api-server/schema/quantity.js';

describe('quantities', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1500m', '1500m'],
    ['1', '1'],
    ['1000', '1k'],
    ['1024Mi', '1Gi'],
    ['100Mi', '100Mi'],
    ['0.5Gi', '512Mi'],
    ['0', '0'],
    ['1e3', '1e3'],
    ['-250m', '-250m'],
  ])('%s is stored as %s', (written, stored) => {
    expect(canonicalQuantity(written)).toBe(stored);
    expect(canonicalQuantity(stored)).toBe(stored);
  });

  it.each(['', 'm', '1.2.3', '1 Gi', 'Gi', '1ki'])('%j is none', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it('compare by what they amount to', () => {
    expect(new CelQuantity('1Gi').compareTo(new CelQuantity('1024Mi'))).toBe(0);
    expect(new CelQuantity('1G').compareTo(new CelQuantity('1Gi'))).toBe(-1);
    expect(new CelQuantity('2').asInteger()).toBe(2n);
    expect(() => new CelQuantity('500m').asInteger()).toThrow('cannot convert');
  });
});
