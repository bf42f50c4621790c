import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** The arguments, each after a blank. */
  readonly command: string;
}

/** Every process of this machine but this one. */
export const listProcesses = (): readonly ListedProcess[] =>
  (process.platform === 'linux' ? listFromProc() : listFromPs()).filter(({ pid }) => pid !== process.pid);

const listFromProc = (): readonly ListedProcess[] =>
  pidsInProc().flatMap((pid) => {
    const command = readProc(pid, 'cmdline')?.replaceAll('\0', ' ').trimEnd();
    const parent = /^PPid:\s*(\d+)$/m.exec(readProc(pid, 'status') ?? '')?.[1];
    // Without arguments: a kernel's own, or one that has ended and is still listed.
    return command === undefined || command === '' ? [] : [{ pid, parent: Number(parent), command }];
  });

const listFromPs = (): readonly ListedProcess[] =>
  execFileSync('ps', ['-axo', 'pid=,ppid=,command='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });

/** Processes whose environment names one of these values for the variable, and which; none where there is no /proc. */
export function findByEnvironment(variable: string, values: ReadonlySet<string>): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  if (process.platform !== 'linux') return found;
  const prefix = `${variable}=`;
  for (const pid of pidsInProc()) {
    const value = readProc(pid, 'environ')
      ?.split('\0')
      .find((entry) => entry.startsWith(prefix))
      ?.slice(prefix.length);
    if (value !== undefined && values.has(value)) found.set(pid, value);
  }
  return found;
}

/** The program that a process runs and the folder it works in; undefined where that is not told. */
export function observePlace(pid: number): { readonly program: string; readonly folder: string } | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return { program: readlinkSync(`/proc/${pid}/exe`), folder: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    // It has ended, or is none of ours.
    return undefined;
  }
}

const pidsInProc = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);

function readProc(pid: number, file: 'cmdline' | 'environ' | 'status'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Gone between the listing and the look, or somebody else's.
    return undefined;
  }
}
