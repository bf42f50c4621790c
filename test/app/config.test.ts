import { ConfigError, readMemoryConfig, readMigrateConfig } from '../../app/config.js';

const complete = {
  DATABASE_URL: 'postgres://u:p@h/d',
  MEMPLANE_TENANT_ID: '7F3C0000-0000-4000-8000-000000000000',
  KEYS_BUCKET_URL: 'file:///keys',
  KMS_KEY_ID: '/kms.key',
};

describe('configuration', () => {
  it('has a default for all but what only the operator can know', () => {
    expect(readMemoryConfig(complete)).toMatchObject({
      PORT: 8283,
      EMBEDDING_PROVIDER: 'local',
      VECTOR_DIMENSIONS: 512,
      FIELD_ENCRYPTION: true,
      CORS_ORIGINS: [],
      MEMPLANE_NAMESPACE: 'mem-default',
      MEMPLANE_TENANT_ID: '7f3c0000-0000-4000-8000-000000000000',
    });
  });

  it('reads lists, switches and numbers, and takes an empty value for none', () => {
    const config = readMemoryConfig({
      ...complete,
      CORS_ORIGINS: 'https://a.example, http://b.example:8080',
      FIELD_ENCRYPTION: 'false',
      PORT: '0',
      LOG_LEVEL: '',
    });
    expect(config).toMatchObject({
      CORS_ORIGINS: ['https://a.example', 'http://b.example:8080'],
      FIELD_ENCRYPTION: false,
      PORT: 0,
      LOG_LEVEL: 'info',
    });
  });

  it.each([
    ['a wildcard origin', { CORS_ORIGINS: 'https://*.example' }, 'CORS_ORIGINS='],
    ['a bootstrap key of 15 characters', { MEMPLANE_BOOTSTRAP_KEY: 'x'.repeat(15) }, 'MEMPLANE_BOOTSTRAP_KEY=(hidden)'],
    ['a database that is none', { DATABASE_URL: 'mysql://root:hunter2@h/d' }, 'DATABASE_URL=(hidden)'],
    ['an unknown name of ours', { MEMPLANE_TENNANT: 'x' }, 'MEMPLANE_TENNANT is not a known key'],
    [
      'a switch that is no switch',
      { METRICS_ENABLED: 'yes' },
      'METRICS_ENABLED="yes" is not allowed; allowed: true or false',
    ],
  ])('refuses %s', (_, more, says) => {
    expect(() => readMemoryConfig({ ...complete, ...more })).toThrow(ConfigError);
    expect(() => readMemoryConfig({ ...complete, ...more })).toThrow(says);
  });

  it('names everything that is wrong at once, in order', () => {
    expect(() => readMigrateConfig({ LOG_LEVEL: 'loud' })).toThrow(
      /LOG_LEVEL[\s\S]*MEMPLANE_SERVICE_ROLE is required[\s\S]*MIGRATE_DATABASE_URL is required/,
    );
  });

  it('cannot be changed after it was read', () => {
    expect(Object.isFrozen(readMemoryConfig(complete))).toBe(true);
  });
});
