import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeIdentity } from '../node/process-identity.js';
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
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    takeLock(lock, path);
  } catch (error) {
    if (error instanceof DemoError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DemoError(`the state folder ${path} cannot be written (${why}): set MEMPLANE_STATE to a folder of yours`);
  }
  const release = (): void => rmSync(lock, { force: true });
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

const ownMark = (): string => `${process.pid}\n${observeIdentity(process.pid) ?? ''}\n`;

function takeLock(lock: string, path: string): void {
  const holder = livingHolder(lock);
  if (holder !== undefined) throw takenBy(holder, path);
  rmSync(lock, { force: true });
  try {
    writeFileSync(lock, ownMark(), { flag: 'wx' });
  } catch (error) {
    const quicker = livingHolder(lock);
    throw quicker === undefined ? error : takenBy(quicker, path);
  }
}

const takenBy = (holder: number, path: string): DemoError =>
  new DemoError(
    `another demo (process ${holder}) uses ${path}: stop it with Ctrl-C in its terminal, or set MEMPLANE_STATE to another folder`,
  );

/** A process id is used again: the start time, written beside it, tells whether it is still the same process. */
function livingHolder(lock: string): number | undefined {
  if (!existsSync(lock)) return undefined;
  const [pid, identity] = readFileSync(lock, 'utf8').split('\n');
  const living = observeIdentity(Number(pid));
  return living !== undefined && living === identity ? Number(pid) : undefined;
}

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
