import { type AccountConfig, checkAccount } from '../../../infra/account/contract.js';
import { SITES, TAGS } from '../sites.js';

const config: AccountConfig = {
  site: SITES.aws,
  name: 'memplane-test',
  tags: TAGS,
  pipeline: { issuer: 'https://issuer.example.com', subject: 'repo:example/infrastructure:environment:test' },
  people: { compliance: ['arn:aws:iam::111122223333:role/people'], breakGlass: [] },
  groups: { bootstrap: 'b', vault: 'v', plane: 'p' },
  audit: 'arn:aws:s3:::audit',
  auditKey: 'alias/audit',
  state: 'arn:aws:s3:::state',
  stateKey: 'alias/state',
};
const pipeline = { issuer: 'https://issuer.example.com', subject: 'repo:example/infrastructure:ref:main' };

describe('an account', () => {
  it('trusts one pipeline and named people', () => {
    expect(() => checkAccount(config)).not.toThrow();
  });

  it.each([
    { given: { pipeline: { ...pipeline, subject: 'repo:example/*' } }, says: 'would admit others than this pipeline' },
    { given: { pipeline: { ...pipeline, issuer: 'http://issuer' } }, says: 'not an issuer (got "http://issuer")' },
    {
      given: { people: { compliance: ['*'], breakGlass: [] } },
      says: 'people.compliance: not one principal (got "*")',
    },
  ])('does not trust $given', ({ given, says }) => {
    expect(() => checkAccount({ ...config, ...given })).toThrow(says);
  });
});
