// npm run bench ingest: B1, B2, B3, B8. What a durable, sealed, audited write costs beside the barest one that Postgres has.
import { createHash, hash, randomBytes, randomUUID } from 'node:crypto';
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
    for (const twin of ['twin', 'own'])
      await admin.query(`CREATE TABLE ${twin}_${table} (LIKE ${table} INCLUDING ALL)`);
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
  const { memoryStep, vectorStep } = await built('memories/rows.js');
  /** The values that a client has in its memory before it encodes them. */
  const read = async (ids) => {
    const [memories, vectors] = await Promise.all([
      admin.query('SELECT *, slot::int AS slot FROM memories WHERE id = ANY ($1)', [ids]),
      admin.query('SELECT *, slot::int AS slot FROM vectors WHERE memory_id = ANY ($1)', [ids]),
    ]);
    return { memories: memories.rows, vectors: vectors.rows };
  };
  const encode = ({ memories, vectors }) => ({
    memories: withoutFrames(memoryStep(memories, ({ mac }) => mac)),
    vectors: withoutFrames(vectorStep(vectors)),
  });
  const columnsOf = (step) => /\(.*?\)/.exec(step.text)[0];
  const named = {
    memories: `own_memories ${columnsOf(memoryStep([]))}`,
    vectors: `own_vectors ${columnsOf(vectorStep([]))}`,
  };
  return {
    ...{ admin, take, read, put: (bytes) => copyIn(admin, into, bytes), close: () => admin.end() },
    putRows: (rows) => copyIn(admin, named, encode(rows)),
  };
}

/** The letter and length of each message are the driver's to write. */
const withoutFrames = (step) => Buffer.concat([...step.frames()].map((frame) => frame.subarray(5)));

/** As the front does it: a claim before, its answer in the transaction of the write. */
async function openIdempotent(service, createMemories) {
  const { createIdempotency } = await built('idempotency/idempotency.js');
  const { db, vault } = service.core;
  const idempotency = createIdempotency({ db, vault });
  const route = { method: 'POST', path: '/api/v1/memories', idempotencyKey: 'honoured' };
  return async (deps, batch) => {
    const headers = { 'idempotency-key': randomUUID() };
    const identity = () => ({ keyId: service.caller.principal.keyId, headers, query: {}, body: null });
    const { body } = await idempotency.run(route, headers, identity, async (remember) => {
      const keeper = { keep: (slot, written) => remember.steps(slot, { status: 200, body: written }) };
      return { status: 200, body: await createMemories(deps, service.caller, batch, { onError: 'abort' }, keeper) };
    });
    return body;
  };
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
  const write = await openIdempotent(service, createMemories);
  const store = async (deps, batch) => {
    const { results } = await write(deps, batch);
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
    encoded: async () => {
      const batches = await Promise.all(written.map(twins.read));
      return rate(batches, LANES, twins.putRows);
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
      ratioRow(
        `B1 store, ${how} / COPY of the same rows, encoded in JavaScript as it goes`,
        rates.store,
        rates.encoded,
      ),
      ratioRow(`B1 HTTP, ${how} / the same, encoded as it goes`, rates.http, rates.encoded),
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

/** A control has to be worse by so much, or what it stands beside was not what was measured. */
const MARGIN = 1.2;

const judge = (row, caught) => {
  if (!caught) process.exitCode = 1;
  return { ...row, caught };
};

const control = (row, { small, store }) => judge(row, median(small) < median(store) / 2);

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
  // The control looks before it writes: a round trip for each look.
  const slow = (draft) => createMemory(service.deps, service.caller, draft, async () => {});
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
      {
        bare: () => p50(bare),
        add: () => p50(add),
        slow: () => p50(slow),
        crowdBare: () => crowd(bare),
        crowd: () => crowd(add),
        crowdSlow: () => crowd(slow),
      },
      rounds,
    );
    return [
      ratioRow('B2 one sealed, audited add, p50 ms / one bare INSERT', rates.add, rates.bare, { aim: '<= 1.5' }),
      ratioRow('B2 adds/s of 64 writers / bare INSERTs of 64 writers', rates.crowd, rates.crowdBare, { aim: 0.8 }),
      judge(
        ratioRow('control: an add that looks first, p50 ms / one bare INSERT', rates.slow, rates.bare),
        median(rates.slow) > median(rates.add) * MARGIN,
      ),
      judge(
        ratioRow('control: 64 writers that share nothing / bare INSERTs', rates.crowdSlow, rates.crowdBare),
        median(rates.crowdSlow) * MARGIN < median(rates.crowd),
      ),
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
  const { createMemory } = await built('memories/service.js');
  const few = drafts(300, 'user-0');
  const one = await seconds(async () => {
    for (const draft of few) await createMemory(service.deps, service.caller, draft, NO_WITNESS);
  });
  await service.stop();
  const value = median(mine.slice(1));
  const alone = few.length / one;
  const row = async (name, aim, run) => {
    if (!peers.has(name)) return { what: `B3 ${name}: missing` };
    const { perSecond, network } = await run();
    const what = `B3 sealed, audited facts/s / ${name} ${peers.get(name)} (network: ${network})`;
    return { what, ratio: Number((value / perSecond).toPrecision(3)), value, yardstick: perSecond, aim };
  };
  const other = await createTenant(stand);
  const slower = {
    what: 'control: B3 one fact after the other / in batches',
    ratio: Number((alone / value).toPrecision(3)),
    ...{ value: alone, yardstick: value },
  };
  return [
    judge(slower, alone * MARGIN < value),
    await row('mem0ai', '>= 50', () =>
      runPeer('peer-mem0.mjs', { facts: 300, queries: 0, seed: 9, dimensions: 384 }, { offline: true }),
    ),
    await row('@langchain/langgraph-checkpoint-postgres', '>= 20', () =>
      runPeer('peer-langgraph.mjs', { facts: 2000, rounds: 4, seed: 9, url: other.database.adminUrl }),
    ),
  ];
}

function* slowLeaves(facts) {
  const prefix = Buffer.from('\0memplane/fact/1\n', 'latin1');
  for (let at = 0; at < facts.length; at += 53) {
    const fact = facts.subarray(at, at + 53);
    yield createHash('sha256').update(prefix).update(fact).digest();
  }
}

/** B8, the other half: how fast the facts of the log are verified beside the hash that each of them needs. */
async function benchVerify(rounds) {
  const { factRoot } = await built('audit/leaves.js');
  const { merkleRoot } = await built('audit/merkle.js');
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
      // The control makes an object of each hash, as code does that was not measured.
      slow: async () => entries / (await seconds(async () => merkleRoot(slowLeaves(facts)))),
    },
    rounds,
  );
  return [
    judge(
      ratioRow('control: B8 the same with a hash object for each leaf / sha256 a second', rates.slow, rates.raw),
      median(rates.slow) * MARGIN < median(rates.verify),
    ),
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
