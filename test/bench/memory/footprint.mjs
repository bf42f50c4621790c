// npm run bench memory: B7. What a fact costs in memory and on disk, with as many as are asked for really stored.
// A million takes some minutes: --facts 1000000 (the default is a tenth).
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { createClustered, createDrafts, DIMENSIONS, toBase64 } from './data.mjs';
import { exactTop, openClient } from './search.mjs';
import { built, createTenant, openService, startCluster, startService } from './stand.mjs';

const PEOPLE = 10;
const SAMPLED = 50;

const residentOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

const factsAsked = (args) => {
  const at = args.indexOf('--facts');
  const facts = at < 0 ? 100_000 : Number(args[at + 1]);
  if (!Number.isInteger(facts) || facts < 1000) throw new Error(`--facts ${args[at + 1]}: a whole number from 1000`);
  return facts;
};

async function fill(service, facts) {
  const { createMemories } = await built('memories/batch.js');
  const drafts = createDrafts(71);
  const first = new Map();
  let payload = 0;
  for (let done = 0; done < facts; done += 1000) {
    const person = Math.floor((done / facts) * PEOPLE);
    const batch = drafts(1000, `person-${person}`);
    const { results } = await createMemories(service.deps, service.caller, batch, { onError: 'abort' }, async () => {});
    for (const [n, { id }] of results.entries()) {
      payload += batch[n].content.length + DIMENSIONS * 4;
      if (person === 0) first.set(id, new Float32Array(Uint8Array.from(Buffer.from(batch[n].vector, 'base64')).buffer));
    }
    process.stderr.write(`\r  stored ${done + 1000} of ${facts}   `);
  }
  process.stderr.write('\r\x1b[K');
  return { first, payload };
}

const DISK = `SELECT sum(pg_total_relation_size(c.oid))::float8 AS bytes FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'`;

async function diskOf({ database }) {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  const { rows } = await client.query(DISK, [database.schema]);
  await client.end();
  return rows[0].bytes;
}

/** A search that says nothing of missing vectors has read them all. */
const untilFull = async ({ ask }, body, wanted) => {
  for (let tries = 0; tries < 6000; tries++) {
    const { results, degraded } = JSON.parse(await ask(body));
    if (results.length >= wanted && degraded.length === 0) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error('a partition was not read within its time');
};

export async function benchMemory(args) {
  const facts = factsAsked(args);
  const stand = await startCluster();
  try {
    const env = { VECTOR_DIMENSIONS: String(DIMENSIONS), FIELD_ENCRYPTION: 'true', VECTOR_PRECISION: 'int8' };
    const tenant = await createTenant(stand, env);
    const service = await openService(tenant);
    const { first, payload } = await fill(service, facts);
    await service.stop();
    const disk = await diskOf(tenant);
    // Told as it is known: a run that is cut off later has said what it saw.
    console.log(
      `  ${facts} facts on disk: ${(disk / 1e9).toFixed(2)} GB, of text and vectors ${(payload / 1e9).toFixed(2)} GB`,
    );
    const child = await startService(tenant);
    const before = residentOf(child.process.pid);
    const client = openClient(child.url, tenant.adminKey);
    // Near what is stored, and none of it.
    const vector = createClustered(72, { own: 73 });
    const ask = (person, query) => ({
      user_id: `person-${person}`,
      mode: 'semantic',
      vector: toBase64(query),
      limit: 10,
    });
    for (let person = 0; person < PEOPLE; person++) {
      await untilFull(client, ask(person, vector()), 10);
      process.stderr.write(`\r  indexed ${person + 1} of ${PEOPLE} people   `);
    }
    process.stderr.write('\r\x1b[K');
    let hits = 0;
    for (let n = 0; n < SAMPLED; n++) {
      const query = vector();
      const best = exactTop(first, query);
      hits += (await client.search(ask(0, query))).filter(({ id }) => best.has(id)).length;
    }
    const whole = residentOf(child.process.pid);
    const resident = whole - before;
    const control = DIMENSIONS * 4 * facts + before;
    const caught = whole < control;
    if (!caught) process.exitCode = 1;
    await client.close();
    await child.end('SIGTERM');
    const raw = DIMENSIONS * 4;
    return [
      {
        what: `B7 resident bytes a fact / raw f32 bytes, int8, ${facts} facts`,
        ratio: resident / facts / raw,
        value: resident,
        yardstick: raw * facts,
        aim: '<= 0.45',
        recall: hits / (SAMPLED * 10),
      },
      {
        what: 'B7 the whole process, bytes',
        value: whole,
        yardstick: before,
        aim: facts === 1_000_000 ? '< 0.8 GB' : undefined,
      },
      { what: 'control: the same process with the raw numbers in it, bytes', value: control, caught },
      {
        what: `B7 bytes on disk a fact / bytes of text and vector, sealed, all tables`,
        ratio: disk / payload,
        value: disk,
        yardstick: payload,
        aim: '<= 1.15',
      },
    ];
  } finally {
    await stand.close();
  }
}
