// What the campaigns on a living service stand on: a Postgres whose every process can be killed, tenants, the built service.
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Agent, request } from 'undici';
import { migrateDatabase } from '../../dist/app/db/migrate.js';
import { openBucket } from '../../dist/operator/clients/bucket.js';
import { createFileKmsKey } from '../../dist/operator/clients/file-kms.js';
import { birthKeyring } from '../../dist/operator/clients/keyring.js';
import { openKms } from '../../dist/operator/clients/kms-providers.js';
import { locateBinaries, unprivilegedAccount } from '../../dist/operator/local/postgres/binaries.js';
import { freePort } from '../../dist/operator/local/postgres/free-port.js';

const CHILD = fileURLToPath(new URL('./lab-child.mjs', import.meta.url));
const PASSWORD = 'campaign-only';
const START_DEADLINE_MS = 60_000;

/** Owns the postmaster, and ends it when this campaign ends in whatever way: the pipe closes. */
const SUPERVISOR = `
const { spawn } = require('node:child_process');
const { command, args, root, user } = JSON.parse(process.argv[1]);
const server = spawn(command, args, { ...user, cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
let tail = '';
server.stderr.on('data', (chunk) => { tail = (tail + chunk).slice(-2000); });
let isOver = false;
server.on('exit', () => {
  if (isOver) require('node:fs').rmSync(root, { recursive: true, force: true });
  process.stderr.write(tail, () => process.exit(0));
});
process.on('SIGINT', () => {}); process.on('SIGTERM', () => {});
process.stdin.resume();
process.stderr.on('error', () => {});
process.stdin.on('end', () => { isOver = true; server.kill('SIGINT'); });
`;

const runToEnd = async (command, args, options) => {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
};

/** A cluster of our own, with its defaults: fsync, full_page_writes and synchronous_commit are on unless `settings` say otherwise. */
export const startCluster = async (settings = []) => {
  const user = unprivilegedAccount();
  const binaries = await locateBinaries(user);
  const root = mkdtempSync(join(tmpdir(), 'memplane-campaign-pg-'));
  if (user) chownSync(root, user.uid, user.gid);
  const data = join(root, 'data');
  const secret = join(root, 'secret');
  writeFileSync(secret, PASSWORD, { mode: 0o644 });
  const how = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${secret}`, '--no-sync', '-E', 'UTF8', '--locale=C'];
  await runToEnd(join(binaries, 'initdb'), ['-D', data, ...how], { ...user, cwd: root });
  const port = await freePort();
  const adminUrl = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const all = [
    'listen_addresses=127.0.0.1',
    'max_connections=200',
    'shared_buffers=128MB',
    `port=${port}`,
    ...settings,
  ];
  const args = ['-D', data, ...[...all, 'unix_socket_directories='].flatMap((setting) => ['-c', setting])];
  let supervisor;
  const launch = async () => {
    const order = { command: join(binaries, 'postgres'), args, root, user: user ?? {} };
    supervisor = spawn(process.execPath, ['-e', SUPERVISOR, JSON.stringify(order)], {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    let said = '';
    supervisor.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!(await answers(adminUrl))) {
      if (supervisor.exitCode !== null || Date.now() > deadline) throw new Error(`Postgres did not start: ${said}`);
      await sleep(20);
    }
  };
  await launch();
  return {
    port,
    adminUrl,
    pidFile: join(data, 'postmaster.pid'),
    /** SIGKILL to the postmaster and all its children, as far as they live; returns when none does. */
    kill: async () => {
      const ended = supervisor.exitCode === null ? once(supervisor, 'exit') : undefined;
      for (const pid of postgresPids(join(data, 'postmaster.pid'))) signal(pid, 'SIGKILL');
      await ended;
    },
    isDown: () => supervisor.exitCode !== null,
    launch,
    stop: async () => {
      if (supervisor.exitCode === null) {
        const ended = once(supervisor, 'exit');
        supervisor.stdin.end();
        await ended;
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
};

const signal = (pid, name) => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
};

/** The postmaster and its children. */
export const postgresPids = (pidFile) => {
  if (!existsSync(pidFile)) return [];
  const postmaster = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster;
      } catch {
        return false;
      }
    });
  return [postmaster, ...children.map(Number)];
};

const answers = async (url) => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

export const withClient = async (url, run) => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** What the operator makes for a tenant before its pod starts: database, roles, keys, policies, the admin's key. */
export const createTenant = async (cluster, name) => {
  const at = (user, database = `campaign_${name}`) => {
    const url = new URL(cluster.adminUrl);
    url.pathname = `/${database}`;
    if (user) url.username = user;
    return url.href;
  };
  const role = `t_${name}`;
  await withClient(cluster.adminUrl, async (admin) => {
    for (const one of [role, `${role}_owner`]) {
      await admin.query(`CREATE ROLE ${one} LOGIN PASSWORD '${PASSWORD}'; ALTER ROLE ${one} SET search_path = ${role}`);
    }
    await admin.query(`CREATE DATABASE campaign_${name}`);
  });
  await withClient(at(), (admin) =>
    admin.query(`CREATE SCHEMA ${role} AUTHORIZATION ${role}_owner; GRANT USAGE ON SCHEMA ${role} TO ${role}`),
  );
  await migrateDatabase({ url: at(`${role}_owner`), serviceRole: role });
  const directory = mkdtempSync(join(tmpdir(), 'memplane-campaign-'));
  const id = randomUUID();
  const kmsKey = join(directory, 'kms.key');
  const bucket = `file://${join(directory, 'keys')}`;
  await createFileKmsKey(kmsKey);
  const birth = { tenantId: id, namespace: `mem-${name}`, provider: 'file', keyId: kmsKey, now: new Date() };
  await birthKeyring(openBucket(bucket), openKms('file', kmsKey), birth);
  const writePolicies = (policies) => writeFileSync(join(directory, 'policies.json'), JSON.stringify(policies));
  writePolicies(POLICIES);
  const adminKey = `mb_${randomBytes(32).toString('base64url')}`;
  return {
    ...{ name, id, directory, adminKey, writePolicies, ownerUrl: at(`${role}_owner`), adminUrl: at(), role },
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: at(role),
      LISTEN_ADDRESS: '127.0.0.1',
      LOG_LEVEL: 'info',
      MEMPLANE_TENANT: name,
      MEMPLANE_TENANT_ID: id,
      MEMPLANE_NAMESPACE: `mem-${name}`,
      MEMPLANE_CONFIG_DIR: directory,
      MEMPLANE_BOOTSTRAP_KEY: adminKey,
      KEYS_BUCKET_URL: bucket,
      KMS_PROVIDER: 'file',
      KMS_KEY_ID: kmsKey,
      EMBEDDING_PROVIDER: 'hash',
      VECTOR_DIMENSIONS: '64',
      DATABASE_POOL_SIZE: '8',
      OUTBOX_LEASE_MS: '1000',
      ARTIFACTS_BUCKET_URL: `file://${join(directory, 'artifacts')}`,
    },
    drop: () => rmSync(directory, { recursive: true, force: true }),
  };
};

