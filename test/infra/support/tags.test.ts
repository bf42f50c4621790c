import { buildTags } from '../../../infra/support/tags.js';

const TAGS = { owner: 'Platform@example.com', costCenter: 'Memory 7' };

describe('tags', () => {
  it('keep their spelling where the cloud allows it', () => {
    const expected = {
      costCenter: 'Memory 7',
      'managed-by': 'memplane',
      owner: 'Platform@example.com',
      purpose: 'audit',
    };
    expect(buildTags('aws', TAGS, 'audit')).toEqual(expected);
    expect(buildTags('azure', TAGS, 'audit')).toEqual(expected);
  });

  it('become labels on Google Cloud, which take lower case, digits, _ and - only', () => {
    expect(buildTags('gcp', TAGS, 'accessLogs')).toEqual({
      'cost-center': 'memory-7',
      'managed-by': 'memplane',
      owner: 'platform-example-com',
      purpose: 'access-logs',
    });
  });

  it('are cut to 63 characters on Google Cloud', () => {
    expect(buildTags('gcp', { owner: 'x'.repeat(80) }, 'audit').owner).toHaveLength(63);
  });
});
