// Many people of many tenants at once, with requests that fail, are given up or lose their connection in between; and one
// tenant that floods its service while another goes about its work.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { changePolicies, MARK } from './isolation-world.mjs';
import { createRandom, jsonOf, percentile, pick, send, withClient } from './lab.mjs';

const CLIENTS = 16;
const FACTS_EACH = 4;

/** In every mark stands whose it is: one look at an answer says whether it holds what is another's. */
const foreignIn = (text, tenant, person) =>
  [...text.matchAll(MARK)].find(([, of, owner]) => of !== tenant || (owner !== person && owner !== 'all'))?.[0];

const prepare = async (worlds) => {
  const people = worlds.flatMap((world) => Object.values(world.owners).map((owner) => ({ world, owner, ids: [] })));
  for (const one of people) {
    const { world, owner } = one;
    const memories = Array.from({ length: FACTS_EACH }, (_, n) => ({
      content: `mk-${world.name}-${owner.name}-${randomUUID().slice(0, 8)} keeps the quixotic recipe number ${n}`,
    }));
    const { results } = await world.call(owner.credential, 'POST', '/api/v1/memories', { memories });
    one.ids.push(...results.map(({ id }) => id));
  }
  return people;
};

const buildRequest = (random, me, people) => {
  const kind = random();
  const other = pick(random, people);
  if (kind < 0.25) return { path: '/api/v1/memories?limit=20' };
  if (kind < 0.45) return { path: `/api/v1/memories/${pick(random, me.ids)}` };
  if (kind < 0.6) return { path: `/api/v1/memories/${pick(random, other.ids)}` };
  if (kind < 0.75)
    return {
      method: 'POST',
      path: '/api/v1/memories/search',
      body: { query: 'quixotic recipe', mode: pick(random, ['keyword', 'semantic', 'hybrid']) },
    };
  if (kind < 0.8) return { path: '/api/v1/entities' };
  if (kind < 0.85) return { path: `/api/v1/memories/${pick(random, me.ids)}/history` };
  if (kind < 0.9)
    return {
      method: 'POST',
      path: '/api/v1/memories/update',
      body: { updates: [{ id: pick(random, me.ids), patch: { importance: Math.round(random() * 10) / 10 } }] },
    };
  // Errors of all kinds, in whose wake a connection goes back to the pool.
  if (kind < 0.93)
    return { method: 'POST', path: '/api/v1/memories', body: { id: pick(random, me.ids), content: 'there already' } };
  if (kind < 0.96) return { method: 'POST', path: '/api/v1/memories/search', body: { query: 7 } };
  return { path: '/api/v1/memories?limit=20', isCancelled: true };
};

export const runInterleaved = async (cluster, worlds, { seed, requests, progress }) => {
  const random = createRandom(seed);
  const people = await prepare(worlds);
  const tally = { answers: 0, cancelled: 0, unavailable: 0, failed: 0, seen: 0, terminated: 0, foreign: [], caught: 0 };
  let done = false;
  /** Connections end under the service's hands, as in a failover. */
  const terminating = withClient(cluster.adminUrl, async (admin) => {
    while (!done) {
      const { rows } = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'memplane-memory' ORDER BY random() LIMIT 1`,
      );
      tally.terminated += rows.length;
      await sleep(1_000);
    }
  });
  const started = performance.now();
  const client = async () => {
    while (tally.answers < requests) {
      const me = pick(random, people);
      const { isCancelled, ...request } = buildRequest(random, me, people);
      const signal = isCancelled ? AbortSignal.timeout(1 + Math.floor(random() * 4)) : undefined;
      const answer = await send(me.world.url, { ...request, key: me.owner.credential, ...(signal ? { signal } : {}) });
      if (answer.status === 0) {
        if (isCancelled) tally.cancelled++;
        else tally.failed++;
        continue;
      }
      tally.answers++;
      if (answer.status === 503) tally.unavailable++;
      else if (answer.status >= 500) tally.failed++;
      const foreign = foreignIn(answer.text, me.world.name, me.owner.name);
      if (foreign) tally.foreign.push(`${request.path} as ${me.owner.name} of ${me.world.name}: ${foreign}`);
      if (answer.text.includes(`mk-${me.world.name}-${me.owner.name}-`)) tally.seen++;
      // The control: the same answer, looked at as somebody else's, must be found foreign.
      if (answer.text.includes(`mk-${me.world.name}-`) && foreignIn(answer.text, me.world.name, 'nobody'))
        tally.caught++;
      if (tally.answers % 500 === 0)
        progress(`interleaved: ${tally.answers} of ${requests}, ${tally.foreign.length} foreign`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const rate = Math.round((tally.answers / (performance.now() - started)) * 1000);
  done = true;
  await terminating;
  const control = tally.caught > 0 ? `caught (${tally.caught} answers are foreign to another)` : 'not caught';
  return { ...tally, rate, people: people.length, tenants: worlds.length, control };
};

const LIMIT = 600;
const ROOM = 20;

const latencies = async (world, ms) => {
  const [owner] = Object.values(world.owners);
  const taken = [];
  const statuses = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const at = performance.now();
    const { status } = await send(world.url, { path: '/api/v1/memories?limit=10', key: owner.credential });
    taken.push(performance.now() - at);
    statuses.push(status);
    await sleep(5);
  }
  return { p99: Math.round(percentile(taken, 99) * 10) / 10, statuses };
};

/** One tenant sends as fast as it can and writes until its room is used up: the other, and its own neighbours, keep theirs. */
export const runFlood = async ([noisy, victim], { progress }) => {
  progress('a neighbour floods');
  const { p99: quiet } = await latencies(victim, 4_000);
  await changePolicies(noisy, {
    rateLimits: { tenantPerMinute: LIMIT, ipPerMinute: 10_000_000 },
    quotas: { memories: null, memoriesPerUser: ROOM },
  });
  const [greedy, modest] = Object.values(noisy.owners);
  const memories = Array.from({ length: ROOM + 5 }, (_, n) => ({ content: `too much ${n}` }));
  const write = (owner, body) =>
    send(noisy.url, { method: 'POST', path: '/api/v1/memories', key: owner.credential, body });
  const overflow = await write(greedy, { memories });
  const partly = jsonOf(await write(greedy, { memories, on_error: 'continue' }));
  const held = partly?.summary?.created ?? -1;
  const beside = await write(modest, { content: 'there is room for me' });
  const tally = { flooded: 0, refused: 0 };
  let done = false;
  const floods = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!done) {
        const { status } = await send(noisy.url, { path: '/api/v1/memories?limit=1', key: greedy.credential });
        tally.flooded++;
        if (status === 429) tally.refused++;
      }
    }),
  );
  const { p99: busy, statuses } = await latencies(victim, 4_000);
  done = true;
  await floods;
  const claims = [
    statuses.every((status) => status === 200),
    overflow.status >= 400 && overflow.status < 500,
    held >= 0 && held <= ROOM,
    beside.status === 201,
    tally.flooded - tally.refused <= LIMIT + 10,
  ];
  const control = tally.refused > 0 ? `caught (${tally.refused} refused)` : 'not caught';
  return { ...tally, quiet, busy, tried: claims.length, passed: claims.filter(Boolean).length, control };
};
