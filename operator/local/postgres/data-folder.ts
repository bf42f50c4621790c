import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { UnusableState } from '../unusable-state.js';
import { PARTIAL } from '../whole-file.js';
import type { Account } from './binaries.js';
import { recordOrigin } from './orphans.js';

const run = promisify(execFile);

export interface Place {
  /** What the caller asked for; on it depends to whom the data belong. */
  readonly folder: string;
  /** Where the data are. */
  readonly home: string;
  readonly binaries: string;
  readonly account: Account | undefined;
}

/** Makes sure that there is a database cluster, and answers the password of its owner. */
export async function prepareData(place: Place, signal: AbortSignal | undefined): Promise<string> {
  const { home } = place;
  if (home !== place.folder) leaveStrangersData(place);
  const data = join(home, 'data');
  // initdb works beside it and the result is moved here whole: what is here has been finished once.
  if (existsSync(data)) return readPassword(home);
  return initialise(place, data, signal);
}

function readPassword(home: string): string {
  for (const file of ['password', 'data/PG_VERSION', 'data/global/pg_control']) {
    if (!existsSync(join(home, file))) throw new UnusableState(home, `${join(home, file)} is missing`);
  }
  return readFileSync(join(home, 'password'), 'utf8');
}

/**
 * Data that had to be put elsewhere do not go when somebody deletes the state folder. They carry the id that the
 * folder had: another one's, or nobody's, are not taken for ours.
 */
function leaveStrangersData({ folder, home, account }: Place): void {
  const mark = `${folder}.id`;
  const id = existsSync(mark) ? readFileSync(mark, 'utf8') : undefined;
  const found = existsSync(join(home, 'id')) ? readFileSync(join(home, 'id'), 'utf8') : undefined;
  if (id !== undefined && found === undefined) throw new UnusableState(mark, `its data in ${home} are gone`);
  if (id !== undefined && id === found) {
    recordOrigin(folder, home, id);
    return;
  }
  rmSync(home, { recursive: true, force: true });
  const fresh = randomBytes(16).toString('hex');
  makeHome(home, account);
  writeFileSync(join(home, 'id'), fresh);
  mkdirSync(dirname(folder), { recursive: true });
  writeFileSync(mark, fresh);
  recordOrigin(folder, home, fresh);
}

/** Folders above it stay open: the account that runs Postgres must be able to come here. */
function makeHome(home: string, account: Account | undefined): void {
  mkdirSync(dirname(home), { recursive: true, mode: 0o755 });
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(home, account.uid, account.gid);
}

/** Each try has a folder of its own, which none of the others can be taken for. */
const partialOf = (data: string): string => `${data}.${randomBytes(4).toString('hex')}${PARTIAL}`;

/** Whoever is interrupted in this leaves no database rather than half of one. */
export function discardData(home: string): void {
  const data = join(home, 'data');
  if (existsSync(data)) renameSync(data, partialOf(data));
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
}

async function initialise({ home, binaries, account }: Place, data: string, signal?: AbortSignal): Promise<string> {
  makeHome(home, account);
  for (const name of readdirSync(home).filter((one) => one.endsWith(PARTIAL)))
    rmSync(join(home, name), { recursive: true, force: true, maxRetries: 10 });
  const partial = partialOf(data);
  const password = randomBytes(24).toString('base64url');
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const initdb = ['-D', partial, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  const options = { ...account, cwd: home, ...(signal === undefined ? {} : { signal }) };
  const made = run(join(binaries, 'initdb'), [...initdb, '--locale=C', '--no-sync'], options);
  await made.catch(async (error: unknown) => {
    // An interruption is answered before the program has ended.
    const { child } = made;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    throw error;
  });
  renameSync(partial, data);
  return password;
}
