import fc from 'fast-check';
import { equalQuantities, parseQuantity } from '../../../operator/runtime/quantity.js';

describe('quantities', () => {
  it.each([
    ['1000m', '1', true],
    ['0.5', '500m', true],
    ['1024Mi', '1Gi', true],
    ['1.5Gi', '1536Mi', true],
    ['1e3', '1k', true],
    ['1E', '1e18', true],
    ['+1', '1', true],
    ['.5', '500m', true],
    ['1G', '1Gi', false],
    ['1m', '1M', false],
    ['10', '1', false],
    ['1x', '1x', false],
    ['', '', false],
    ['1e9999999', '1e9999999', false],
  ])('%s and %s: the same amount? %s', (a, b, same) => {
    expect(equalQuantities(a, b)).toBe(same);
  });

  it('reads every whole number of every binary and decimal unit exactly', () => {
    const units = { k: 10n ** 3n, M: 10n ** 6n, G: 10n ** 9n, Ki: 2n ** 10n, Mi: 2n ** 20n, Gi: 2n ** 30n, '': 1n };
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.constantFrom(...Object.entries(units)),
        (n, [unit, size]) => expect(parseQuantity(`${n}${unit}`)).toBe(n * size * 10n ** 9n),
      ),
      { seed: 20261121 },
    );
  });
});
