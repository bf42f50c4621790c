import { buildName, checkName, NAME_RULES } from '../../../infra/support/naming.js';

describe('the names of the vendors', () => {
  it.each([
    { cloud: 'aws', what: 'bucket', name: 'Memplane', because: 'S3 takes lower case only' },
    { cloud: 'aws', what: 'bucket', name: 'a'.repeat(64), because: '63 is the limit' },
    { cloud: 'aws', what: 'key', name: 'alias/aws/mine', because: 'alias/aws is reserved' },
    { cloud: 'aws', what: 'keyStore', name: 'aws-prod', because: 'a prefix must not begin with aws-' },
    { cloud: 'aws', what: 'role', name: 'r'.repeat(65), because: '64 is the limit' },
    { cloud: 'gcp', what: 'bucket', name: 'my-google-bucket', because: 'google is reserved' },
    { cloud: 'gcp', what: 'bucket', name: 'goog-bucket', because: 'goog is reserved in front' },
    { cloud: 'gcp', what: 'role', name: 'memplane-prod', because: 'roles take no hyphen' },
    { cloud: 'azure', what: 'bucket', name: 'mp-prod-audit', because: 'accounts take no hyphen' },
    { cloud: 'azure', what: 'bucket', name: 'a'.repeat(25), because: '24 is the limit' },
    { cloud: 'azure', what: 'keyStore', name: 'mp--prod', because: 'vaults take no two hyphens in a row' },
    { cloud: 'azure', what: 'keyStore', name: 'mp-prod-', because: 'nor one at the end' },
    { cloud: 'azure', what: 'container', name: 'ab', because: '3 is the least' },
  ] as const)('refuse $name as a $what on $cloud: $because', ({ cloud, what, name }) => {
    expect(() => checkName(cloud, what, name)).toThrow(`${cloud} ${what} name: needs`);
  });

  it('name the value, the rule and its source when they refuse', () => {
    expect(() => buildName('azure', 'bucket', ['mpproduction', 'accesslogs', 'abcdef'])).toThrow(
      /got "mpproductionaccesslogsabcdef"\); shorten .*learn\.microsoft\.com/,
    );
  });

  it('are joined as each cloud wants them', () => {
    expect(buildName('aws', 'bucket', ['memplane-prod', 'audit', '111122223333'])).toBe(
      'memplane-prod-audit-111122223333',
    );
    expect(buildName('azure', 'bucket', ['mpprod', 'audit', 'ab12cd'])).toBe('mpprodauditab12cd');
  });

  it('have a source for every rule', () => {
    const rules = Object.values(NAME_RULES).flatMap((ofCloud) => Object.values(ofCloud));
    for (const rule of rules) expect(rule.source).toMatch(/^(https:\/\/|ours: )/);
    expect(rules.length).toBe(36);
  });
});
