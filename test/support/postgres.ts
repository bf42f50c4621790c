/**
 * A real Postgres for tests. One cluster a jest process, started by the first test that asks, shared by all its files,
 * ended with the process: a small supervisor owns the server and stops it when this process's pipe closes, so that even a
 * killed test run leaves nothing behind. `MEMPLANE_TEST_POSTGRES_URL` (an admin's URL) names another Postgres instead; where it
 * names several, separated by blanks, each worker of jest has its own.
 */
import childProcess, { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateDatabase, readMigrations } from '../../app/db/migrate.js';
import { type Account, locateBinaries, unprivilegedAccount } from '../../operator/local/postgres/binaries.js';
import { freePort } from '../../operator/local/postgres/free-port.js';

export { freePort };

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
const START_DEADLINE_MS = 60_000;
/** Whoever else may be at the port need not speak at all. */
const ANSWER_MS = 5_000;
/** A port that was free a moment ago may be somebody's by now. */
const MOST_PORTS = 5;

/** Server settings that trade durability for speed: right for tests of behaviour, wrong for tests of crashes. */
const FAST = [
  ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'],
  // What it knows of a table decides which index is taken, and it would learn that at some minute of a long run.
  'autovacuum=off',
];
/** A password of tests is no secret: to make it dear costs each connection as much as all the rest of it. */
const CHEAP_PASSWORDS = 'scram_iterations=1';
const ALWAYS = [
  CHEAP_PASSWORDS,
  'listen_addresses=127.0.0.1',
  'max_connections=200',
  'shared_buffers=64MB',
  'log_parameter_max_length=0',
];

const shareKey = Symbol.for('memplane.test.postgres');
type Shared = { [shareKey]?: Promise<TestCluster>; [templateKey]?: Map<string, Promise<string>> };
const templateKey = Symbol.for('memplane.test.postgres.template');
// Jest gives every test file its own modules and globals; a built-in module's object is the one thing a process shares.
const shared = childProcess as unknown as Shared;

export const testCluster = (): Promise<TestCluster> => {
  shared[shareKey] ??= startShared();
  return shared[shareKey];
};

const startShared = async (): Promise<TestCluster> => {
  const given = process.env.MEMPLANE_TEST_POSTGRES_URL?.split(' ').filter(Boolean) ?? [];
  const own = given[(Number(process.env.JEST_WORKER_ID ?? 1) - 1) % given.length];
  if (own) return { adminUrl: own };
  const cluster = await startOwnCluster({ durable: false });
  return { adminUrl: cluster.adminUrl };
};

export interface TestDatabaseOptions {
  /** False: roles and schema, but no tables. @default true */
  readonly migrated?: boolean;
  /** @default the one this process shares */
  readonly cluster?: TestCluster;
}

/** As files: page by page and through the log, as is the default, it takes seven times the work. */
export const COPIED = 'STRATEGY FILE_COPY';

