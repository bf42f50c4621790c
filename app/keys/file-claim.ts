import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import { BucketError } from './bucket-contract.js';

/**
 * Mutual exclusion between processes of one machine over one file, without a lock that can outlive its holder.
 *
 * A process makes a claim: a file beside the target whose name is never used again, `.<target>.claim.<who>`. Then it
 * lists the claims. If its own is the only one, it holds the target. Of two that see each other the lower name waits and
 * the other withdraws. Of any two claims the later one sees the earlier one, so two never hold at once. Since names
 * are not reused, a claim whose process is gone can be removed by anybody without a race.
 *
 * The holder writes into its claim and renames it over the target: the commit and the release are one atomic step, and
 * a crash leaves either the old bytes or the new ones.
 */
export interface Claim {
  /** Durable when it resolves: file and folder are synced. */
  commit(bytes: Uint8Array): Promise<void>;
}

/** Holders take milliseconds; who waits longer than this stands behind something stuck. */
const LONGEST_WAIT_MS = 10_000;
/** A claim from another PID namespace (a container beside us) cannot be asked whether it lives. */
const FOREIGN_CLAIM_LIVES_MS = 30_000;

export async function withClaim<T>(
  target: string,
  work: (claim: Claim) => Promise<T>,
  longestWaitMs: number = LONGEST_WAIT_MS,
): Promise<T> {
  const held = await acquire(target, longestWaitMs);
  try {
    return await work({ commit: (bytes) => commit(held, target, bytes) });
  } finally {
    await held.file.close().catch(() => undefined);
    await removeFile(held.path);
  }
}

interface Held {
  readonly path: string;
  readonly file: FileHandle;
}

async function acquire(target: string, longestWaitMs: number): Promise<Held> {
  const deadline = Date.now() + longestWaitMs;
  let mine: Held | undefined;
  try {
    for (;;) {
      mine ??= await makeClaim(target);
      const others = await liveClaims(target, mine.path);
      const [first] = others;
      if (first === undefined) return mine;
      if (Date.now() > deadline) throw busy(target, first, longestWaitMs);
      if (first < mine.path) mine = await withdraw(mine);
      await sleep(1 + Math.random() * 5);
    }
  } catch (error) {
    if (mine !== undefined) await withdraw(mine);
    throw error;
  }
}

async function withdraw(held: Held): Promise<undefined> {
  await held.file.close().catch(() => undefined);
  await removeFile(held.path);
  return undefined;
}

/** So often a folder may vanish under a claim; one that cannot be made at all is an error, not a reason to go on for ever. */
const FOLDER_ATTEMPTS = 100;

async function makeClaim(target: string): Promise<Held> {
  for (let attempt = 1; ; attempt += 1) {
    const path = join(dirname(target), `${claimPrefix(target)}${WHO}-${randomBytes(8).toString('hex')}`);
    try {
      await makeFolder(dirname(target));
      return { path, file: await open(path, 'wx', 0o600) };
    } catch (error) {
      // Another process removed the folder, empty for a moment, between two of the steps.
      if (!isErrno(error, 'ENOENT') || attempt === FOLDER_ATTEMPTS) throw error;
    }
  }
}

/** The paths of the others' live claims, lowest first; dead ones are removed on the way. */
async function liveClaims(target: string, mine: string): Promise<readonly string[]> {
  const folder = dirname(target);
  const prefix = claimPrefix(target);
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix)).sort();
  const live: string[] = [];
  for (const path of names.map((name) => join(folder, name))) {
    if (path === mine) continue;
    if (await isDead(path)) await removeFile(path);
    else live.push(path);
  }
  return live;
}

async function commit(held: Held, target: string, bytes: Uint8Array): Promise<void> {
  await held.file.writeFile(bytes);
  await held.file.sync();
  await rename(held.path, target);
  await syncFolder(dirname(target)).catch((error: unknown) => {
    // The claim ended with the rename: another process has deleted the object since, and the folder with it.
    if (!isErrno(error, 'ENOENT')) throw error;
  });
}

const CLAIM = /^\.(?<target>.+)\.claim\.(?<namespace>\d+)-(?<pid>\d+)-(?<started>\d+)-[0-9a-f]{16}$/;

const claimPrefix = (target: string): string => `.${basename(target)}.claim.`;

export const isClaim = (path: string): boolean => CLAIM.test(basename(path));

/** True when the process that made the claim is certainly gone, or a foreign one has not finished for far too long. */
export async function isDead(path: string): Promise<boolean> {
  const who = CLAIM.exec(basename(path))?.groups;
  if (who === undefined) return false;
  if (who.namespace === NAMESPACE) return startOf(Number(who.pid)) !== who.started;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > FOREIGN_CLAIM_LIVES_MS;
}

/**
 * When a process started, in ticks since boot: with its id, a name that no later process gets. A zombie has ended.
 * Without /proc (macOS) all that can be known is whether the id is in use.
 */
function startOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return NAMESPACE === NO_PROC && isRunning(pid) ? '0' : undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

const NO_PROC = '0';

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    return NO_PROC;
  }
}

const NAMESPACE = pidNamespace();
const WHO = `${NAMESPACE}-${process.pid}-${startOf(process.pid) ?? '0'}`;

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** By its code alone: an error of another realm (a worker's, a test runner's) is no `instanceof Error` here. */
export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  types.isNativeError(error) && codes.includes(String((error as NodeJS.ErrnoException).code));

const busy = (target: string, other: string, waitedMs: number): BucketError =>
  new BucketError(
    'BucketBusy',
    `${target} has been claimed by another process for ${waitedMs / 1000} s`,
    `end the process named in ${basename(other)} (namespace-pid-start), or remove the file if that is gone`,
  );
