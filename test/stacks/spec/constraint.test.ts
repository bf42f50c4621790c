import { admitsFrom } from '../../../stacks/spec/constraint.js';

describe('a version constraint', () => {
  it.each([
    ['~> 6.25', true],
    ['~> 5.100', true],
    ['~> 5.99', true],
    ['~> 5.99.0', false],
    ['~> 4.67', false],
    ['5.100.0', true],
    ['= 5.99.0', false],
    ['>= 5.0', true],
    ['>= 5.0, < 5.100.0', false],
    ['>= 5.100.0, < 7.0.0', true],
    ['>= 7.0.0, < 6.0.0', false],
  ] as const)('%s admits 5.100.0 or later: %s', (constraint, admits) => {
    expect(admitsFrom(constraint, '5.100.0')).toBe(admits);
  });

  it.each(['latest', '', '6.x', '~> 6.25 || 7', '>= 6.0,'])('is not %j', (text) => {
    expect(admitsFrom(text, '5.100.0')).toBeUndefined();
  });
});
