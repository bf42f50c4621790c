import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { delay } from '../waiting.js';
import { observeGroupMembers, observeIdentity } from './process-identity.js';

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

export interface Exit {
  readonly exitCode: number;
  readonly signal?: number;
  /** Set when the program could not be started at all. */
  readonly error?: string;
}

export interface RunningProcess {
  readonly id: string;
  readonly pid: number | undefined;
  readonly exited: Promise<Exit>;
  /** SIGTERM to the first process, as a container runtime does. */
  terminate(): void;
  /** SIGKILL to the whole group. */
  kill(): void;
}

interface ProcessRecord {
  readonly id: string;
  readonly pid: number;
  readonly identity: string | undefined;
}

/** In every process' environment, so that even a grandchild can be told apart from a stranger in a reused group. */
const MARKER = 'LOCAL_NODE_CONTAINER_ID';
/** Output that a dying group still holds in its pipes is waited for this long. */
const DRAIN_MS = 1_000;
const START_ERROR_EXIT_CODE = 128;

/**
 * Starts programs in process groups of their own and keeps a record of each on disk. When this agent dies without
 * ending them, the next one reads the records and ends exactly those processes, after checking who they are.
 */
export class ProcessTable {
  readonly #directory: string;
  readonly #running = new Map<string, RunningProcess>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Ends what an earlier agent left running; answers how many groups it ended. */
  endLeftovers(): number {
    let ended = 0;
    for (const file of readdirSync(this.#directory)) {
      const record = readRecord(join(this.#directory, file));
      if (record !== undefined && endRecorded(record)) ended += 1;
      rmSync(join(this.#directory, file), { force: true });
    }
    return ended;
  }

  start(command: Command): RunningProcess {
    const id = randomUUID();
    const [program = '', ...args] = command.argv;
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: { ...command.env, [MARKER]: id },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => command.onOutput('stdout', chunk));
    child.stderr.on('data', (chunk: Buffer) => command.onOutput('stderr', chunk));
    this.#record(id, child.pid);
    const running: RunningProcess = {
      id,
      pid: child.pid,
      exited: this.#exit(id, child, program),
      terminate: () => child.kill('SIGTERM'),
      kill: () => killGroup(child.pid),
    };
    this.#running.set(id, running);
    return running;
  }

  /** Ends whatever still runs, at once. */
  async endAll(): Promise<void> {
    await Promise.all(
      [...this.#running.values()].map((process) => {
        process.kill();
        return process.exited;
      }),
    );
  }

  #record(id: string, pid: number | undefined): void {
    if (pid === undefined) return;
    const record: ProcessRecord = { id, pid, identity: observeIdentity(pid) };
    writeFileSync(join(this.#directory, id), JSON.stringify(record), { mode: 0o600 });
  }

  async #exit(id: string, child: ChildProcess, program: string): Promise<Exit> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const exit = await new Promise<Exit>((resolve) => {
      child.on('error', (cause) => {
        if (child.pid === undefined) resolve(startError(program, cause));
      });
      child.once('exit', (code, signal) => resolve(exitOf(code, signal)));
    });
    // As when the first process of a container ends: nothing of its group goes on.
    killGroup(child.pid);
    const drained = new AbortController();
    await Promise.race([closed, delay(DRAIN_MS, drained.signal)]);
    drained.abort();
    child.stdout?.destroy();
    child.stderr?.destroy();
    this.#running.delete(id);
    rmSync(join(this.#directory, id), { force: true });
    return exit;
  }
}

function startError(program: string, cause: Error): Exit {
  const error = `cannot start "${program}": ${cause.message}; check the container's command and the node's image table`;
  return { exitCode: START_ERROR_EXIT_CODE, error };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 0 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone, which is what was wanted.
  }
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    // Cut short by the crash: whose it was cannot be known, so nothing is ended for it.
    return undefined;
  }
}

const isRecord = (value: unknown): value is ProcessRecord =>
  typeof value === 'object' && value !== null && 'pid' in value && Number.isInteger(value.pid) && 'id' in value;

function endRecorded(record: ProcessRecord): boolean {
  const identity = observeIdentity(record.pid);
  if (identity !== undefined) {
    if (identity !== record.identity) return false;
    killGroup(record.pid);
    return true;
  }
  const members = observeGroupMembers(record.pid, `${MARKER}=${record.id}`);
  for (const pid of members) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return members.length > 0;
}
