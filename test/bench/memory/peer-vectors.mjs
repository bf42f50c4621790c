// One vector store a run: takes the same vectors, answers the same queries, tells how fast and how rightly.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './data.mjs';

const given = JSON.parse(readFileSync(0, 'utf8'));
const read = (text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
const vectors = given.vectors.map(read);
const queries = given.queries.map(read);
const home = mkdtempSync(join(tmpdir(), 'bench-peer-'));
const require = createRequire(import.meta.url);
const K = 10;

/** Each opens on a folder, takes all vectors under their numbers and gives a search that answers with numbers. */
const STORES = {
  'sqlite-vec': async () => {
    const Database = require('better-sqlite3');
    const db = new Database(join(home, 'vec.db'));
    require('sqlite-vec').load(db);
    db.exec(`CREATE VIRTUAL TABLE v USING vec0(vector float[${given.dimensions}] distance_metric=cosine)`);
    const insert = db.prepare('INSERT INTO v (rowid, vector) VALUES (?, ?)');
    db.transaction(() => {
      for (const [n, vector] of vectors.entries()) insert.run(BigInt(n + 1), Buffer.from(vector.buffer));
    })();
    const find = db.prepare(`SELECT rowid FROM v WHERE vector MATCH ? AND k = ${K}`);
    return (query) => find.all(Buffer.from(query.buffer)).map(({ rowid }) => Number(rowid) - 1);
  },
  lancedb: async () => {
    const { connect } = require('@lancedb/lancedb');
    const table = await (await connect(home)).createTable(
      'v',
      vectors.map((vector, n) => ({ n, vector: [...vector] })),
    );
    return async (query) =>
      (
        await table
          .search([...query])
          .select(['n'])
          .limit(K)
          .toArray()
      ).map(({ n }) => Number(n));
  },
  zvec: async () => {
    const z = require('@zvec/zvec');
    const schema = new z.ZVecCollectionSchema({
      name: 'bench',
      vectors: [
        {
          ...{ name: 'v', dataType: z.ZVecDataType.VECTOR_FP32, dimension: given.dimensions },
          indexParams: { indexType: z.ZVecIndexType.HNSW, metricType: z.ZVecMetricType.COSINE },
        },
      ],
      fields: [],
    });
    const store = z.ZVecCreateAndOpen(join(home, 'zvec'), schema);
    for (let at = 0; at < vectors.length; at += 1000) {
      store.insertSync(
        vectors.slice(at, at + 1000).map((vector, n) => ({ id: String(at + n), vectors: { v: vector }, fields: {} })),
      );
    }
    store.optimizeSync();
    return (query) => store.querySync({ fieldName: 'v', vector: query, topk: K }).map(({ id }) => Number(id));
  },
};

const search = await STORES[given.name]();
for (const query of queries.slice(0, 10)) await search(query);
const times = [];
let hits = 0;
for (const [n, query] of queries.entries()) {
  const begun = performance.now();
  const found = await search(query);
  times.push(performance.now() - begun);
  const best = new Set(given.best[n]);
  hits += found.filter((one) => best.has(one)).length;
}
console.log(JSON.stringify({ p50: median(times), recall: hits / (queries.length * K) }));
rmSync(home, { recursive: true, force: true });
process.exit(0);
