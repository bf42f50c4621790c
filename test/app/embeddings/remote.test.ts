import { createEmbedder } from '../../../app/embeddings/create.js';
import { EmbedderUnavailable } from '../../../app/embeddings/embedder.js';
import { type ModelRequest, type ModelServer, plainFetch, startModelServer } from '../../support/model-servers.js';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer(() => ({}));
});
afterAll(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

/** Of a text its length, so that the order can be checked. */
const vectorOf = (text: string): number[] => [text.length, 0, 0, 1];
const ANSWERS: Readonly<Record<string, (request: ModelRequest) => unknown>> = {
  openai: ({ body }) => ({
    object: 'list',
    // Out of order, as it may come.
    data: body.input.map((text: string, index: number) => ({ index, embedding: vectorOf(text) })).reverse(),
    usage: { prompt_tokens: 7, total_tokens: 7 },
  }),
  google: ({ body }) => ({
    embeddings: body.requests.map(({ content }: { content: { parts: [{ text: string }] } }) => ({
      values: vectorOf(content.parts[0].text),
    })),
  }),
  ollama: ({ body }) => ({ model: 'm', embeddings: body.input.map(vectorOf), prompt_eval_count: 7 }),
};

const tokens: number[] = [];
const open = (provider: string, dimensions = 4) =>
  createEmbedder(
    {
      EMBEDDING_PROVIDER: provider,
      EMBEDDING_MODEL: 'a-model',
      EMBEDDING_ENDPOINT: server.url,
      EMBEDDING_API_KEY: 'a-key',
      EMBEDDING_TIMEOUT_MS: 60_000,
      VECTOR_DIMENSIONS: dimensions,
    },
    {
      log: { info: () => undefined, error: () => undefined },
      onTokens: (count) => void tokens.push(count),
      fetch: plainFetch,
    },
  );

describe.each(['openai', 'google', 'ollama'])('embeddings of %s', (provider) => {
  beforeEach(() => {
    server.script = (request) => ({ body: ANSWERS[provider]?.(request) });
  });

  it('come in order, of length one, in batches, with what they cost', async () => {
    tokens.length = 0;
    const texts = Array.from({ length: 100 }, (_, index) => 'x'.repeat(index + 1));
    const vectors = await open(provider).embed(texts);
    expect(vectors).toHaveLength(100);
    vectors.forEach((vector, index) => {
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      expect((vector[0] as number) / (vector[3] as number)).toBeCloseTo(index + 1, 2);
    });
    expect(server.requests).toHaveLength(2);
    expect(tokens.length).toBe(2);
    expect(Math.min(...tokens)).toBeGreaterThan(0);
  });

  it('of another size are refused before anything is written', async () => {
    const failure = await open(provider, 5)
      .embed(['hello'])
      .catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(EmbedderUnavailable);
    expect((failure as Error).message).toContain('vectors of 4 dimensions, not 5');
    expect((failure as Error).message).toContain('VECTOR_DIMENSIONS');
  });

  it('rest a while after a failure, and the service says so', async () => {
    server.script = () => ({ status: 401, body: { error: { message: 'no' } } });
    const embedder = open(provider);
    expect(embedder.state()).toBe('ready');
    await expect(embedder.embed(['a'])).rejects.toThrow('Check EMBEDDING_API_KEY.');
    expect(embedder.state()).toBe('failed');
    await expect(embedder.embed(['a'])).rejects.toThrow('failed a moment ago');
    expect(server.requests).toHaveLength(1);
  });
});

it('need a key', () => {
  expect(() =>
    createEmbedder(
      {
        EMBEDDING_PROVIDER: 'openai',
        EMBEDDING_MODEL: undefined as unknown as string,
        EMBEDDING_TIMEOUT_MS: 1,
        VECTOR_DIMENSIONS: 4,
      },
      { log: { info: () => undefined, error: () => undefined } },
    ),
  ).toThrow('EMBEDDING_API_KEY is required by EMBEDDING_PROVIDER=openai');
});
