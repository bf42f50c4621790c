import { pino } from 'pino';
import { createEmbedder } from '../../../app/embeddings/create.js';
import { planMigration, succeedEmbedding, vectorModel } from '../../../operator/tenant/embedding.js';
import { tenantOf } from '../../support/tenants.js';

describe('the model of an embedding', () => {
  it.each([
    [{}],
    [{ provider: 'openai', dimensions: 1536 }],
    [{ provider: 'openai', model: 'text-embedding-3-large', dimensions: 3072 }],
    [{ provider: 'google', dimensions: 768 }],
    [{ provider: 'ollama', dimensions: 768 }],
    [{ provider: 'ollama', model: 'mxbai-embed-large', dimensions: 1024 }],
  ])('%j is called what the service writes beside its vectors', async (given) => {
    const { embedding } = tenantOf('acme', { providers: { embedding: given } }).spec.providers;
    const settings = {
      EMBEDDING_PROVIDER: embedding.provider,
      ...(embedding.model === undefined ? {} : { EMBEDDING_MODEL: embedding.model }),
      EMBEDDING_API_KEY: 'a-key',
      EMBEDDING_TIMEOUT_MS: 1_000,
      VECTOR_DIMENSIONS: embedding.dimensions,
    };
    const embedder = createEmbedder(settings, { log: pino({ level: 'silent' }) });
    expect(vectorModel(embedding)).toBe(embedder.model);
    await embedder.close();
  });
});

describe('a change of it', () => {
  const local = { provider: 'local', model: 'universal-sentence-encoder', dimensions: 512 };
  const ollama = { provider: 'ollama', dimensions: 768 };
  const on = { model: 'the usual one of ollama', progressPercent: 0 };

  it('is seen by what the status showed before, and stands until the vectors say that it is done', () => {
    expect(succeedEmbedding(undefined, local)).toEqual(local);
    expect(succeedEmbedding(local, local)).toEqual(local);
    const changed = succeedEmbedding(local, ollama);
    expect(changed).toEqual({ ...ollama, migration: on });
    expect(succeedEmbedding(changed, ollama)).toEqual(changed);
    expect(succeedEmbedding(changed, undefined)).toBeUndefined();
  });

  it.each([
    [{ vectors: 0, foreign: 0 }, undefined],
    [{ vectors: 8, foreign: 0 }, undefined],
    [{ vectors: 8, foreign: 8 }, 0],
    [{ vectors: 1_000, foreign: 1 }, 99],
  ])('is done by as much as %j says', (models, progressPercent) => {
    const wanted = progressPercent === undefined ? undefined : { model: 'new', progressPercent };
    expect(planMigration('new', models)).toEqual(wanted);
  });
});
