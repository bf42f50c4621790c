// LangGraph's PostgresStore with vectors: pgvector in PGlite, over its socket. Takes the same vectors, answers the same queries.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { median } from './data.mjs';

const K = 10;
const given = JSON.parse(readFileSync(0, 'utf8'));
const read = (text) => [...new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)];
const known = new Map();
for (const [n, text] of given.vectors.entries()) known.set(`fact ${n}`, read(text));
for (const [n, text] of given.queries.entries()) known.set(`query ${n}`, read(text));
const embeddings = {
  embedQuery: async (text) => known.get(text),
  embedDocuments: async (texts) => texts.map((text) => known.get(text)),
};

const freePort = () =>
  new Promise((found) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
const db = await PGlite.create({ extensions: { vector } });
const port = await freePort();
const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1' });
await server.start();
const store = PostgresStore.fromConnString(`postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`, {
  ensureTables: true,
  index: { dims: given.dimensions, embed: embeddings, fields: ['content'] },
});
await store.setup();
for (let at = 0; at < given.vectors.length; at += 500) {
  const some = given.vectors.slice(at, at + 500);
  await store.batch(
    some.map((_, n) => ({ namespace: ['bench'], key: String(at + n), value: { content: `fact ${at + n}` } })),
  );
}
const search = async (n) =>
  (await store.search(['bench'], { query: `query ${n}`, limit: K })).map(({ key }) => Number(key));
for (let n = 0; n < 3; n++) await search(n);
const times = [];
let hits = 0;
const asked = Math.min(given.queries.length, 30);
for (let n = 0; n < asked; n++) {
  const begun = performance.now();
  const found = await search(n);
  times.push(performance.now() - begun);
  const best = new Set(given.best[n]);
  hits += found.filter((one) => best.has(one)).length;
}
console.log(JSON.stringify({ p50: median(times), recall: hits / (asked * K) }));
process.exit(0);
