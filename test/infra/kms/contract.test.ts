import { withKmsDefaults } from '../../../infra/kms/contract.js';
import { AWS, AZURE, GCP, TAGS } from '../sites.js';

const config = { site: AWS, name: 'memplane-test', purposes: ['audit'], tags: TAGS } as const;

describe('a set of keys', () => {
  it('rotates every 90 days, can be brought back for 30 and is in an HSM unless told otherwise', () => {
    expect(withKmsDefaults(config)).toMatchObject({ rotationDays: 90, deletionWindowDays: 30, protection: 'Hsm' });
  });

  it.each([{ rotationDays: 180 }, { deletionWindowDays: 7 }, { protection: 'Software' as const }])(
    'keeps the defaults of the other fields when one is given: %j',
    (given) => {
      const defaults = { rotationDays: 90, deletionWindowDays: 30, protection: 'Hsm' };
      expect(withKmsDefaults({ ...config, ...given })).toMatchObject({ ...defaults, ...given });
    },
  );

  it.each([
    { site: AWS, field: 'rotationDays', value: 30, allowed: '90 to 2560' },
    { site: AWS, field: 'deletionWindowDays', value: 60, allowed: '7 to 30' },
    { site: GCP, field: 'deletionWindowDays', value: 121, allowed: '1 to 120' },
    { site: AZURE, field: 'deletionWindowDays', value: 6, allowed: '7 to 90' },
    { site: AZURE, field: 'rotationDays', value: 90.5, allowed: '90 to 2560' },
  ])('refuses $field $value, which the vendor does not take', ({ site, field, value, allowed }) => {
    expect(() => withKmsDefaults({ ...config, site, [field]: value })).toThrow(
      `kms memplane-test.${field}: must be ${allowed} days (got ${value}); set kms.* in the spec`,
    );
  });
});