export const POLICIES = {
  mode: 'Active',
  quotas: { memories: null, memoriesPerUser: null },
  rateLimits: { tenantPerMinute: 10_000_000, ipPerMinute: 10_000_000 },
  policies: { ttlDays: null, minConfidencePercent: 0, redact: [], predicates: null },
};

/** The built service as a process, from this build or from a changed copy of it. Resolves when it is ready. */
export const startService = async (tenant, { dist = 'dist', env = {}, imports = [], isReady = true } = {}) => {
  const port = Number(env.PORT ?? (await freePort()));
  const child = spawn(
    process.execPath,
    [...[CHILD, ...imports].flatMap((path) => ['--import', path]), resolve(dist, 'app/main.js'), 'memory'],
    { env: { ...tenant.env, ...env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-200_000);
    });
  // Nobody's child outlives the campaign.
  const reap = () => child.kill('SIGKILL');
  process.once('exit', reap);
  const over = once(child, 'exit').then(() => process.removeListener('exit', reap));
  const service = {
    ...{ port, url: `http://127.0.0.1:${port}`, pid: child.pid, output: () => output, over },
    /** For what was loaded before the service's own code. */
    tell: (message) => child.send(message, () => undefined),
    isOver: () => child.exitCode !== null || child.signalCode !== null,
    end: async (name = 'SIGKILL') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(name);
      await over;
    },
  };
  if (isReady) await untilReady(service);
  return service;
};

export const untilReady = async (service, deadlineMs = START_DEADLINE_MS) => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    if (service.isOver()) throw new Error(`The service ended before it was ready:\n${service.output().slice(-3_000)}`);
    const { status } = await send(service.url, { path: '/health/ready' });
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`Not ready in ${deadlineMs} ms:\n${service.output().slice(-3_000)}`);
    await sleep(10);
  }
};

const agent = new Agent({ connections: 64, pipelining: 1, bodyTimeout: 70_000, headersTimeout: 70_000 });

/** `status` is 0 when there was no answer: what became of the request nobody knows. */
export const send = async (
  url,
  { method = 'GET', path, key, body, raw, headers = {}, signal: abort, bytes = 4_000_000 },
) => {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  try {
    const answer = await request(`${url}${path}`, {
      method,
      dispatcher: agent,
      signal: abort,
      headers: {
        ...(key === undefined || key === null ? {} : { 'x-api-key': key }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const chunks = [];
    let size = 0;
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > bytes) break;
    }
    const said = Buffer.concat(chunks).toString('utf8');
    return { status: answer.statusCode, headers: answer.headers, text: said };
  } catch (cause) {
    return { status: 0, headers: {}, text: '', cause };
  }
};

export const jsonOf = (answer) => {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
};

/** mulberry32: a campaign's choices come back with its seed. */
export const createRandom = (seed) => {
  let state = Number(seed) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const pick = (random, list) => list[Math.floor(random() * list.length)];

export const percentile = (values, p) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0;
};

/** A line that is written over itself on a terminal, and now and then a line of its own elsewhere. */
export const createProgress = (everyMs = 10_000) => {
  let last = Date.now();
  return (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
    else if (Date.now() - last >= everyMs) {
      last = Date.now();
      process.stderr.write(`  ${text}\n`);
    }
  };
};

export const eventually = async (look, deadlineMs = 30_000) => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > deadline) return value;
    await sleep(50);
  }
};
