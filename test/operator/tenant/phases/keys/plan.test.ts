import { isRotationDue, type KeysObservation, planKeys } from '../../../../../operator/tenant/phases/keys/plan.js';

const none: KeysObservation = { atNamespace: false, retained: false, hasData: false };

describe('the keys plan', () => {
  it.each<[string, Partial<KeysObservation>, string]>([
    ['gives birth for a new tenant', {}, 'birth'],
    ['does nothing when the keyring is where it belongs', { atNamespace: true, hasData: true }, 'none'],
    ['moves a retained keyring back', { retained: true, hasData: true }, 'moveBack'],
    ['finishes a move that was cut off', { retained: true, atNamespace: true, hasData: true }, 'moveBack'],
    ['never hides the loss of a keyring behind a new one', { hasData: true }, 'refuse'],
  ])('%s', (_, observed, action) => {
    expect(planKeys({ ...none, ...observed })).toMatchObject({ action });
  });
});

describe('a new tenant key', () => {
  const made = { epoch: 7, rotatedTime: '2026-01-01T00:00:00.000000Z' };

  it.each<[string, number, string, boolean]>([
    ['the day before', 365, '2026-12-31T23:59:59Z', false],
    ['on the day', 365, '2027-01-01T00:00:00Z', true],
    ['long after, while the offer waits', 365, '2030-01-01T00:00:00Z', true],
    ['after fewer days, when the tenant says so', 30, '2026-02-01T00:00:00Z', true],
  ])('%s is due: of %i days at %s', (_, days, now, due) => {
    expect(isRotationDue(made, days, new Date(now))).toBe(due);
  });

  it('is never due before a pod has completed the keyring', () => {
    expect(isRotationDue({ ...made, epoch: 0 }, 1, new Date('2030-01-01T00:00:00Z'))).toBe(false);
  });
});
