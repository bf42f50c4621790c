import { ageOf, describeAge } from '../../../../../operator/local/api-server/tables/age.js';

describe('an age', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [599, '9m59s'],
    [3600, '60m'],
    [3 * 3600, '3h'],
    [7 * 3600 + 1800, '7h30m'],
    [47 * 3600, '47h'],
    [3 * 86_400 + 7200, '3d2h'],
    [30 * 86_400, '30d'],
    [3 * 365 * 86_400, '3y'],
  ])('of %d seconds is %s', (seconds, text) => {
    expect(describeAge(seconds)).toBe(text);
  });

  it('of what has no time is unknown', () => {
    expect(ageOf(undefined, 0)).toBe('<unknown>');
    expect(ageOf('1970-01-01T00:00:00Z', 5000)).toBe('5s');
  });
});
