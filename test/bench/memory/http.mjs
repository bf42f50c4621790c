// npm run bench http: B11. An authenticated, audited GET beside a server that does nothing but answer as many bytes.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDrafts, median } from './data.mjs';
import { installPeers, peerScript } from './peers.mjs';
import { alternate, ratioRow } from './rounds.mjs';
import { built, createTenant, openService, startCluster, startService } from './stand.mjs';

const run = promisify(execFile);
const SECONDS = 2;
const HERE = 'test/bench/memory';
const canPin = spawnSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' }).status === 0;
const pinned = (core) => (canPin ? ['taskset', '-c', String(core), process.execPath] : [process.execPath]);

const pin = (pid, core) =>
  canPin && spawnSync('taskset', ['-a', '-cp', String(core), String(pid)], { stdio: 'ignore' });

async function startBare(bytes) {
  const [command, ...args] = pinned(0);
  const child = spawn(command, [...args, join(HERE, 'http-server.mjs'), String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise((found) => child.stdout.once('data', (line) => found(JSON.parse(line).port)));
  return { url: `http://127.0.0.1:${port}/`, close: () => child.kill() };
}

/** As fast as the connections can wait for each other; with a rate at an even pace. */
async function fire(url, key, connections, { seconds = SECONDS, perSecond } = {}) {
  const [command, ...args] = pinned(1);
  const given = JSON.stringify({ url, key, connections, seconds, perSecond });
  const script = perSecond === undefined ? peerScript('load.mjs') : join(HERE, 'paced.mjs');
  const { stdout } = await run(command, [...args, script, given]);
  return JSON.parse(stdout.split('\n').findLast((line) => line.startsWith('{')));
}

export async function benchHttp(args) {
  if (!installPeers().has('autocannon')) return [{ what: 'B11: missing, autocannon could not be installed' }];
  const rounds = args.includes('--quick') ? 4 : 8;
  const stand = await startCluster();
  const running = [];
  try {
    const tenant = await createTenant(stand, { VECTOR_DIMENSIONS: '384', FIELD_ENCRYPTION: 'true' });
    const service = await openService(tenant);
    const { createMemory } = await built('memories/service.js');
    const [draft] = createDrafts(51)(1, 'one');
    const { memory } = await createMemory(service.deps, service.caller, draft, async () => {});
    await service.stop();
    const fast = await startService(tenant);
    const behind = await startService(tenant, { MEMPLANE_HOT_PATH: 'false' });
    for (const { process: child } of [fast, behind]) pin(child.pid, 0);
    const bare = await startBare(JSON.stringify(memory).length);
    running.push(
      () => fast.end('SIGTERM'),
      () => behind.end('SIGTERM'),
      () => bare.close(),
    );
    const path = `/api/v1/memories/${memory.id}`;
    let bad = 0;
    const rate = async (url) => {
      const result = await fire(url, tenant.adminKey, 32);
      bad += result.bad;
      return result.rate;
    };
    const rates = await alternate(
      {
        bare: () => rate(bare.url),
        get: () => rate(`${fast.url}${path}`),
        express: () => rate(`${behind.url}${path}`),
      },
      rounds,
    );
    // At one rate, evenly: a thousand connections that each send as fast as they can wait for each other, whoever answers.
    const perSecond = Math.round(median(rates.get) / 2);
    const steady = { seconds: 6, perSecond };
    const few = await fire(`${fast.url}${path}`, tenant.adminKey, 32, steady);
    const many = await fire(`${fast.url}${path}`, tenant.adminKey, 1000, steady);
    const flood = await fire(`${fast.url}${path}`, tenant.adminKey, 1000, { seconds: 4 });
    const bareFlood = await fire(bare.url, tenant.adminKey, 1000, { seconds: 4 });
    // A fifth, so that what this machine does by itself is not taken for a difference.
    const caught = median(rates.express) < median(rates.get) * 0.8;
    if (!caught || bad + few.bad + many.bad + flood.bad > 0 || many.rate === 0) process.exitCode = 1;
    return [
      ratioRow('B11 GET by id, requests/s / bare node:http, 32 connections', rates.get, rates.bare, {
        aim: 0.5,
        errors: bad,
        pinned: canPin,
      }),
      {
        what: `B11 p99 ms at 1,000 connections / at 32, ${perSecond} requests/s at an even pace on both`,
        ratio: many.p99 / few.p99,
        value: many.p99,
        yardstick: few.p99,
        aim: '<= 3',
        errors: few.bad + many.bad,
      },
      {
        what: 'B11 p99 ms at 1,000 connections that never pause / bare node:http so',
        ratio: flood.p99 / bareFlood.p99,
        value: flood.p99,
        yardstick: bareFlood.p99,
        errors: flood.bad,
      },
      { ...ratioRow('control: the same through Express / bare node:http', rates.express, rates.bare), caught },
    ];
  } finally {
    for (const close of running) await close();
    await stand.close();
  }
}
