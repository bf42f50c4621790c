import { type KeysObservation, planKeys } from '../../../../../operator/tenant/phases/keys/plan.js';

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