/** A database of its own, cloned from a migrated template. */
export const createTestDatabase = async (options: TestDatabaseOptions = {}): Promise<TestDatabase> => {
  const { adminUrl } = options.cluster ?? (await testCluster());
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  if (options.migrated === false) await createEmptyTenantDatabase(adminUrl, name);
  else await runAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${await templateOf(adminUrl)} ${COPIED}`);
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

const templateOf = (adminUrl: string): Promise<string> => {
  shared[templateKey] ??= new Map();
  const template = shared[templateKey].get(adminUrl) ?? buildTemplate(adminUrl);
  shared[templateKey].set(adminUrl, template);
  return template;
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
  await runAdmin(adminUrl, `CREATE DATABASE ${name} ${COPIED}`);
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

const runAdmin = async (url: string, sql: string, connectionTimeoutMillis = START_DEADLINE_MS): Promise<void> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** A cluster that belongs to the caller. `durable` keeps fsync on, as crash tests need. */
export const startOwnCluster = async (options: { readonly durable: boolean }): Promise<OwnCluster> => {
  const user = unprivilegedAccount();
  const binaries = await locateBinaries(user);
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
      '-c',
      CHEAP_PASSWORDS,
      `--pwfile=${passwordFile}`,
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
    ],
    run,
  );
  const urlOf = (port: number): string => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const launch = async (port: number, keep: boolean): Promise<ChildProcess> => {
    const settings = [...ALWAYS, `port=${port}`, 'unix_socket_directories=', ...(options.durable ? [] : FAST)];
    const args = ['-D', dataDir, ...settings.flatMap((setting) => ['-c', setting])];
    const supervisor = spawnSupervisor({ command: join(binaries, 'postgres'), args, root, user, keep });
    await waitUntilReady(urlOf(port), dataDir, supervisor);
    return supervisor;
  };
  const { port, supervisor: first } = await onFreePort((one) => launch(one, true));
  const adminUrl = urlOf(port);
  let supervisor = first;
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
      supervisor = await launch(port, false);
    },
    stop: async () => {
      await end('SIGINT', false);
      rmSync(root, { recursive: true, force: true });
    },
  };
};

/** Tries it on one port after another: between a look for a free one and its use somebody else may take it. */
const onFreePort = async (
  launch: (port: number) => Promise<ChildProcess>,
): Promise<{ readonly port: number; readonly supervisor: ChildProcess }> => {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return { port, supervisor: await launch(port) };
    } catch (cause) {
      if (tries === MOST_PORTS || !/could not bind|Address already in use/.test(String(cause))) throw cause;
    }
  }
};

/** Owns the postmaster: whatever closes its stdin (an order, or our death) ends the server; a fast shutdown by default. */
const SUPERVISOR = `
const { spawn } = require('node:child_process');
const { rmSync } = require('node:fs');
const { command, args, root, user, keep } = JSON.parse(process.argv[1]);
const server = spawn(command, args, { ...user, cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
let tail = ''; let order = ''; let ordered = false;
server.stderr.on('data', (chunk) => { tail = (tail + chunk).slice(-4000); });
server.on('exit', (code) => {
  if (!ordered) process.stderr.write(tail);
  if (ordered ? !JSON.parse(order || '{}').keep : !(keep && /could not bind/.test(tail))) rmSync(root, { recursive: true, force: true });
  process.exit(ordered ? 0 : 1);
});
process.on('SIGINT', () => {}); process.on('SIGTERM', () => {});
process.stdin.on('data', (chunk) => { order += chunk; });
process.stdin.on('end', () => { ordered = true; server.kill(order ? JSON.parse(order).signal : 'SIGINT'); });
`;

const spawnSupervisor = ({
  user,
  ...order
}: {
  readonly command: string;
  readonly args: readonly string[];
  readonly root: string;
  readonly user: Account | undefined;
  /** Whether the folder stays for another try when the port is taken. */
  readonly keep: boolean;
}): ChildProcess => {
  const child = spawn(process.execPath, ['-e', SUPERVISOR, JSON.stringify({ ...order, user: user ?? {} })], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A terminal's Ctrl-C goes to the whole group; the supervisor must outlive it to stop the server.
    detached: true,
  });
  child.unref();
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref(): void } | null)?.unref();
  return child;
};

/** The server of this folder: at the port of one that did not start another may answer. */
const waitUntilReady = async (url: string, dataDir: string, supervisor: ChildProcess): Promise<void> => {
  let complaint = '';
  supervisor.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const closed = new Promise((resolve) => supervisor.once('close', resolve));
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    if (supervisor.exitCode !== null) {
      await closed;
      throw new Error(`Postgres ended while starting: ${complaint || 'no message'}`);
    }
    try {
      return await runAdmin(
        url,
        `DO $$ BEGIN ASSERT current_setting('data_directory') = '${dataDir}', 'another server'; END $$`,
        ANSWER_MS,
      );
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`Postgres was not ready within ${START_DEADLINE_MS} ms`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
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
