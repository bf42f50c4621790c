import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresHome } from '../../operator/local/postgres/leftover.js';
import { removeState } from '../../operator/local/stack/leftovers.js';

/** The demo as a person starts it: the built program, its two outputs, its exit code. */
export interface DemoProcess {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exit: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves once the text was printed; throws with everything printed when the demo ends or stays silent instead. */
  says(text: string): Promise<void>;
}

/** Only what fails waits so long: a machine may be slow, and how soon the demo is ready is claimed where it is tried. */
const DEADLINE_MS = 120_000;
const POLL_MS = 25;

export interface DemoOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @default this checkout's */
  readonly main?: string;
  /** Put before node, as `setpriv …`. */
  readonly prefix?: readonly string[];
  readonly cwd?: string;
}

export function startDemo(folder: string, options: DemoOptions = {}): DemoProcess {
  const { args = [], env = {}, main = join(process.cwd(), 'dist/operator/local/demo/main.js') } = options;
  const argv = [...(options.prefix ?? []), process.execPath, main, ...args];
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    // No setting of the test run reaches it: not its NODE_OPTIONS, not another cluster.
    env: { PATH: process.env.PATH ?? '', HOME: tmpdir(), MEMPLANE_STATE: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd ?? process.cwd(),
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString();
    });
  const exit = new Promise<number>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? -1 : -2))),
  );
  const everything = (): string => `${output.stdout}\n${output.stderr}`;
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exit,
    kill: (signal) => void child.kill(signal),
    says: (text) => untilSaid(child, everything, text),
  };
}

async function untilSaid(child: ChildProcess, everything: () => string, text: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!everything().includes(text)) {
    const over = child.exitCode !== null || child.signalCode !== null;
    if (over || Date.now() > deadline) throw new Error(`the demo did not say "${text}", but:\n${everything()}`);
    await sleep(POLL_MS);
  }
}

export interface Found {
  readonly pid: number;
  readonly command: string;
}

/** Every process of this machine that knows the folder: by its command line, its environment or where it works. */
export function processesOf(folder: string): readonly Found[] {
  // Sessions of Postgres write their titles over both, but work in the folder of the data.
  const marks = [folder, postgresHome(join(folder, 'postgres'))];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const facts = [command, readFileSync(`/proc/${name}/environ`, 'utf8'), readlinkSync(`/proc/${name}/cwd`)];
        const known = facts.some((fact) => marks.some((mark) => fact.includes(mark)));
        return known ? [{ pid: Number(name), command }] : [];
      } catch {
        // Gone between the listing and the look, or a kernel thread.
        return [];
      }
    });
}

/** What a demo leaves running is gone within this time; those who were killed hard need a moment to die. */
export async function untilNoneOf(folder: string, except: readonly number[] = []): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const left = processesOf(folder).filter(({ pid }) => !except.includes(pid));
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`still running: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
    await sleep(POLL_MS);
  }
}

/** Of all processes of a demo together; a page that several share counts once in all. */
export function residentBytes(folder: string): number {
  const kilobytes = processesOf(folder).map(({ pid }) => {
    try {
      const pss = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
      return Number(pss?.[1] ?? 0);
    } catch {
      // A session of Postgres that has ended since holds nothing.
      return 0;
    }
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) * 1024;
}

/** State folders of a suite, and what is done with them at its end. */
export class DemoFolders {
  readonly root = mkdtempSync(join(tmpdir(), 'memplane-demo-'));
  readonly #folders = new Set<string>();

  folder(name: string): string {
    const path = join(this.root, name);
    this.#folders.add(path);
    return path;
  }

  /** Ends what a failed claim has left: each process by its own id, then the files. */
  async clear(): Promise<void> {
    for (const folder of [this.root, ...this.#folders]) {
      for (const { pid } of processesOf(folder)) kill(pid);
      await untilNoneOf(folder);
    }
    for (const folder of this.#folders) removeState(folder);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since it was listed.
  }
}
