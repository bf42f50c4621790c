// npm run bench ingest: B1, B2, B3, B8. What a durable, sealed, audited write costs beside the barest one that Postgres has.
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { createDrafts, median } from './data.mjs';
import { installPeers, runPeer } from './peers.mjs';
import { copyIn, copyOut, encodePlain, openAdmin, PLAIN_TABLE } from './raw-copy.mjs';
import { alternate, inLanes, ratioRow, seconds } from './rounds.mjs';
import { built, createTenant, openService, startCluster, startService } from './stand.mjs';

/** Nothing is kept beside the write: no Idempotency-Key was sent. Through HTTP there is one. */
const NO_WITNESS = { keep: () => [] };

const BATCH = 1000;
const BATCHES = 4;
/** Writers at once, on every side: one waits for the disk while the other encodes. */
const LANES = 2;

const MEMORY_COLUMNS = `SELECT column_name AS name FROM information_schema.columns
  WHERE table_schema = $1 AND table_name = $2 AND column_name NOT IN ('change', 'change_xid') ORDER BY ordinal_position`;

/** Copies of the tables with all their indexes, and a way to put the rows of a batch in as they are. */
async function openTwins(tenant) {
  const admin = openAdmin(tenant, LANES);
  await admin.query(PLAIN_TABLE);
  const lists = {};
  for (const table of ['memories', 'vectors']) {
    await admin.query(`CREATE TABLE twin_${table} (LIKE ${table} INCLUDING ALL)`);
    const { rows } = await admin.query(MEMORY_COLUMNS, [tenant.database.schema, table]);
    lists[table] = rows.map(({ name }) => name).join(', ');
  }
  const into = { memories: `twin_memories (${lists.memories})`, vectors: `twin_vectors (${lists.vectors})` };
  const take = async (ids) => {
    const list = ids.map((id) => `'${id}'`).join(',');
    return {
      memories: await copyOut(admin, `SELECT ${lists.memories} FROM memories WHERE id IN (${list})`),
      vectors: await copyOut(admin, `SELECT ${lists.vectors} FROM vectors WHERE memory_id IN (${list})`),
    };
  };
  return { admin, take, put: (bytes) => copyIn(admin, into, bytes), close: () => admin.end() };
}

const toPlain = (drafts) => {
  const owner = randomBytes(16);
  return drafts.map(({ content, vector }) => ({
    ...{ id: randomBytes(16), owner, time: Date.now() * 1000, text: content },
    vector: Buffer.from(vector, 'base64'),
  }));
};

const rate = async (batches, lanes, work) =>
  (batches.length * BATCH) / (await seconds(() => inLanes(batches, lanes, work)));

