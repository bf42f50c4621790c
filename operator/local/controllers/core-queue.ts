const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

export interface CoreQueue {
  add(key: string): void;
  stop(): void;
}

/**
 * Keys to look at, each once however often it was named. Work runs after the write that named it has been answered;
 * what fails is tried again, later each time.
 */
export function createCoreQueue(work: (key: string) => void, onError: (cause: unknown) => void): CoreQueue {
  const pending = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let scheduled: NodeJS.Immediate | undefined;
  let stopped = false;

  const add = (key: string): void => {
    if (stopped) return;
    pending.add(key);
    scheduled ??= setImmediate(drain);
  };
  const retry = (key: string): void => {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        add(key);
      },
      Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** count),
    );
    timer.unref();
    timers.add(timer);
  };
  // A slice at a time: a namespace of thousands of objects must not keep requests waiting.
  const SLICE = 64;
  const drain = (): void => {
    scheduled = undefined;
    let done = 0;
    for (const key of pending) {
      if (done >= SLICE) break;
      done += 1;
      pending.delete(key);
      try {
        work(key);
        failures.delete(key);
      } catch (cause) {
        onError(cause);
        retry(key);
      }
    }
    if (pending.size > 0 && !stopped) scheduled = setImmediate(drain);
  };
  return {
    add,
    stop() {
      stopped = true;
      pending.clear();
      if (scheduled !== undefined) clearImmediate(scheduled);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
