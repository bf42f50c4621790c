import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../clients/postgres.js';
import { UnusableState } from '../unusable-state.js';
import { accountFor, locateBinaries } from './binaries.js';
import { type Place, prepareData } from './data-folder.js';
import { freePort } from './free-port.js';
import { endPostgres, postgresHome } from './leftover.js';
import { removeOrphans } from './orphans.js';

export { postgresHome } from './leftover.js';

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

const START_DEADLINE_MS = 60_000;
const LAST_WORDS_MS = 500;

/** Small, because everything runs on one laptop; durable, because the state outlives the demo. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=64MB',
  'log_parameter_max_length=0',
  'log_parameter_max_length_on_error=0',
];

/**
 * A Postgres of our own in `folder`; what an earlier run left there is used again. A port that is taken is not
 * insisted on. When `signal` aborts, nothing is left running and its reason is thrown.
 */
export async function startPostgres(folder: string, port = 0, signal?: AbortSignal): Promise<LocalPostgres> {
  const account = accountFor(folder);
  const home = postgresHome(folder, account);
  const place: Place = { folder, home, account, binaries: await locateBinaries(account) };
  await endPostgres(home);
  if (home !== folder) removeOrphans();
  const password = await prepareData(place, signal);
  let { server, at } = await launchSomewhere(place, port, password, signal);
  const version = await createDatabase(at, password).catch(async (error: unknown) => {
    await stop(server);
    throw error;
  });
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

/** Another process may take a port between the look and the start, again and again: not so often by chance. */
const ATTEMPTS = 10;

async function launchSomewhere(place: Place, port: number, password: string, signal: AbortSignal | undefined) {
  for (let attempt = 1; ; attempt += 1) {
    const at = attempt === 1 && port !== 0 ? port : await freePort();
    try {
      return { server: await launch(place, at, password, signal), at };
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof PortTaken || error instanceof StillHeld)) throw error;
      // A server of the run before that came up after we had looked for it, or a session that outlived its server.
      if (!(error instanceof StillHeld)) continue;
      await endPostgres(place.home);
      await sleep(STILL_HELD_MS);
    }
  }
}

class PortTaken extends Error {}
class StillHeld extends UnusableState {}

const STILL_HELD_MS = 300;
const STILL_HELD = /lock file "postmaster\.pid" already exists|pre-existing shared memory block/;

async function launch(place: Place, port: number, password: string, signal?: AbortSignal): Promise<ChildProcess> {
  const settings = [...SETTINGS, `port=${port}`].flatMap((setting) => ['-c', setting]);
  const server = spawn(join(place.binaries, 'postgres'), ['-D', join(place.home, 'data'), ...settings], {
    ...place.account,
    cwd: place.home,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A terminal's Ctrl-C goes to the whole group; the server is stopped after those who use it.
    detached: true,
  });
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  try {
    await untilAnswers(server, port, password, signal);
    return server;
  } catch (error) {
    await stop(server);
    // Its last words may come after its end.
    if (server.stderr !== null)
      await Promise.race([finished(server.stderr).catch(() => undefined), sleep(LAST_WORDS_MS)]);
    if (signal?.aborted === true) throw signal.reason;
    if (/Address already in use/.test(said)) throw new PortTaken(`port ${port} is taken`);
    if (STILL_HELD.test(said)) throw new StillHeld(place.home, said.trim());
    if (error instanceof Ended) throw new UnusableState(place.home, `Postgres ended while starting: ${said.trim()}`);
    throw error;
  }
}

class Ended extends Error {}

async function untilAnswers(server: ChildProcess, port: number, password: string, signal?: AbortSignal): Promise<void> {
  // Raced against, because whoever else has the port may take a connection and say nothing.
  const over = new Promise<Error>((resolve) => {
    server.once('error', resolve);
    server.once('exit', () => resolve(new Ended('Postgres ended while starting')));
  });
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const state = await Promise.race([answers(port, password), over]);
    if (state instanceof Error) throw state;
    if (state) return;
    signal?.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`Postgres did not answer on port ${port} in ${START_DEADLINE_MS} ms`);
    await sleep(50);
  }
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

/** What follows when a server does not end by itself: the next start replays its log. */
const STOP_SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
const STOP_GRACE_MS = 15_000;

/** Fast shutdown: sessions are ended, everything committed is on disk. */
async function stop(server: ChildProcess): Promise<void> {
  const isOver = (): boolean => server.pid === undefined || server.exitCode !== null || server.signalCode !== null;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  for (const signal of STOP_SIGNALS) {
    if (isOver()) return;
    server.kill(signal);
    const waiting = new AbortController();
    await Promise.race([ended, sleep(STOP_GRACE_MS, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
  }
}
