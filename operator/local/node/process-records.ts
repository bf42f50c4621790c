import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findByEnvironment } from '../process-list.js';
import { delay } from '../waiting.js';
import { observeIdentity } from './process-identity.js';

/** In every process' environment, so that even a grandchild can be told apart from a stranger in a reused group. */
export const MARKER = 'LOCAL_NODE_CONTAINER_ID';

/** Without a process id: written before the start, of which nobody has told how it went. */
interface ProcessRecord {
  readonly id: string;
  readonly pid?: number;
  readonly identity?: string | undefined;
}

const POLL_MS = 20;
/** A killed process is gone in milliseconds, unless it waits for a disk or the machine is out of breath. */
const DEADLINE_MS = 15_000;
/** Between the fork and the exec a process has not got its marker yet: a start without a process id is waited for. */
const EXEC_MS = 200;

/** What an agent has started and not seen end, on disk: a file each, named by the process' marker. */
export class ProcessRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Before the process can be: from here on there is no moment at which a kill of the agent would hide it. */
  announce(id: string): void {
    this.#write({ id });
  }

  complete(id: string, pid: number): void {
    this.#write({ id, pid, identity: observeIdentity(pid) });
  }

  remove(id: string): void {
    rmSync(join(this.#directory, id), { force: true });
  }

  /** Ends what the records name and waits until it is gone; answers how many of them were still there. */
  async endAll(): Promise<number> {
    const records = this.#read();
    const began = Date.now();
    const ended = new Set<string>();
    const waitsForExec = records.some(({ pid }) => pid === undefined);
    for (;;) {
      const found = killRecorded(records);
      for (const { id } of found) ended.add(id);
      const waited = Date.now() - began;
      if (found.length === 0 && (!waitsForExec || waited > EXEC_MS)) break;
      if (waited > DEADLINE_MS) {
        const pids = found.map(({ pid }) => pid).join(', ');
        throw new Error(`what an earlier run left running does not end: end process ${pids} by hand`);
      }
      await delay(POLL_MS);
    }
    for (const { id } of records) this.remove(id);
    return ended.size;
  }

  /** The same for who has no time to wait. The records stay: the next start makes sure. */
  killAll(): void {
    killRecorded(this.#read());
  }

  #write(record: ProcessRecord): void {
    writeFileSync(join(this.#directory, record.id), JSON.stringify(record), { mode: 0o600 });
  }

  #read(): readonly ProcessRecord[] {
    return readdirSync(this.#directory).map((id) => ({ ...readRecord(join(this.#directory, id)), id }));
  }
}

/** Cut short by a kill it is as one that was only announced. */
function readRecord(path: string): Omit<ProcessRecord, 'id'> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(parsed) ? { pid: parsed.pid, identity: parsed.identity } : {};
  } catch {
    return {};
  }
}

const isRecord = (value: unknown): value is { readonly pid: number; readonly identity: string } =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  Number.isInteger(value.pid) &&
  'identity' in value &&
  typeof value.identity === 'string';

/** SIGKILL to the recorded leaders that still are who they were, each with its group, and to all who carry a marker. */
function killRecorded(records: readonly ProcessRecord[]): readonly { readonly id: string; readonly pid: number }[] {
  if (records.length === 0) return [];
  const leaders = records.flatMap(({ id, pid, identity }) =>
    pid !== undefined && observeIdentity(pid) === identity ? [{ id, pid }] : [],
  );
  for (const { pid } of leaders) killGroup(pid);
  const marked = findByEnvironment(MARKER, new Set(records.map(({ id }) => id)));
  for (const pid of marked.keys()) kill(pid);
  return [...leaders, ...[...marked].map(([pid, id]) => ({ id, pid }))];
}

export const killGroup = (leader: number): void => kill(-leader);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, which is what was wanted.
  }
}
