import { fingerprint, fingerprintEntries } from '../../../charts/manifests/fingerprint.js';

describe('fingerprint', () => {
  it.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('of %j is what FNV-1a says', (text, expected) => {
    expect(fingerprint(text)).toBe(expected);
  });

  it('of entries does not depend on their order, but on what belongs to what', () => {
    expect(fingerprintEntries({ a: '1', b: '2' })).toBe(fingerprintEntries({ b: '2', a: '1' }));
    expect(fingerprintEntries({ a: '1', b: '2' })).not.toBe(fingerprintEntries({ a: '2', b: '1' }));
    expect(fingerprintEntries({ a: '1b' })).not.toBe(fingerprintEntries({ a: '1', b: '' }));
  });
});
