import { delay } from '../waiting.js';
import type { Launch } from './launch.js';
import type { ProbeResult } from './probes.js';
import type { ProcessTable } from './processes.js';

/** What an exec probe or hook printed last: enough to say why it failed. */
const KEPT_OUTPUT_BYTES = 1_024;

/**
 * Runs a command beside the container, in its environment. Too slow counts as failed, and is ended; so is one that the
 * container does not live to see the end of.
 */
export async function runCommand(
  processes: ProcessTable,
  launch: Launch,
  command: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProbeResult> {
  const { timeoutMs, signal } = limits;
  if (signal.aborted) return { ok: false, message: 'not running' };
  let output = '';
  const process = processes.start({
    argv: command.map((part) => launch.rewrite(part)),
    env: launch.env,
    cwd: launch.cwd,
    onOutput: (_stream, chunk) => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT_BYTES);
    },
  });
  const end = (): void => process.kill();
  signal.addEventListener('abort', end, { once: true });
  const finished = new AbortController();
  let late = false;
  const deadline = delay(timeoutMs, finished.signal).then(() => {
    late = !finished.signal.aborted;
    if (late) process.kill();
  });
  const exit = await process.exited;
  signal.removeEventListener('abort', end);
  finished.abort();
  await deadline;
  if (late) return { ok: false, message: `command "${command.join(' ')}" did not end within ${timeoutMs} ms` };
  const detail = exit.error ?? output.trim();
  return { ok: exit.exitCode === 0, message: detail === '' ? `exit code ${exit.exitCode}` : detail };
}
