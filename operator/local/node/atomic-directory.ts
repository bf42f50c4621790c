import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

export type Files = ReadonlyMap<string, Buffer>;

const DATA = '..data';

/**
 * Puts a set of files into a directory so that a reader sees all of the old set or all of the new one. The files lie in
 * a directory of their own, `..data` is a link to it that is replaced by a rename, and each file is reached through it:
 * the kubelet's layout, which programs that reload mounted files already watch. Answers whether anything changed.
 */
export async function writeAtomicDirectory(directory: string, files: Files): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const current = await readlink(join(directory, DATA)).catch(() => undefined);
  if (current !== undefined && (await holdsExactly(join(directory, current), files))) {
    // A writer that was killed may not have come to the names.
    await linkEntries(directory, files);
    return false;
  }
  const next = `..${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  await mkdir(join(directory, next), { mode: 0o700 });
  for (const [path, content] of files) {
    const target = join(directory, next, safePath(path));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(target, content, { mode: 0o600 });
  }
  await replaceLink(directory, DATA, next);
  await linkEntries(directory, files);
  await removeOthers(directory, next);
  return true;
}

/** A key or an item's path is data from the API: it must not lead out of the volume. */
function safePath(path: string): string {
  const normal = posix.normalize(path);
  if (posix.isAbsolute(normal) || normal.startsWith('..')) {
    throw new Error(`volume path "${path}" leads out of its volume: use a relative path without ".."`);
  }
  return normal;
}

async function holdsExactly(directory: string, files: Files): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.filter((entry) => entry.isFile()).length !== files.size) return false;
  for (const [path, content] of files) {
    const present = await readFile(join(directory, safePath(path))).catch(() => undefined);
    if (present === undefined || !present.equals(content)) return false;
  }
  return true;
}

async function linkEntries(directory: string, files: Files): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => safePath(path).split('/')[0] ?? path));
  for (const name of wanted) {
    const target = await readlink(join(directory, name)).catch(() => undefined);
    if (target === undefined) await replaceLink(directory, name, join(DATA, name));
  }
  for (const name of await readdir(directory)) {
    if (!name.startsWith('..') && !wanted.has(name)) await rm(join(directory, name), { force: true });
  }
}

/** The set before this one, and what a writer that was killed has left unfinished. */
async function removeOthers(directory: string, current: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('..') || name === DATA || name === current) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function replaceLink(directory: string, name: string, target: string): Promise<void> {
  const temporary = join(directory, `..link-${randomBytes(4).toString('hex')}`);
  await symlink(target, temporary);
  await rename(temporary, join(directory, name));
}
