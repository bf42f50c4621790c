// mem0 in its fastest way: no language model, the vectors given, its store in this process.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClustered, createRandom, median, sentence, toBase64 } from './data.mjs';

const { facts, queries, seed, dimensions } = JSON.parse(readFileSync(0, 'utf8'));
const home = mkdtempSync(join(tmpdir(), 'bench-mem0-'));
process.env.HOME = home;
process.chdir(home);
const { Memory } = await import('mem0ai/oss');

const [random, vector] = [createRandom(seed), createClustered(seed + 1, { dimensions })];
const known = new Map();
const remember = (text) => {
  known.set(text, [...vector()]);
  return text;
};
const embedder = {
  embedQuery: async (text) => known.get(text),
  embedDocuments: async (texts) => texts.map((text) => known.get(text)),
};
const memory = new Memory({
  embedder: { provider: 'langchain', config: { model: embedder, embeddingDims: dimensions } },
  vectorStore: {
    provider: 'memory',
    config: { collectionName: 'bench', dimension: dimensions, dbPath: join(home, 'v.db') },
  },
  llm: { provider: 'langchain', config: { model: { invoke: async () => ({ content: '{}' }) } } },
  historyDbPath: join(home, 'h.db'),
});
const texts = Array.from({ length: facts }, (_, n) => remember(sentence(random, n)));
let begun = performance.now();
for (const text of texts) await memory.add(text, { userId: 'one', infer: false });
const perSecond = (facts / (performance.now() - begun)) * 1000;
const times = [];
for (let n = 0; n < queries; n++) {
  const text = remember(`query ${n}`);
  begun = performance.now();
  await memory.search(text, { filters: { user_id: 'one' }, topK: 10 });
  times.push(performance.now() - begun);
}
const interfaces = Object.keys(networkInterfaces());
console.log(
  JSON.stringify({
    perSecond,
    p50: times.length ? median(times) : null,
    interfaces,
    base64: toBase64(vector()).length,
  }),
);
rmSync(home, { recursive: true, force: true });
process.exit(0);
