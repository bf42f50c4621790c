import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ELSEWHERE, elsewhere, isHomeName, isUsed } from './leftover.js';

/** Beside data that lie elsewhere: whose they are. */
const ORIGIN = 'origin.json';

interface Origin {
  /** The folder that the data belong to. */
  readonly folder: string;
  readonly id: string;
  /** Of what holds the state folder: a disk that is not mounted is no folder that was deleted. */
  readonly device: number;
}

/** Where the state folder lies in. */
const ground = (folder: string): string => dirname(dirname(folder));

/** Written last: data without it are nobody's orphan. */
export function recordOrigin(folder: string, home: string, id: string): void {
  if (readOrigin(home)?.id === id) return;
  const origin: Origin = { folder, id, device: statSync(ground(folder)).dev };
  writeFileSync(join(home, ORIGIN), JSON.stringify(origin), { mode: 0o600 });
}

/**
 * Deletes data whose state folder somebody deleted: of no other folder, of this account alone, and never what a server
 * uses. What cannot be told for certain stays. Answers what went.
 */
export function removeOrphans(base: string = ELSEWHERE): readonly string[] {
  return readdirSync(base)
    .filter(isHomeName)
    .map((name) => join(base, name))
    .filter((home) => {
      const origin = readOrigin(home);
      return origin !== undefined && isOrphan(home, origin, base) && take(home, origin);
    });
}

function isOrphan(home: string, { folder, id, device }: Origin, base: string): boolean {
  if (elsewhere(folder, base) !== home || isUsed(home)) return false;
  if (statSync(ground(folder), { throwIfNoEntry: false })?.dev !== device) return false;
  return !existsSync(folder) && readText(`${folder}.id`) !== id;
}

/** Out of the way in one step: a server that starts there meanwhile makes a folder of its own, or this one is put back. */
function take(home: string, { id }: Origin): boolean {
  const taken = `${home}.orphan`;
  try {
    rmSync(taken, { recursive: true, force: true });
    renameSync(home, taken);
    if (readOrigin(taken)?.id !== id) {
      renameSync(taken, home);
      return false;
    }
    rmSync(taken, { recursive: true, force: true, maxRetries: 10 });
    return true;
  } catch {
    // Somebody else was at it too: the next start looks again.
    return false;
  }
}

/** Only what we wrote ourselves is believed: others may write to the folder above. */
function readOrigin(home: string): Origin | undefined {
  const path = join(home, ORIGIN);
  try {
    if (!lstatSync(home).isDirectory() || lstatSync(path).uid !== process.getuid?.()) return undefined;
    const { folder, id, device } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Origin>;
    if (typeof folder !== 'string' || !isAbsolute(folder) || typeof id !== 'string' || typeof device !== 'number')
      return undefined;
    return { folder, id, device };
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
