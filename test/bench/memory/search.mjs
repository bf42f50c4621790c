// npm run bench search: B4, B5, B6. What a search costs beside the index and the wire that it cannot do without.
// --facts 30000 of B4, --sizes 1000,10000,100000 of B5, --only B4,B6.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { Pool } from 'undici';
import { createClustered, createDrafts, DIMENSIONS, median, quantile, toBase64 } from './data.mjs';
import { installPeers, runPeer } from './peers.mjs';
import { alternate, ratioRow, seconds } from './rounds.mjs';
import { built, createTenant, openService, startCluster, startService } from './stand.mjs';

const usearch = createRequire(import.meta.url)('usearch');
const FACTS = 30_000;
const SIZES = '1000,10000,100000';
const QUERIES = 100;
const K = 10;

/** Stores drafts of one person and keeps what an exact answer needs. */
export async function load(service, drafts, facts, user) {
  const { createMemories } = await built('memories/batch.js');
  const known = new Map();
  for (let done = 0; done < facts; done += 1000) {
    const batch = drafts(Math.min(1000, facts - done), user);
    const { results } = await createMemories(service.deps, service.caller, batch, { onError: 'abort' }, async () => {});
    for (const [n, { id }] of results.entries()) {
      const bytes = Uint8Array.from(Buffer.from(batch[n].vector, 'base64'));
      known.set(id, new Float32Array(bytes.buffer));
    }
  }
  return known;
}

export function exactTop(known, query, k = K) {
  const scored = [];
  for (const [id, vector] of known) {
    let dot = 0;
    for (let at = 0; at < vector.length; at++) dot += vector[at] * query[at];
    scored.push([dot, id]);
  }
  return new Set(
    scored
      .sort((a, b) => b[0] - a[0])
      .slice(0, k)
      .map(([, id]) => id),
  );
}

/** Questions near what is stored, none of which is stored itself: that one finds itself says little. */
const questions = (seed) => Array.from({ length: QUERIES }, createClustered(seed, { own: seed + 1_000 }));

/** The first question reads the person's vectors in; until then an answer is of those that were read, and says so. */
async function warmUp(answer) {
  for (const until = Date.now() + 60_000; ; await new Promise((done) => setTimeout(done, 100))) {
    const { results, degraded } = await answer();
    if (degraded.length === 0 && results.length === K) return;
    if (Date.now() > until)
      throw new Error(`after a minute a search still says: ${degraded.join(', ') || 'nothing found'}`);
  }
}

