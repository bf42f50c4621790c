import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Process ids are used again. Who ends a process by a recorded id compares what was recorded with it: the boot and the
 * start time, both from the kernel (from `ps` where there is no /proc).
 */
export function observeIdentity(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const { state, startTicks } = readStat(pid);
      return isDead(state) ? undefined : `${boot}/${startTicks}`;
    }
    const started = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [, state = '', time = ''] = /^(\S+)\s+(.+)$/.exec(started) ?? [];
    return time === '' || isDead(state) ? undefined : time;
  } catch {
    // No such process.
    return undefined;
  }
}

/** A zombie has ended; it stays listed until its parent asks for it, which may be never. */
const isDead = (state: string): boolean => state.startsWith('Z') || state.startsWith('X');

/** proc(5): the name in parentheses may hold anything, so fields count from the last ")": 1st is the state, 20th the start. */
function readStat(pid: number): { readonly state: string; readonly startTicks: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
}