/** B1 and B8 of one tenant. */
async function benchBatches(stand, sealed, rounds) {
  const env = { VECTOR_DIMENSIONS: '384', FIELD_ENCRYPTION: String(sealed) };
  const tenant = await createTenant(stand, env);
  const [service, child, twins] = [await openService(tenant), await startService(tenant), await openTwins(tenant)];
  const http = new Pool(child.url, { connections: LANES });
  const { createMemories } = await built('memories/batch.js');
  const unaudited = {
    ...service.deps,
    audit: {
      record: async () => randomUUID(),
      observe: async () => undefined,
      stage: async () => ({ id: '' }),
      steps: () => [],
    },
  };
  const drafts = createDrafts(sealed ? 11 : 7);
  const user = () => `user-${Math.floor(Math.random() * 1000)}`;
  const fresh = (count = BATCHES, size = BATCH) => Array.from({ length: count }, () => drafts(size, user()));
  let written = [];
  const store = async (deps, batch) => {
    const { results } = await createMemories(deps, service.caller, batch, { onError: 'abort' }, NO_WITNESS);
    written.push(results.map(({ id }) => id));
  };
  const post = async (body) => {
    const headers = {
      'x-api-key': tenant.adminKey,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    };
    const answer = await http.request({ method: 'POST', path: '/api/v1/memories', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`an ingest was answered ${answer.statusCode}: ${text.slice(0, 300)}`);
  };
  const sides = {
    plain: async () => {
      const batches = fresh().map(toPlain);
      return rate(batches, LANES, (rows) => copyIn(twins.admin, { f: 'plain_facts' }, { f: encodePlain(rows) }));
    },
    store: async () => {
      written = [];
      return rate(fresh(), LANES, (batch) => store(service.deps, batch));
    },
    twin: async () => {
      const batches = await Promise.all(written.map(twins.take));
      return rate(batches, LANES, twins.put);
    },
    unaudited: async () => rate(fresh(), LANES, (batch) => store(unaudited, batch)),
    http: async () =>
      rate(
        fresh().map((memories) => JSON.stringify({ memories })),
        LANES,
        post,
      ),
    // The same path, a hundred times more often: a ratio that does not fall would measure nothing.
    small: async () => {
      const few = fresh(50, 10);
      return 500 / (await seconds(() => inLanes(few, LANES, (batch) => store(service.deps, batch))));
    },
  };
  try {
    const rates = await alternate(sides, rounds);
    const how = sealed ? 'sealed' : 'unsealed';
    return [
      ratioRow(`B1 store, ${how} / COPY of the same rows into the same tables`, rates.store, rates.twin, {
        aim: sealed ? 0.6 : 0.8,
      }),
      ratioRow(`B1 HTTP, ${how} / the same`, rates.http, rates.twin, { aim: 0.5 }),
      ratioRow(`B1 store, ${how} / COPY into a plain table with one index`, rates.store, rates.plain),
      ratioRow(`B1 HTTP, ${how} / the same`, rates.http, rates.plain),
      ratioRow(`B8 audited / unaudited, ${how}`, rates.store, rates.unaudited, { aim: 0.9 }),
      control(ratioRow(`control: batches of 10, ${how} / COPY of the same rows`, rates.small, rates.twin), rates),
    ];
  } finally {
    await http.close();
    await twins.close();
    await service.stop();
    await child.end('SIGTERM');
  }
}

const control = (row, { small, store }) => {
  const caught = median(small) < median(store) / 2;
  if (!caught) process.exitCode = 1;
  return { ...row, caught };
};

/** B2: one durable fact, and 64 writers at once. */
async function benchSingle(stand, rounds) {
  const tenant = await createTenant(stand, {
    VECTOR_DIMENSIONS: '384',
    FIELD_ENCRYPTION: 'true',
    DATABASE_POOL_SIZE: '16',
  });
  const [service, admin] = [await openService(tenant), openAdmin(tenant, 16)];
  const { createMemory } = await built('memories/service.js');
  await admin.query(PLAIN_TABLE);
  const drafts = createDrafts(5);
  const bare = ({ content, vector }) =>
    admin.query({
      name: 'bare',
      text: 'INSERT INTO plain_facts VALUES ($1, $2, now(), $3, $4)',
      values: [randomUUID(), randomUUID(), content, Buffer.from(vector, 'base64')],
    });
  const add = (draft) => createMemory(service.deps, service.caller, draft, NO_WITNESS);
  let people = 0;
  const p50 = async (work) => {
    const times = [];
    for (const draft of drafts(60, 'one')) times.push(await seconds(() => work(draft)));
    return median(times) * 1000;
  };
  // Of 64 people: the counter of one person's memories is one row, and would be the only thing measured.
  const ofMany = () => Array.from({ length: 256 }, () => drafts(1, `many-${people++ % 64}`)[0]);
  const crowd = async (work) => {
    const asked = ofMany();
    return 256 / (await seconds(() => inLanes(asked, 64, work)));
  };
  try {
    const rates = await alternate(
      { bare: () => p50(bare), add: () => p50(add), crowdBare: () => crowd(bare), crowd: () => crowd(add) },
      rounds,
    );
    return [
      ratioRow('B2 one sealed, audited add, p50 ms / one bare INSERT', rates.add, rates.bare, { aim: '<= 1.5' }),
      ratioRow('B2 adds/s of 64 writers / bare INSERTs of 64 writers', rates.crowd, rates.crowdBare, { aim: 0.8 }),
    ];
  } finally {
    await admin.end();
    await service.stop();
  }
}

/** B3: the store beside the peers, each in its fastest way without a network. */
async function benchPeers(stand) {
  const peers = installPeers();
  const tenant = await createTenant(stand, { VECTOR_DIMENSIONS: '384', FIELD_ENCRYPTION: 'true' });
  const service = await openService(tenant);
  const { createMemories } = await built('memories/batch.js');
  const drafts = createDrafts(9);
  const mine = [];
  for (let round = 0; round < 5; round++) {
    const batches = Array.from({ length: BATCHES }, (_, n) => drafts(BATCH, `user-${n}`));
    mine.push(
      await rate(batches, LANES, (batch) =>
        createMemories(service.deps, service.caller, batch, { onError: 'abort' }, NO_WITNESS),
      ),
    );
  }
  await service.stop();
  const value = median(mine.slice(1));
  const row = async (name, aim, run) => {
    if (!peers.has(name)) return { what: `B3 ${name}: missing` };
    const { perSecond, network } = await run();
    const what = `B3 sealed, audited facts/s / ${name} ${peers.get(name)} (network: ${network})`;
    return { what, ratio: Number((value / perSecond).toPrecision(3)), value, yardstick: perSecond, aim };
  };
  const other = await createTenant(stand);
  return [
    await row('mem0ai', '>= 50', () =>
      runPeer('peer-mem0.mjs', { facts: 300, queries: 0, seed: 9, dimensions: 384 }, { offline: true }),
    ),
    await row('@langchain/langgraph-checkpoint-postgres', '>= 20', () =>
      runPeer('peer-langgraph.mjs', { facts: 2000, rounds: 4, seed: 9, url: other.database.adminUrl }),
    ),
  ];
}

/** B8, the other half: how fast the facts of the log are verified beside the hash that each of them needs. */
async function benchVerify(rounds) {
  const { factRoot } = await built('audit/leaves.js');
  const entries = 200_000;
  const facts = randomBytes(entries * 53);
  const piece = facts.subarray(0, 64);
  const rates = await alternate(
    {
      raw: async () =>
        entries /
        (await seconds(async () => {
          for (let n = 0; n < entries; n++) hash('sha256', piece, 'buffer');
        })),
      verify: async () => entries / (await seconds(async () => factRoot(facts))),
    },
    rounds,
  );
  return [
    ratioRow('B8 facts verified under their root, a second / sha256 a second', rates.verify, rates.raw, { aim: 0.5 }),
  ];
}

export async function benchIngest(args) {
  const rounds = args.includes('--quick') ? 4 : 8;
  const stand = await startCluster();
  try {
    return [
      ...(await benchBatches(stand, false, rounds)),
      ...(await benchBatches(stand, true, rounds)),
      ...(await benchSingle(stand, rounds)),
      ...(await benchPeers(stand)),
      ...(await benchVerify(rounds)),
    ];
  } finally {
    await stand.close();
  }
}
