import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import { delay } from '../waiting.js';
import { killGroup, MARKER, ProcessRecords } from './process-records.js';

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

/** Output that a dying group still holds in its pipes is waited for this long. */
const DRAIN_MS = 1_000;
const START_ERROR_EXIT_CODE = 128;

/**
 * Starts programs in process groups of their own and keeps a record of each on disk. When this agent dies without
 * ending them, the next one reads the records and ends exactly those processes, after checking who they are.
 */
export class ProcessTable {
  readonly #records: ProcessRecords;
  readonly #running = new Map<string, RunningProcess>();

  constructor(directory: string) {
    this.#records = new ProcessRecords(directory);
  }

  /** Ends what an earlier agent left running and waits for its end; answers how many groups there were. */
  endLeftovers(): Promise<number> {
    return this.#records.endAll();
  }

  /** Whatever goes wrong with the start is how the process has ended. */
  start(command: Command): RunningProcess {
    const id = randomUUID();
    const [program = ''] = command.argv;
    let running: RunningProcess;
    try {
      this.#records.announce(id);
      running = this.#spawn(id, command);
    } catch (cause) {
      this.#records.remove(id);
      const exited = Promise.resolve(startError(program, cause));
      return { id, pid: undefined, exited, terminate: () => undefined, kill: () => undefined };
    }
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

  #spawn(id: string, { argv, env, cwd, onOutput }: Command): RunningProcess {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      cwd,
      env: { ...env, [MARKER]: id },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = this.#exit(id, child, program);
    if (child.pid !== undefined) this.#complete(id, child.pid);
    child.stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
    child.stderr?.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
    return {
      id,
      pid: child.pid,
      exited,
      terminate: () => child.kill('SIGTERM'),
      kill: () => {
        // Once it has ended its id may be another one's; its group was ended with it.
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid);
      },
    };
  }

  #complete(id: string, pid: number): void {
    try {
      this.#records.complete(id, pid);
    } catch {
      // The disk is full: the announcement stands, by which the next agent finds it as well.
    }
  }

  async #exit(id: string, child: ChildProcess, program: string): Promise<Exit> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const exit = await new Promise<Exit>((resolve) => {
      child.on('error', (cause) => {
        if (child.pid === undefined) resolve(startError(program, cause));
      });
      child.once('exit', (code, signal) => {
        // As when the first process of a container ends: nothing of its group goes on.
        if (child.pid !== undefined) killGroup(child.pid);
        resolve(exitOf(code, signal));
      });
    });
    const drained = new AbortController();
    // One that never was has no pipes that could close.
    if (child.pid !== undefined) await Promise.race([closed, delay(DRAIN_MS, drained.signal)]);
    drained.abort();
    child.stdout?.destroy();
    child.stderr?.destroy();
    this.#running.delete(id);
    this.#records.remove(id);
    return exit;
  }
}

function startError(program: string, cause: unknown): Exit {
  const why = cause instanceof Error ? cause.message : String(cause);
  const error = `cannot start "${program}": ${why}; check the container's command and the node's image table`;
  return { exitCode: START_ERROR_EXIT_CODE, error };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 0 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}
