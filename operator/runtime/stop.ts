import type { Log } from './log.js';

export interface Stoppable {
  readonly name: string;
  stop(): Promise<unknown>;
}

/**
 * Stops the rows one after the other, all of a row at one time; usual rows: controllers (drain), reflectors, leadership
 * (released only when nothing writes any more), events and servers, the client. A part that fails or hangs past the
 * deadline is logged and does not keep the others from stopping. False when there was one.
 */
export const stopInOrder = async (
  rows: readonly (readonly Stoppable[])[],
  { deadlineMs, log }: { readonly deadlineMs: number; readonly log: Log },
): Promise<boolean> => {
  let clean = true;
  const stopOne = async ({ name, stop }: Stoppable): Promise<void> => {
    let cancel: () => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not stop within ${deadlineMs} ms`)), deadlineMs);
      cancel = () => clearTimeout(timer);
    });
    try {
      await Promise.race([stop(), late]);
    } catch (err) {
      clean = false;
      log.error({ err, part: name }, 'a part did not stop as it should');
    } finally {
      cancel();
    }
  };
  for (const row of rows) await Promise.all(row.map(stopOne));
  return clean;
};

/** Calls `stop` once, at the first SIGTERM or SIGINT; a second signal ends the process at once. Returns how to unhook. */
export const onTermination = (stop: (signal: NodeJS.Signals) => void): (() => void) => {
  let stopping = false;
  const handle = (signal: NodeJS.Signals): void => {
    // 128 + SIGTERM, by the convention of shells.
    if (stopping) process.exit(143);
    stopping = true;
    stop(signal);
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
  return () => {
    process.off('SIGTERM', handle);
    process.off('SIGINT', handle);
  };
};
