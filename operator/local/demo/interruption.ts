import { constants } from 'node:os';

/** Why everything is given up: somebody asked for it. */
export class Interrupted extends Error {
  /** As a shell counts it: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** One Ctrl-C arrives twice when npm passes on what the terminal has sent to us as well. */
const SAME_PRESS_MS = 1_000;

/**
 * Aborts at the first Ctrl-C (or TERM, or a terminal that is closed) and at an error that nobody caught. Whoever presses
 * again does not want to wait: `again` ends what it can at once.
 */
export function watchInterruptions(again: (exitCode: number) => void): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    first ??= now;
    const interrupted = new Interrupted(signal);
    // A hangup follows when npm ends first; only a person is impatient.
    if (now - first > SAME_PRESS_MS && signal !== 'SIGHUP') again(interrupted.exitCode);
    controller.abort(interrupted);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const fail = (error: unknown): void => controller.abort(error);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  // A terminal that was closed, or `| head`: nobody reads any more, which is no reason to leave processes behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return controller.signal;
}

/** Never resolves; rejects with the signal's reason. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  return aborted;
}
