import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ListedProcess, listProcesses, observePlace } from '../process-list.js';
import { type Account, enterable, unprivilegedAccount } from './binaries.js';

/**
 * Where a server that belongs to `folder` really lives: there, unless we are root and the account that runs Postgres
 * cannot reach it (a checkout in a closed home). Data that are there already are never looked for elsewhere.
 */
export function postgresHome(folder: string, account: Account | undefined = unprivilegedAccount()): string {
  if (account === undefined || existsSync(join(folder, 'data')) || enterable(dirname(folder))) return folder;
  return elsewhere(folder);
}

export const ELSEWHERE = '/var/tmp';
const HOME_NAME = /^memplane-postgres-[0-9a-f]{16}$/;
export const isHomeName = (name: string): boolean => HOME_NAME.test(name);

export function elsewhere(folder: string, base: string = ELSEWHERE): string {
  return join(base, `memplane-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
}

const GRACE_MS = 20_000;
const POLL_MS = 50;

/** A run that was killed may have left its server: it is told to stop, and made to when it does not. */
export async function endPostgres(home: string, graceMs = GRACE_MS): Promise<void> {
  await endMakers(home, graceMs);
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    signalPostgres(home, signal);
    await untilNone(() => listServers(home), graceMs);
  }
  const [left] = listServers(home);
  if (left !== undefined) throw new Error(`Postgres (process ${left.pid}) of ${home} does not end: end it by hand`);
  // It may name a process of today that is somebody else's, which a new server would respect.
  rmSync(join(home, 'data', 'postmaster.pid'), { force: true });
}

/** What makes a database is of no use once nobody waits for it, and must not go on writing while it is cleared away. */
async function endMakers(home: string, graceMs: number): Promise<void> {
  for (const { pid } of listMakers(home)) send(pid, 'SIGKILL');
  await untilNone(() => listMakers(home), graceMs);
}

async function untilNone(list: () => readonly ListedProcess[], graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  while (list().length > 0 && Date.now() < deadline) await sleep(POLL_MS);
}

/** Whether a server runs on the data of this home, or is being made. */
export function isUsed(home: string): boolean {
  const listed = listProcesses();
  return listServers(home, listed).length > 0 || listMakers(home, listed).length > 0;
}

/** Answers the process id of the server that runs in this home, if one does. */
export function signalPostgres(home: string, signal: NodeJS.Signals): number | undefined {
  const servers = listServers(home);
  for (const { pid } of servers) send(pid, signal);
  return servers[0]?.pid;
}

/**
 * By the folder that they were started with: a lock file may be older than the last boot, and a server that was just
 * started has none yet. A child looks like its server until it has said what it is.
 */
function listServers(home: string, listed = listProcesses()): readonly ListedProcess[] {
  const option = `-D ${join(home, 'data')} `;
  const found = listed.filter(({ command }) => `${command} `.includes(option));
  return found.filter(({ parent }) => !found.some(({ pid }) => pid === parent));
}

const MAKERS = new Set(['initdb', 'postgres']);

/** initdb and what it starts: they work in the home, or in a folder beside the data that is not finished. */
function listMakers(home: string, listed = listProcesses()): readonly ListedProcess[] {
  const servers = new Set(listServers(home, listed).map(({ pid }) => pid));
  return listed.filter(({ pid }) => {
    if (servers.has(pid)) return false;
    const { program, folder } = observePlace(pid) ?? { program: '', folder: '' };
    return MAKERS.has(basename(program)) && (folder === home || folder.startsWith(`${join(home, 'data')}.`));
  });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended since it was listed.
  }
}
