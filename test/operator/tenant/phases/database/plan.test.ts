import type { DatabaseObservation } from '../../../../../operator/tenant/phases/database/observe.js';
import { planDatabase } from '../../../../../operator/tenant/phases/database/plan.js';

const role = { exists: true, canLogin: true };
const settled: DatabaseObservation = {
  groupReady: true,
  owner: role,
  service: role,
  auditor: { exists: true, canLogin: false },
  schemaExists: true,
  secret: { uid: 'u1', complete: true },
  credentialSecretUid: 'u1',
};

describe('the database plan', () => {
  it.each<[string, Partial<DatabaseObservation>, readonly string[]]>([
    ['is empty when everything is there', {}, []],
    [
      'makes everything for a new tenant, the Secret before the passwords that come from it',
      {
        groupReady: false,
        owner: { exists: false, canLogin: false },
        service: { exists: false, canLogin: false },
        auditor: { exists: false, canLogin: false },
        schemaExists: false,
        secret: undefined,
        credentialSecretUid: undefined,
      },
      ['writeCredential', 'createGroup', 'createRole', 'createRole', 'createRole', 'createSchema', 'setPasswords'],
    ],
    [
      'sets the passwords again when the operator died before it noted that',
      { credentialSecretUid: undefined },
      ['setPasswords'],
    ],
    ['makes new passwords when the Secret was deleted', { secret: undefined }, ['writeCredential', 'setPasswords']],
    [
      'makes new passwords when the Secret was damaged',
      { secret: { uid: 'u1', complete: false } },
      ['writeCredential', 'setPasswords'],
    ],
    [
      'gives a tenant of before there was one its auditor',
      { auditor: { exists: false, canLogin: false } },
      ['createRole'],
    ],
    ['lets a re-attached tenant log in again', { service: { exists: true, canLogin: false } }, ['setPasswords']],
  ])('%s', (_, change, actions) => {
    expect(planDatabase({ ...settled, ...change }).map((step) => step.action)).toEqual(actions);
  });
});
