// R12: what no client should send, over raw sockets and in every field of every route. Nothing may crash, nothing may be our
// fault (5xx), and nothing may stay behind in memory.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOperations } from './isolation-cells.mjs';
import { buildMutant } from './isolation-mutants.mjs';
import { endTenant, seedOwner, startTenant } from './isolation-world.mjs';
import { createProgress, createRandom, jsonOf, pick, send, startCluster } from './lab.mjs';

const CLIENTS = 12;
const REQUESTS = { brief: '20000', full: '200000' };
const DRIPS = 60;
const CONTROL_REQUESTS = 1_500;

/** One connection, these bytes, and what came back before it was closed or fell silent. */
const exchange = (port, bytes, { silentMs = 1_500 } = {}) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const chunks = [];
    const finish = () => {
      socket.destroy();
      done(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(silentMs, finish);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', finish);
    socket.on('close', finish);
    socket.write(bytes);
  });

const statusesOf = (text) => [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));

/** {name, bytes, isOne}: `isOne` must be answered once at most: a second answer is a request that was smuggled in. */
const rawAttacks = (key) => {
  const head = (more) =>
    `POST /api/v1/memories HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\n${more}`;
  const hidden = `GET /api/v1/whoami HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\n`;
  const get = (line, more = '') => `${line}\r\nHost: a\r\nX-API-Key: ${key}\r\n${more}\r\n`;
  return [
    ['length and chunks', head(`Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`)],
    ['chunks and length', head(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`)],
    ['two lengths', head(`Content-Length: 2\r\nContent-Length: ${2 + hidden.length}\r\n\r\n{}${hidden}`)],
    ['a length with a sign', head(`Content-Length: +2\r\n\r\n{}${hidden}`)],
    ['a negative length', head(`Content-Length: -1\r\n\r\n${hidden}`)],
    ['a length in hex', head(`Content-Length: 0x2\r\n\r\n{}${hidden}`)],
    ['chunked twice', head(`Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`)],
    ['chunked, hidden by a tab', head(`Transfer-Encoding:\tchunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${hidden}`)],
    ['a space before the colon', head(`Content-Length : 2\r\n\r\n{}${hidden}`)],
    ['a folded header', head(`Content-Length: 2\r\n 5\r\n\r\n{}${hidden}`)],
    ['line feeds alone', `${head('').replaceAll('\r\n', '\n')}Content-Length: 2\n\n{}`],
    ['a chunk of nonsense', head('Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n')],
    ['a chunk larger than all', head('Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n')],
    [
      'an endless chunk extension',
      head(`Transfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(100_000)}\r\n{}\r\n0\r\n\r\n`),
    ],
    ['headers of 1 MiB', get('GET /api/v1/whoami HTTP/1.1', `X-Long: ${'a'.repeat(1_048_576)}\r\n`)],
    ['10,000 headers', get('GET /api/v1/whoami HTTP/1.1', 'X-A: 1\r\n'.repeat(10_000))],
    ['a URL of 100 KiB', get(`GET /api/v1/memories?filters=${'a'.repeat(102_400)} HTTP/1.1`)],
    ['NUL in the path', get('GET /api/v1/memories/\0 HTTP/1.1')],
    ['an encoded NUL', get('GET /api/v1/memory/%00 HTTP/1.1')],
    ['a broken escape', get('GET /api/v1/memory/%E0%A4%A HTTP/1.1')],
    ['bytes that are no UTF-8', get('GET /api/v1/memory/%ff%fe HTTP/1.1')],
    ['a path out of the tree', get('GET /api/v1/../../../../etc/passwd HTTP/1.1')],
    ['an absolute address', get('GET http://169.254.169.254/latest/meta-data HTTP/1.1')],
    ['CONNECT', get('CONNECT 169.254.169.254:80 HTTP/1.1')],
    ['an unknown method', get('BREW /api/v1/memories HTTP/1.1')],
    ['an upgrade', get('GET /api/v1/memories HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')],
    ['HTTP/2 in the clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n'],
    ['a TLS greeting', Buffer.from('16030100a5010000a10303', 'hex')],
    ['nothing but zeros', Buffer.alloc(10_000)],
    ['a body that ends early', head('Content-Length: 100\r\n\r\n{"content":"x"')],
    ['a body that was never announced', head(`\r\n{"content":"x"}`)],
    ['Expect', head('Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}')],
    ['a compressed bomb that is none', head('Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}')],
  ].map(([name, bytes]) => ({ name, bytes }));
};

const deep = (n, open, close) => `${open.repeat(n)}${close.repeat(n)}`;
const floats = (...values) => Buffer.from(Float32Array.from(values).buffer).toString('base64');
const dims = (value, n = 64) => Array.from({ length: n }, () => value);

/** Bodies as they stand: what JSON.stringify would never write. */
const RAW_BODIES = [
  ['nothing', ''],
  ['a word', 'undefined'],
  ['NaN', '{"content":"x","confidence":NaN}'],
  ['Infinity', '{"content":"x","confidence":Infinity}'],
  ['a number beyond all', '{"content":"x","confidence":1e999}'],
  ['a number of 100,000 digits', `{"content":"x","confidence":${'9'.repeat(100_000)}}`],
  ['a lone surrogate', '{"content":"\\ud800"}'],
  ['a lone surrogate in a key', '{"content":"x","metadata":{"\\udfff":1}}'],
  ['a lone surrogate in a name', '{"content":"x","user_id":"\\ud800a"}'],
  ['NUL in a text', '{"content":"a\\u0000b"}'],
  ['NUL in metadata', '{"content":"x","metadata":{"a":"\\u0000"}}'],
  ['__proto__', '{"content":"x","__proto__":{"isAdmin":true}}'],
  ['__proto__ in metadata', '{"content":"x","metadata":{"__proto__":{"polluted":true}}}'],
  ['constructor', '{"content":"x","metadata":{"constructor":{"prototype":{"polluted":true}}}}'],
  ['a name twice', '{"content":"x","content":["y"]}'],
  ['10,000 arrays', `{"content":"x","metadata":{"a":${deep(10_000, '[', ']')}}}`],
  ['100,000 arrays', deep(100_000, '[', ']')],
  ['10,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['50,000 names', `{"content":"x","metadata":{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":1`).join(',')}}}`],
  ['64 MiB', `{"content":"${'a'.repeat(64 * 1_048_576)}"}`],
  ['cut off', '{"content":"x'],
  ['a mark of byte order', '\ufeff{"content":"x"}'],
  ['a vector of NaN', JSON.stringify({ content: 'x', vector: floats(...dims(Number.NaN)) })],
  ['a vector of infinity', JSON.stringify({ content: 'x', vector: floats(...dims(Number.POSITIVE_INFINITY)) })],
  ['a vector of nothing', JSON.stringify({ content: 'x', vector: floats(...dims(0)) })],
  ['a vector of another width', JSON.stringify({ content: 'x', vector: dims(0.1, 63) })],
  ['a vector of 4,097', JSON.stringify({ content: 'x', vector: dims(0.1, 4_097) })],
  ['a vector beyond floats', JSON.stringify({ content: 'x', vector: dims(1e39) })],
  ['a vector of texts', JSON.stringify({ content: 'x', vector: dims('1') })],
  ['half a float', JSON.stringify({ content: 'x', vector: 'AAAAAAA=' })],
].map(([name, raw]) => ({ name, raw }));

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is what an attacker would send
const NASTY = [
  ...[null, true, false, 0, -1, 1e308, -0, 2 ** 53, 1.5, '', ' ', '\u0000', '\ud800', '\u202e', '💥'.repeat(300)],
  ...["'; DROP TABLE memories; --", '" OR 1=1', '../../../etc/passwd', '%2e%2e%2f', '${7*7}', '{{7*7}}', '<script>'],
  ...['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '2026-02-30T00:00:00.000Z', '-1', 'NaN', '1e309'],
  ...['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'a'.repeat(70_000), [], {}],
  ...[[[]], [null], { a: null }, { $gt: 1 }, { AND: [] }, { OR: [{}] }, { NOT: {} }, { NOT: [] }, { in: [] }],
  ...[{ metadata: { a: { gt: [] } } }, { created_at: { gte: 'x' } }, { content: { contains: 'x'.repeat(5_000) } }],
  ...[Array.from({ length: 2_000 }, () => 'x'), { toString: 1 }, { length: 1e9 }],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

const nastyBody = (random, op) => {
  const body = {};
  for (const field of op.fields) if (random() < 0.35) body[field] = pick(random, NASTY);
  return random() < 0.03 ? pick(random, NASTY) : body;
};

const nastyRequest = (random, op, owner) => {
  const value = () => {
    const one = pick(random, NASTY);
    return typeof one === 'string' ? one : (JSON.stringify(one) ?? '');
  };
  const encode = (text) => encodeURIComponent(text.toWellFormed()).slice(0, 3_000);
  const mine = [owner.things.memory, owner.things.job, owner.things.artifact, owner.userId, 'x'];
  const path = op.path.replaceAll(/\{\w+\}/g, () => encode(random() < 0.6 ? pick(random, mine) : value()) || '-');
  const query = op.query.filter(() => random() < 0.3).map((name) => `${name}=${encode(value()).slice(0, 2_000)}`);
  // Waits for news are long on purpose.
  const asked = query.filter((one) => !one.startsWith('wait='));
  return {
    method: op.method,
    path: asked.length > 0 ? `${path}?${asked.join('&')}` : path,
    headers: random() < 0.1 ? { 'idempotency-key': `k${Math.floor(random() * 50)}` } : {},
    ...(op.hasBody ? { body: nastyBody(random, op) } : {}),
  };
};

const rssOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

const isOurFault = (status) => status >= 500 && status !== 501 && status !== 503;

const runNasty = async (world, { requests, seed, progress }) => {
  const random = createRandom(seed);
  const owner = world.owners.alice;
  // Not those which change who may ask, or which work for as long as there are rows.
  const operations = (await readOperations(world.url)).filter(
    ({ name }) => !/revokeKey|rotateKey|verifyAuditedData|erasePerson/.test(name),
  );
  const tally = { tried: 0, faults: [], statuses: new Map(), rss: [] };
  const client = async () => {
    while (tally.tried < requests) {
      const op = pick(random, operations);
      const request = nastyRequest(random, op, owner);
      const key = random() < 0.5 ? owner.credential : world.admin;
      tally.tried++;
      const answer = await send(world.url, { ...request, key });
      tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
      const isSilent = answer.status === 0;
      const isBare = answer.status >= 400 && typeof jsonOf(answer)?.code !== 'string';
      if (isSilent || isBare || isOurFault(answer.status))
        tally.faults.push(
          `${op.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.body)?.slice(0, 300)}: ${answer.status} ${answer.text.slice(0, 200)}`,
        );
      if (world.service.isOver()) return;
      if (tally.tried % Math.max(50, Math.floor(requests / 20)) === 0) {
        tally.rss.push(rssOf(world.service.pid));
        progress(
          `fuzz: ${tally.tried} of ${requests}, ${tally.faults.length} faults, ${Math.round(tally.rss.at(-1))} MiB`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return tally;
};

const runRaw = async (world) => {
  const wrong = [];
  const attacks = rawAttacks(world.owners.alice.credential);
  for (const { name, bytes } of attacks) {
    const statuses = statusesOf(await exchange(world.service.port, bytes));
    const answers = statuses.filter((status) => status !== 100);
    if (answers.length > 1 && !(answers[0] >= 400)) wrong.push(`${name}: answered ${answers.join(', ')}`);
    if (answers.some(isOurFault)) wrong.push(`${name}: ${answers.join(', ')}`);
    if ((await send(world.url, { path: '/health/live' })).status !== 200)
      wrong.push(`${name}: the service answers no more`);
  }
  return { tried: attacks.length, wrong };
};

const runBodies = async (world) => {
  const wrong = [];
  let tried = 0;
  for (const path of [
    '/api/v1/memories',
    '/api/v1/memories/search',
    '/api/v1/memory/ingest',
    '/api/v1/memories/delete',
  ])
    for (const { name, raw } of RAW_BODIES) {
      tried++;
      const answer = await send(world.url, { method: 'POST', path, raw, key: world.owners.alice.credential });
      // A body that is far too large may be cut off while it is still on its way.
      const isCut = answer.status === 0 && raw.length > 10_000_000;
      if ((answer.status === 0 && !isCut) || isOurFault(answer.status))
        wrong.push(`${path} ${name}: ${answer.status} ${answer.text.slice(0, 200)}`);
      if (answer.status >= 400 && !isCut && typeof jsonOf(answer)?.code !== 'string')
        wrong.push(`${path} ${name}: no problem document`);
    }
  return { tried, wrong };
};

/** Connections that send a byte now and then, and never a whole request: the others must not wait for them. */
const runDrips = async (world) => {
  const sockets = Array.from({ length: DRIPS }, () => {
    const socket = connect(world.service.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /api/v1/memories HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    return socket;
  });
  const wrong = [];
  let tried = 0;
  for (let n = 0; n < 20; n++) {
    for (const socket of sockets) if (!socket.destroyed) socket.write('a');
    const at = performance.now();
    const { status } = await send(world.url, { path: '/api/v1/memories?limit=1', key: world.owners.alice.credential });
    tried++;
    if (status !== 200 || performance.now() - at > 2_000)
      wrong.push(`with ${DRIPS} slow connections: ${status} after ${Math.round(performance.now() - at)} ms`);
    await sleep(50);
  }
  for (const socket of sockets) socket.destroy();
  return { tried, wrong };
};

/** A service that takes bodies unchecked: the same requests have to bring it down to 5xx. */
const runControl = async (cluster, seed) => {
  const root = buildMutant(['bodies are checked', 'http/serve.js', "requireValid(check, body, 'The body')", 'body']);
  const world = await startTenant(cluster, 'unchecked', { dist: `${root.path}/dist` });
  try {
    await seedOwner(world, world.owners.alice);
    const { faults } = await runNasty(world, { requests: CONTROL_REQUESTS, seed, progress: () => undefined });
    return faults.length > 0 ? `caught (${faults.length} faults with bodies unchecked)` : 'not caught';
  } finally {
    await endTenant(world);
    root.remove();
  }
};

export const campaignFuzz = async ({ seed = '1', full = false, requests = full ? REQUESTS.full : REQUESTS.brief }) => {
  const progress = createProgress();
  const cluster = await startCluster(['fsync=off', 'synchronous_commit=off']);
  let world;
  try {
    world = await startTenant(cluster, 'fuzzed');
    await seedOwner(world, world.owners.alice);
    const probe = async () => {
      const answer = await send(world.url, {
        method: 'POST',
        path: '/api/v1/memories',
        body: { content: 'as ever' },
        key: world.owners.alice.credential,
      });
      return `${answer.status} ${Object.keys(jsonOf(answer) ?? {}).join()}`;
    };
    const before = await probe();
    const nasty = await runNasty(world, { requests: Number(requests), seed, progress });
    const raw = await runRaw(world);
    const bodies = await runBodies(world);
    const drips = await runDrips(world);
    const isAlive = !world.service.isOver() && (await probe()) === before;
    const warm = nasty.rss[Math.floor(nasty.rss.length / 4)] ?? 0;
    const last = nasty.rss.at(-1) ?? 0;
    const statuses = [...nasty.statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    console.log(`answers: ${statuses.join(', ')}`);
    console.log(
      `resident memory ${Math.round(warm)} MiB after a quarter, ${Math.round(last)} MiB at the end (${(((last - warm) / warm) * 100).toFixed(1)} %)`,
    );
    for (const line of [...nasty.faults, ...raw.wrong, ...bodies.wrong, ...drips.wrong].slice(0, 30))
      console.log(`  FAULT ${line}`);
    const control = await runControl(cluster, seed);
    const row = (attack, { tried, wrong }) => ({
      attack,
      tried,
      passed: tried - Math.min(tried, wrong.length),
      control: '-',
    });
    return [
      {
        attack: 'nasty values in every field of every route',
        tried: nasty.tried,
        passed: nasty.tried - nasty.faults.length,
        control,
      },
      row('bytes that are no proper request', raw),
      row('bodies that are no proper JSON, vectors that are none', bodies),
      row(`answers beside ${DRIPS} connections that drip`, drips),
      { attack: 'the service lives, and answers as before', tried: 1, passed: isAlive ? 1 : 0, control: '-' },
    ];
  } finally {
    if (world) await endTenant(world);
    await cluster.stop();
  }
};
