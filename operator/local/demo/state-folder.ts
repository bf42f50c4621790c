import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { postgresHome } from '../postgres/server.js';

/** Said to the person at the terminal as it is; never with a stack. */
export class DemoError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DemoError';
  }
}

/** Postgres, its write-ahead log, the cluster's log and two tenants; measured at about 120 MB, with room to try things. */
const NEEDED_BYTES = 512 * 1024 * 1024;

export interface StateFolder {
  readonly path: string;
  readonly fresh: boolean;
  release(): void;
}

/** Takes the folder for this process. One that a killed demo left behind is taken over, a living one is not. */
export function openStateFolder(path: string, startFresh: boolean): StateFolder {
  const lock = join(path, 'demo.pid');
  const holder = livingHolder(lock);
  if (holder !== undefined) {
    throw new DemoError(
      `another demo (process ${holder}) uses ${path}: stop it with Ctrl-C in its terminal, or set MEMPLANE_STATE to another folder`,
    );
  }
  if (startFresh) {
    rmSync(postgresHome(join(path, 'postgres')), { recursive: true, force: true });
    rmSync(path, { recursive: true, force: true });
  }
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    writeFileSync(lock, `${process.pid}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DemoError(`the state folder ${path} cannot be written (${why}): set MEMPLANE_STATE to a folder of yours`);
  }
  requireSpace(path);
  return { path, fresh: startFresh, release: () => rmSync(lock, { force: true }) };
}

function requireSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= NEEDED_BYTES) return;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  throw new DemoError(
    `${path} has ${megabytes(free)} free and the demo needs ${megabytes(NEEDED_BYTES)}: free some, or set MEMPLANE_STATE to a folder with room`,
  );
}

function livingHolder(lock: string): number | undefined {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    process.kill(pid, 0);
    return pid === process.pid || !isDemo(pid) ? undefined : pid;
  } catch {
    // No lock, an unreadable one, or its process is gone.
    return undefined;
  }
}

/** A process id is used again after a reboot: on Linux its command line tells whether it is a demo. */
function isDemo(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('demo');
  } catch {
    return false;
  }
}
