import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openDatabase } from '../../clients/postgres.js';
import { type Account, enterable, locateBinaries, unprivilegedAccount } from './binaries.js';
import { freePort } from './free-port.js';

export interface LocalPostgres {
  readonly version: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly database: 'memplane';
  readonly user: 'postgres';
  readonly password: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** Stops the server and starts it again on the same port: what an outage looks like. */
  restart(): Promise<void>;
}

const run = promisify(execFile);
const START_DEADLINE_MS = 30_000;

/** Small, because everything runs on one laptop; durable, because the state outlives the demo. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=64MB',
  'log_parameter_max_length=0',
  'log_parameter_max_length_on_error=0',
];

interface Place {
  readonly folder: string;
  readonly binaries: string;
  readonly account: Account | undefined;
}

/**
 * Where a server that belongs to `folder` really lives: there, unless we are root and the account that runs Postgres
 * cannot reach it (a checkout in a closed home).
 */
export function postgresHome(folder: string, account: Account | undefined = unprivilegedAccount()): string {
  if (account === undefined || enterable(dirname(folder))) return folder;
  return join('/var/tmp', `memplane-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
}

/** A Postgres of our own in `folder`; what an earlier run left there is used again. */
export async function startPostgres(folder: string, port = 0): Promise<LocalPostgres> {
  const account = unprivilegedAccount();
  const place: Place = { folder: postgresHome(folder, account), account, binaries: await locateBinaries(account) };
  const password = await prepare(place);
  await endLeftover(place);
  const at = port === 0 ? await freePort() : port;
  let server = await launch(place, at, password);
  const version = await createDatabase(at, password);
  return {
    version,
    host: '127.0.0.1',
    port: at,
    database: 'memplane',
    user: 'postgres',
    password,
    get pid() {
      return server.pid ?? 0;
    },
    stop: () => stop(server),
    restart: async () => {
      await stop(server);
      server = await launch(place, at, password);
    },
  };
}

async function prepare({ folder, binaries, account }: Place): Promise<string> {
  const passwordFile = join(folder, 'password');
  const data = join(folder, 'data');
  if (existsSync(join(data, 'PG_VERSION')) && existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8');
  rmSync(folder, { recursive: true, force: true });
  // Folders above it stay open: the account that runs Postgres must be able to come here.
  mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
  mkdirSync(folder, { mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid);
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  await run(join(binaries, 'initdb'), [...initdb, '--locale=C', '--no-sync'], { ...account, cwd: folder });
  return password;
}

/** A run that was killed may have left its server: it is told to stop by the id in its own lock file. */
async function endLeftover({ folder }: Place): Promise<void> {
  const lock = join(folder, 'data', 'postmaster.pid');
  if (!existsSync(lock)) return;
  const [pid, data] = readFileSync(lock, 'utf8').split('\n');
  const id = Number(pid);
  if (!Number.isInteger(id) || data !== join(folder, 'data') || !isPostgres(id)) return rmSync(lock, { force: true });
  process.kill(id, 'SIGINT');
  const deadline = Date.now() + START_DEADLINE_MS;
  while (existsSync(lock) && Date.now() < deadline) await sleep(50);
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}

async function launch({ folder, binaries, account }: Place, port: number, password: string): Promise<ChildProcess> {
  const settings = [...SETTINGS, `port=${port}`].flatMap((setting) => ['-c', setting]);
  const server = spawn(join(binaries, 'postgres'), ['-D', join(folder, 'data'), ...settings], {
    ...account,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A terminal's Ctrl-C goes to the whole group; the server is stopped after those who use it.
    detached: true,
  });
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers(port, password))) {
    if (server.exitCode !== null) throw new Error(`Postgres ended while starting: ${said.trim()}`);
    if (Date.now() > deadline)
      throw new Error(`Postgres did not answer within ${START_DEADLINE_MS} ms: ${said.trim()}`);
    await sleep(50);
  }
  return server;
}

const address = (port: number, password: string, database: string) => ({
  host: '127.0.0.1',
  port,
  database,
  user: 'postgres',
  password,
  tls: undefined,
});

async function answers(port: number, password: string): Promise<boolean> {
  const database = openDatabase(address(port, password, 'postgres'));
  try {
    await database.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await database.close();
  }
}

async function createDatabase(port: number, password: string): Promise<string> {
  const database = openDatabase(address(port, password, 'postgres'));
  try {
    const found = await database.query("SELECT 1 FROM pg_database WHERE datname = 'memplane'");
    if (found.length === 0) await database.query('CREATE DATABASE memplane');
    const [row] = await database.query<{ server_version: string }>('SHOW server_version');
    return row?.server_version ?? 'unknown';
  } finally {
    await database.close();
  }
}

/** Fast shutdown: sessions are ended, everything committed is on disk. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGINT');
  await ended;
}
