// LangGraph's PostgresStore in its fastest way: batches of 1,000 puts, no vectors.
import { readFileSync } from 'node:fs';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { createRandom, median, sentence } from './data.mjs';

const { facts, rounds, url, seed } = JSON.parse(readFileSync(0, 'utf8'));
const store = PostgresStore.fromConnString(url, { ensureTables: true });
await store.setup();
const random = createRandom(seed);
const rates = [];
for (let round = 0; round < rounds; round++) {
  const puts = Array.from({ length: facts }, (_, n) => ({
    ...{ namespace: ['bench', 'one'], key: `${round}-${n}` },
    value: { content: sentence(random, n) },
  }));
  const begun = performance.now();
  for (let at = 0; at < facts; at += 1000) await store.batch(puts.slice(at, at + 1000));
  rates.push((facts / (performance.now() - begun)) * 1000);
}
console.log(JSON.stringify({ perSecond: median(rates), rates }));
process.exit(0);