/** A client over one connection: what one user waits for. */
export function openClient(url, key, connections = 1) {
  const pool = new Pool(url, { connections });
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  /** The answer as it comes: what a client makes of it is the same work for every server. */
  const ask = async (body) => {
    const sent = { method: 'POST', path: '/api/v1/memories/search', headers, body: JSON.stringify(body) };
    const answer = await pool.request(sent);
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`a search was answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return text;
  };
  const search = async (body) => JSON.parse(await ask(body)).results;
  return { pool, ask, search, close: () => pool.close() };
}

const bareServer = async (bytes) => {
  const body = Buffer.alloc(bytes, 'x');
  const server = createServer((request, response) => request.resume().on('end', () => response.end(body)));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
};

const p50 = async (queries, work) => {
  const times = [];
  for (const query of queries) times.push((await seconds(() => work(query))) * 1000);
  return median(times);
};

const buildIndex = (known) => {
  const index = new usearch.Index({
    ...{ dimensions: DIMENSIONS, metric: usearch.MetricKind.Cos, quantization: usearch.ScalarKind.F16, multi: false },
    ...{ connectivity: 16, expansion_add: 128, expansion_search: 96 },
  });
  let key = 0n;
  for (const vector of known.values()) index.add(key++, vector, 1);
  return index;
};

/** B4: through HTTP beside the raw index on the same vectors and an HTTP server that answers as many bytes. */
async function benchLatency(stand, rounds, facts) {
  const tenant = await createTenant(stand, { VECTOR_DIMENSIONS: String(DIMENSIONS), FIELD_ENCRYPTION: 'true' });
  const service = await openService(tenant);
  const known = await load(service, createDrafts(21), facts, 'one');
  await service.stop();
  const child = await startService(tenant);
  const client = openClient(child.url, tenant.adminKey);
  const queries = questions(22);
  const bodyOf = (query, more = {}) => ({
    ...{ user_id: 'one', mode: 'semantic', vector: toBase64(query), limit: K },
    ...more,
  });
  const ask = (query) => client.search(bodyOf(query));
  await warmUp(async () => JSON.parse(await client.ask(bodyOf(queries[0]))));
  let hits = 0;
  for (const query of queries) {
    const best = exactTop(known, query);
    hits += (await ask(query)).filter(({ id }) => best.has(id)).length;
  }
  const index = buildIndex(known);
  const bare = await bareServer(JSON.stringify(await ask(queries[0])).length);
  const wire = new Pool(bare.url, { connections: 1 });
  const post = async (query) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ vector: toBase64(query) });
    await (await wire.request({ method: 'POST', path: '/', headers, body })).body.text();
  };
  // Ten times over, as a service that runs: its code is compiled and its statements are planned then.
  for (let round = 0; round < 10; round++) {
    await p50(queries, (query) => client.ask(bodyOf(query)));
    await p50(queries, post);
  }
  try {
    const rates = await alternate(
      {
        raw: async () => (await p50(queries, async (query) => index.search(query, K, 1))) + (await p50(queries, post)),
        search: () => p50(queries, (query) => client.ask(bodyOf(query))),
        slow: () => p50(queries.slice(0, 30), (query) => client.ask(bodyOf(query, { limit: 200, include: 'vector' }))),
      },
      rounds,
    );
    const caught = median(rates.slow) > median(rates.search) * 1.5;
    if (!caught) process.exitCode = 1;
    const recall = hits / (QUERIES * K);
    return [
      ratioRow(`B4 search through HTTP, p50 ms / usearch f16 + bare HTTP, ${facts} facts`, rates.search, rates.raw, {
        aim: '<= 1.5',
        recall,
      }),
      { ...ratioRow('control: 200 results with their vectors / the same', rates.slow, rates.raw), caught },
    ];
  } finally {
    await wire.close();
    bare.close();
    await client.close();
    await child.end('SIGTERM');
  }
}

/** B5: one client, one query after the other, on identical data; a peer runs in a process of its own. */
async function benchPeers(stand, size) {
  const peers = installPeers();
  const tenant = await createTenant(stand, { VECTOR_DIMENSIONS: String(DIMENSIONS), FIELD_ENCRYPTION: 'true' });
  const service = await openService(tenant);
  const known = await load(service, createDrafts(31), size, 'one');
  const queries = questions(32);
  const { searchMemories } = await built('search/search.js');
  const answer = (query) => {
    const body = { user_id: 'one', mode: 'semantic', vector: toBase64(query), limit: K };
    return searchMemories(service.deps, service.caller, body);
  };
  const ask = async (query) => (await answer(query)).results;
  await warmUp(() => answer(queries[0]));
  const truth = queries.map((query) => exactTop(known, query));
  // As the peers, it has answered before it is timed.
  for (let round = 0; round < 3; round++) await p50(queries, ask);
  const mine = await p50(queries, ask);
  let hits = 0;
  for (const [n, query] of queries.entries()) hits += (await ask(query)).filter(({ id }) => truth[n].has(id)).length;
  await service.stop();
  const rows = [
    {
      what: `B5 memplane in process, sealed, durable, ${size} facts, p50 ms`,
      value: mine,
      recall: hits / (QUERIES * K),
    },
  ];
  const vectors = [...known.values()].map(toBase64);
  const asked = queries.map(toBase64);
  const names = new Map([...known.keys()].map((id, n) => [id, n]));
  const best = truth.map((ids) => [...ids].map((id) => names.get(id)));
  const given = { vectors, queries: asked, best, dimensions: DIMENSIONS };
  for (const [name, peer] of [
    ['sqlite-vec', 'sqlite-vec'],
    ['zvec', '@zvec/zvec'],
    ['lancedb', '@lancedb/lancedb'],
  ]) {
    const found = peers.has(peer) ? await runPeer('peer-vectors.mjs', { ...given, name }) : undefined;
    rows.push(peerRow(`${name} ${peers.get(peer)}`, size, mine, found));
  }
  const langgraph = '@langchain/langgraph-checkpoint-postgres';
  // WebAssembly: a correct peer and no fast one; beyond this its inserts alone take minutes.
  if (size <= MOST_IN_WASM) {
    const found = peers.has(langgraph) ? await runPeer('peer-langgraph-vectors.mjs', given) : undefined;
    rows.push(peerRow(`LangGraph PostgresStore ${peers.get(langgraph)}, pgvector in PGlite`, size, mine, found));
  } else rows.push({ what: `B5 LangGraph in PGlite, ${size}: not run, ${MOST_IN_WASM} at most` });
  // It compares one by one and stores one by one: 415 ms a search at 10,000.
  if (size <= MOST_IN_MEM0) {
    const wanted = { facts: size, queries: 12, seed: 31, dimensions: DIMENSIONS };
    const found = peers.has('mem0ai') ? await runPeer('peer-mem0.mjs', wanted, { offline: true }) : undefined;
    const aim = size === 10_000 ? '>= 100' : undefined;
    rows.push({ ...peerRow(`mem0ai ${peers.get('mem0ai')} (network: ${found?.network})`, size, mine, found), aim });
  } else rows.push({ what: `B5 mem0ai, ${size}: not run, ${MOST_IN_MEM0} at most` });
  // Who compares every vector, here in JavaScript, must be slower than an index once there are many.
  if (size >= 10_000) {
    const slow = await p50(queries.slice(0, 10), async (query) => exactTop(known, query));
    const caught = slow > mine * 1.5;
    if (!caught) process.exitCode = 1;
    rows.push({ what: `control: every one of ${size} compared / ours`, ratio: slow / mine, value: slow, caught });
  }
  return rows;
}

const MOST_IN_WASM = 10_000;
const MOST_IN_MEM0 = 10_000;

const peerRow = (name, size, mine, found) =>
  found === undefined
    ? { what: `B5 ${name}: missing` }
    : { what: `B5 ${name}, ${size}: its p50 / ours`, ratio: found.p50 / mine, value: found.p50, recall: found.recall };

/** B6: one person among a thousand beside a store of that person's own. */
async function benchTenants(stand, rounds) {
  const open = async () => {
    const tenant = await createTenant(stand, { VECTOR_DIMENSIONS: String(DIMENSIONS), FIELD_ENCRYPTION: 'true' });
    return openService(tenant);
  };
  const [shared, own] = [await open(), await open()];
  const { createMemories } = await built('memories/batch.js');
  const drafts = createDrafts(41);
  const mine = drafts(300, 'me');
  const everyone = [...mine, ...Array.from({ length: 999 }, (_, n) => drafts(20, `other-${n}`)).flat()];
  const write = (service, batch) =>
    createMemories(service.deps, service.caller, batch, { onError: 'abort' }, async () => {});
  const truth = new Map();
  for (let at = 0; at < everyone.length; at += 1000) {
    const { results } = await write(shared, everyone.slice(at, at + 1000));
    if (at === 0) for (const [n, { id }] of results.slice(0, 300).entries()) truth.set(id, n);
  }
  await write(own, mine);
  const known = new Map(
    [...truth].map(([id, n]) => [id, new Float32Array(Uint8Array.from(Buffer.from(mine[n].vector, 'base64')).buffer)]),
  );
  const queries = questions(42);
  const { searchMemories } = await built('search/search.js');
  const answer = (service, query) => {
    const body = { user_id: 'me', mode: 'semantic', vector: toBase64(query), limit: K };
    return searchMemories(service.deps, service.caller, body);
  };
  const ask = async (service, query) => (await answer(service, query)).results;
  for (const service of [shared, own]) await warmUp(() => answer(service, queries[0]));
  const askAnybody = async (query) => {
    const mode = { mode: 'semantic', vector: toBase64(query), limit: 1000 };
    const { results } = await searchMemories(shared.deps, shared.caller, mode, { ofAnybody: true });
    return results.filter(({ user_id }) => user_id === 'me').slice(0, K);
  };
  let [hits, foreign] = [0, 0];
  for (const query of queries) {
    const best = exactTop(known, query);
    for (const { id } of await ask(shared, query)) {
      if (best.has(id)) hits++;
      if (!known.has(id)) foreign++;
    }
  }
  if (foreign > 0) process.exitCode = 1;
  const rates = await alternate(
    {
      own: () => p50(queries, (query) => ask(own, query)),
      shared: () => p50(queries, (query) => ask(shared, query)),
      // As an index of everybody would have to: ten of one person among a thousand are far down its list.
      filtered: () => p50(queries.slice(0, 10), (query) => askAnybody(query)),
    },
    rounds,
  );
  const caught = median(rates.filtered) > median(rates.own) * 1.5;
  if (!caught) process.exitCode = 1;
  await shared.stop();
  await own.stop();
  const rest = { aim: '<= 1.2', recall: hits / (QUERIES * K), foreign };
  return [
    ratioRow('B6 search of one of 1,000 people, p50 ms / of a store of their own', rates.shared, rates.own, rest),
    { ...ratioRow('control: everybody searched, others left out / the same', rates.filtered, rates.own), caught },
  ];
}

const optionOf = (args, name, fallback) => {
  const at = args.indexOf(name);
  return at < 0 ? fallback : args[at + 1];
};

const wholeNumbers = (name, text) =>
  String(text)
    .split(',')
    .map((part) => {
      const value = Number(part);
      if (!Number.isInteger(value) || value < 1000) throw new Error(`${name} ${text}: whole numbers from 1000`);
      return value;
    });

export async function benchSearch(args) {
  const rounds = args.includes('--quick') ? 4 : 8;
  const [facts] = wholeNumbers('--facts', optionOf(args, '--facts', FACTS));
  const sizes = wholeNumbers('--sizes', optionOf(args, '--sizes', args.includes('--quick') ? '1000,10000' : SIZES));
  const only = optionOf(args, '--only', 'B4,B5,B6').split(',');
  const stand = await startCluster();
  const rows = [];
  const part = async (name, run) => {
    if (!only.includes(name)) return;
    const found = await run();
    // Each part is told as it ends: a run that is cut off later has said what it saw.
    for (const row of found) console.log(`  ${JSON.stringify(row)}`);
    rows.push(...found);
  };
  try {
    await part('B4', () => benchLatency(stand, rounds, facts));
    await part('B6', () => benchTenants(stand, rounds));
    for (const size of sizes) await part('B5', () => benchPeers(stand, size));
    return rows;
  } finally {
    await stand.close();
  }
}

export { p50, quantile };
