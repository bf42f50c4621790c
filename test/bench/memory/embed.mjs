// npm run bench embed: B14. From text to stored, found facts beside the model alone; and that no text is embedded twice.
import { Pool } from 'undici';
import { createRandom, sentence } from './data.mjs';
import { alternate, ratioRow, seconds } from './rounds.mjs';
import { built, createTenant, startCluster, startService } from './stand.mjs';

const SENTENCES = 128;

const silent = { warn() {}, info() {}, error() {}, debug() {} };

export async function benchEmbed(args) {
  const rounds = args.includes('--quick') ? 3 : 8;
  const stand = await startCluster();
  const { createEmbedder } = await built('embeddings/create.js');
  const { readMemoryConfig } = await built('config.js');
  const tenant = await createTenant(stand, {
    EMBEDDING_PROVIDER: 'local',
    VECTOR_DIMENSIONS: '512',
    FIELD_ENCRYPTION: 'true',
  });
  const model = createEmbedder(readMemoryConfig(tenant.env), { log: silent });
  model.warm();
  while (model.state() !== 'ready') await new Promise((done) => setTimeout(done, 50));
  const child = await startService(tenant);
  const http = new Pool(child.url, { connections: 1 });
  const random = createRandom(61);
  let n = 0;
  const fresh = () => Array.from({ length: SENTENCES }, () => sentence(random, n++));
  let last = fresh();
  const post = async (texts) => {
    const body = JSON.stringify({ memories: texts.map((content) => ({ user_id: 'one', content })) });
    const headers = { 'x-api-key': tenant.adminKey, 'content-type': 'application/json' };
    const answer = await http.request({ method: 'POST', path: '/api/v1/memories?wait=indexed', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`an ingest was answered ${answer.statusCode}: ${text.slice(0, 300)}`);
  };
  try {
    const rates = await alternate(
      {
        model: async () => {
          const texts = fresh();
          return SENTENCES / (await seconds(() => model.embed(texts)));
        },
        stored: async () => {
          last = fresh();
          return SENTENCES / (await seconds(() => post(last)));
        },
        // The control: were the same texts embedded again, this would be no faster than the line above.
        again: async () => SENTENCES / (await seconds(() => post(last))),
      },
      rounds,
    );
    const again = ratioRow('control: the same texts once more / the model alone', rates.again, rates.model);
    if (again.ratio < 2) process.exitCode = 1;
    return [
      ratioRow('B14 text to stored and indexed, facts/s / the local model alone', rates.stored, rates.model, {
        aim: 0.95,
      }),
      { ...again, caught: again.ratio >= 2 },
    ];
  } finally {
    await http.close();
    await model.close();
    await child.end('SIGTERM');
    await stand.close();
  }
}
