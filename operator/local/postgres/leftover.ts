import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, enterable, unprivilegedAccount } from './binaries.js';

/**
 * Where a server that belongs to `folder` really lives: there, unless we are root and the account that runs Postgres
 * cannot reach it (a checkout in a closed home). Data that are there already are never looked for elsewhere.
 */
export function postgresHome(folder: string, account: Account | undefined = unprivilegedAccount()): string {
  if (account === undefined || existsSync(join(folder, 'data')) || enterable(dirname(folder))) return folder;
  return join('/var/tmp', `memplane-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
}

const GRACE_MS = 20_000;
const POLL_MS = 50;

/** A run that was killed may have left its server: it is told to stop, and made to when it does not. */
export async function endPostgres(home: string, graceMs = GRACE_MS): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const pid = signalPostgres(home, signal);
    const deadline = Date.now() + graceMs;
    while (pid !== undefined && isServerOf(pid, home)) {
      if (Date.now() > deadline) break;
      await sleep(POLL_MS);
    }
  }
  const left = readServer(home);
  if (left !== undefined) throw new Error(`Postgres (process ${left}) of ${home} does not end: end it by hand`);
  rmSync(join(home, 'data', 'postmaster.pid'), { force: true });
}

/** Answers the process id of the server that runs in this home, if one does. */
export function signalPostgres(home: string, signal: NodeJS.Signals): number | undefined {
  const pid = readServer(home);
  if (pid !== undefined) process.kill(pid, signal);
  return pid;
}

/** By the id in its own lock file, which may be older than the last boot: the process must be of this very folder. */
function readServer(home: string): number | undefined {
  try {
    const [pid] = readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n');
    return isServerOf(Number(pid), home) ? Number(pid) : undefined;
  } catch {
    // No lock file: no server.
    return undefined;
  }
}

function isServerOf(pid: number, home: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(`-D ${join(home, 'data')} `);
  } catch {
    // No such process.
    return false;
  }
}
