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
      PORT: 4300,
      SERVICE_ENV: 'production',
      FORGETTING_INTERVAL_HOURS: 24,
      FORGETTING_THRESHOLD: 0.1,
      MAINTENANCE_INTERVAL_HOURS: 1,
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

  it.each([
    [
      'Milvus',
      { VECTOR_PROVIDER: 'milvus' },
      /VECTOR_PROVIDER="milvus" .* no adapter for Milvus: take qdrant or pgvector/,
    ],
    ['Pinecone', { VECTOR_PROVIDER: 'Pinecone' }, /VECTOR_PROVIDER="Pinecone" .* no adapter for Pinecone: take qdrant/],
    ['Qdrant without an address', { VECTOR_PROVIDER: 'qdrant' }, /VECTOR_DB_ENDPOINT is required by VECTOR_PROVIDER/],
    [
      'a threshold above 1',
      { FORGETTING_THRESHOLD: '10' },
      /FORGETTING_THRESHOLD="10" is not allowed; allowed: 0 to 1/,
    ],
    ['no hours at all', { FORGETTING_INTERVAL_HOURS: '0' }, /FORGETTING_INTERVAL_HOURS="0" .* more than 0, up to 8760/],
    ['two buckets', { S3_BUCKET: 'a-b', ARTIFACTS_BUCKET_URL: 's3://c-d' }, /S3_BUCKET and ARTIFACTS_BUCKET_URL both/],
    ['an endpoint of no bucket', { S3_ENDPOINT: 'http://s3:9000' }, /S3_ENDPOINT belongs to a bucket of S3/],
    ['half a credential', { S3_BUCKET: 'a-b', S3_ACCESS_KEY: 'me' }, /S3_SECRET is required by S3_ACCESS_KEY/],
    ['a bucket that cannot be', { S3_BUCKET: '../etc' }, /S3_BUCKET="..\/etc" is not allowed/],
  ])('refuses %s, and says what to do', (_, more, says) => {
    expect(() => readMemoryConfig({ ...complete, ...more })).toThrow(says);
  });

  it('takes the names that the deployment documents give', () => {
    const given = { SERVICE_ENV: 'staging', PORT: '4300', FORGETTING_THRESHOLD: '0.25', VECTOR_PROVIDER: 'postgresql' };
    expect(readMemoryConfig({ ...complete, ...given })).toMatchObject({
      ...{ SERVICE_ENV: 'staging', PORT: 4300, FORGETTING_THRESHOLD: 0.25, VECTOR_PROVIDER: 'pgvector' },
    });
  });

  it('knows providers and their keys, and the first key, by the documents’ names, and ours first', () => {
    const keys = { OPENAI_API_KEY: 'sk-openai', ANTHROPIC_API_KEY: 'sk-claude', GOOGLE_API_KEY: 'g' };
    const read = (env: object) => readMemoryConfig({ ...complete, ...keys, ...env });
    expect(read({ LLM_PROVIDER: 'claude', EMBEDDING_PROVIDER: 'openai', API_KEY: 'k'.repeat(16) })).toMatchObject({
      EXTRACTION_PROVIDER: 'claude',
      EXTRACTION_API_KEY: 'sk-claude',
      EMBEDDING_API_KEY: 'sk-openai',
      MEMPLANE_BOOTSTRAP_KEY: 'k'.repeat(16),
    });
    expect(read({ LLM_PROVIDER: 'claude', EXTRACTION_PROVIDER: 'google', EXTRACTION_API_KEY: 'own' })).toMatchObject({
      EXTRACTION_PROVIDER: 'google',
      EXTRACTION_API_KEY: 'own',
    });
    expect(read({}).EXTRACTION_API_KEY).toBeUndefined();
    expect(() => readMemoryConfig({ ...complete, LLM_PROVIDER: 'openai', EMBEDDING_PROVIDER: 'google' })).toThrow(
      /^EMBEDDING_API_KEY is required by .*\nEXTRACTION_API_KEY is required by .*without a key only local starts$/,
    );
    expect(() => read({ LLM_PROVIDER: 'hal', API_KEY: 'short' })).toThrow(
      /^API_KEY=\(hidden\) is not allowed; allowed: at least 16 characters\nLLM_PROVIDER="hal" is not allowed; allowed: local, claude/,
    );
  });

  it('names everything that is wrong at once, in order', () => {
    expect(() => readMigrateConfig({ LOG_LEVEL: 'loud' })).toThrow(
      /LOG_LEVEL[\s\S]*MEMPLANE_SERVICE_ROLE is required[\s\S]*MIGRATE_DATABASE_URL is required/,
    );
  });

  it('cannot be changed after it was read', () => {
    expect(Object.isFrozen(readMemoryConfig(complete))).toBe(true);
  });

  it.each([
    [{ MEMORY_PROVIDER: 'mem0' }, /MEMORY_PROVIDER_API_KEY is required/],
    [{ MEMORY_PROVIDER: 'letta' }, /MEMORY_PROVIDER_API_KEY is required/],
    [{ MEMORY_PROVIDER: 'openmemory' }, /OpenMemory has become/],
    [{ MEMORY_PROVIDER_URL: 'http://letta:8283' }, /MEMORY_PROVIDER_URL belongs to a provider/],
    [{ MEMORY_PROVIDER: 'letta', MEMORY_PROVIDER_URL: 'http://l', MEM0_ORG_ID: 'o' }, /MEM0_ORG_ID belongs to/],
    [{ EMBEDDING_NEXT_PROVIDER: 'openai' }, /EMBEDDING_NEXT_DIMENSIONS is required/],
    [{ EMBEDDING_NEXT_MODEL: 'x' }, /EMBEDDING_NEXT_MODEL belongs to EMBEDDING_NEXT_PROVIDER/],
    [
      { EMBEDDING_NEXT_PROVIDER: 'hash', EMBEDDING_NEXT_DIMENSIONS: '8', VECTOR_PROVIDER: 'pgvector' },
      /EMBEDDING_NEXT_PROVIDER works with VECTOR_PROVIDER="embedded"/,
    ],
  ])('says what is missing of a provider, or what belongs to another: %j', (given, message) => {
    expect(() => readMemoryConfig({ ...complete, ...given })).toThrow(message);
  });

  it('takes the other names of a provider’s key, of the provider that is taken', () => {
    const mem0 = { ...complete, MEMORY_PROVIDER: 'mem0', MEM0_API_KEY: 'k', LETTA_API_KEY: 'other' };
    expect(readMemoryConfig(mem0).MEMORY_PROVIDER_API_KEY).toBe('k');
    const letta = { ...complete, MEMORY_PROVIDER: 'letta', MEMORY_PROVIDER_URL: 'http://letta:8283' };
    expect(readMemoryConfig(letta).MEMORY_PROVIDER_API_KEY).toBeUndefined();
    expect(() => readMemoryConfig({ ...complete, MEM0_API_KEY: 'k' })).not.toThrow();
  });
});
