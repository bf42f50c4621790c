import { createHash, randomBytes } from 'node:crypto';
import { constants, copyFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { observeIdentity } from './node/process-identity.js';

/** A living process, this one perhaps, has what was asked for. */
export class LockHeld extends Error {
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`process ${pid} holds ${path}`);
    this.name = 'LockHeld';
    this.pid = pid;
  }
}

/**
 * A lock file for one process at a time, which may be killed while it has it. Answers how to let go; throws `LockHeld`.
 *
 * The file comes into being with its content, as a second name of one that is written already, so nobody reads half of
 * it. Of several who find the lock of a dead process, one may take its place: who takes a second lock, named after the
 * dead one's content, and then still finds that content. The second lock becomes the first by a rename.
 */
export function takeProcessLock(path: string): () => void {
  const nonce = randomBytes(6).toString('hex');
  // A process id is used again: the start time, written beside it, tells whether it is still the same process.
  const mark = `${process.pid}\n${observeIdentity(process.pid) ?? ''}\n${nonce}\n`;
  const own = `${path}.${nonce}`;
  writeFileSync(own, mark, { flag: 'wx', mode: 0o600 });
  try {
    acquire(path, own);
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (readIfThere(path) === mark) rmSync(path, { force: true });
  };
}

function acquire(path: string, own: string): void {
  while (!linkIfAbsent(own, path)) {
    const found = readIfThere(path);
    // Let go of in the meantime.
    if (found === undefined) continue;
    const holder = livingHolder(found);
    if (holder !== undefined) throw new LockHeld(path, holder);
    const place = `${path}.after-${createHash('sha256').update(found).digest('hex').slice(0, 12)}`;
    acquire(place, own);
    if (readIfThere(path) === found) {
      renameSync(place, path);
      return;
    }
    rmSync(place, { force: true });
  }
}

const NO_LINKS = new Set<unknown>(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function linkIfAbsent(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(codeOf(error))) throw error;
    return copyIfAbsent(own, path);
  }
}

/** Where there are no hard links (FAT) a copy must do, of which somebody may see half. */
function copyIfAbsent(own: string, path: string): boolean {
  try {
    copyFileSync(own, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function livingHolder(mark: string): number | undefined {
  const [pid, identity] = mark.split('\n');
  const living = observeIdentity(Number(pid));
  return living !== undefined && living === identity ? Number(pid) : undefined;
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
