import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { LockHeld, takeProcessLock } from '../process-lock.js';
import { endLeftovers, removeState, STATE_ENTRIES } from '../stack/leftovers.js';

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
  release(): void;
}

export interface StateOptions {
  /** Delete what an earlier run left. */
  readonly fresh: boolean;
  /** @default what a demo was measured to need */
  readonly neededBytes?: number;
}

/** Takes the folder for this process. One that a killed demo left behind is taken over, a living one is not. */
export async function openStateFolder(path: string, options: StateOptions): Promise<StateFolder> {
  const lock = join(path, 'demo.pid');
  let release: () => void;
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    release = takeProcessLock(lock);
  } catch (error) {
    if (error instanceof LockHeld) throw takenBy(error.pid, path);
    const why = error instanceof Error ? error.message : String(error);
    throw new DemoError(`the state folder ${path} cannot be written (${why}): set MEMPLANE_STATE to a folder of yours`);
  }
  try {
    requireOwnership(path);
    if (options.fresh) {
      await endLeftovers(path);
      removeState(path);
    }
    requireSpace(path, options.neededBytes ?? NEEDED_BYTES);
  } catch (error) {
    release();
    throw error;
  }
  return { path, release };
}

const takenBy = (holder: number, path: string): DemoError =>
  new DemoError(
    `another demo (process ${holder}) uses ${path}: stop it with Ctrl-C in its terminal, or set MEMPLANE_STATE to another folder`,
  );

/** What root has made cannot be gone on with as somebody else. */
function requireOwnership(path: string): void {
  for (const entry of ['demo.log', ...STATE_ENTRIES.filter((name) => name !== 'postgres')]) {
    if (!existsSync(join(path, entry))) continue;
    try {
      accessSync(join(path, entry), constants.W_OK);
    } catch {
      throw new DemoError(
        `${join(path, entry)} is of an earlier run under another account and cannot be written: run as that account, or set MEMPLANE_STATE to another folder`,
      );
    }
  }
}

function requireSpace(path: string, needed: number): void {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= needed) return;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  throw new DemoError(
    `${path} has ${megabytes(free)} free and the demo needs ${megabytes(needed)}: free some, or set MEMPLANE_STATE to a folder with room`,
  );
}
