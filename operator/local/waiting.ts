/** Resolves after `ms`, or at once when the signal aborts: never rejects, so a caller asks the signal what happened. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** A delay that an event can cut short. A `wake` while nobody waits is kept for the next wait. */
export class Wakeup {
  #pending = false;
  #current: AbortController | undefined;

  wake(): void {
    if (this.#current === undefined) this.#pending = true;
    else this.#current.abort();
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#pending || signal.aborted) {
      this.#pending = false;
      return;
    }
    const current = new AbortController();
    const cut = (): void => current.abort();
    signal.addEventListener('abort', cut, { once: true });
    this.#current = current;
    await delay(ms, current.signal);
    this.#current = undefined;
    signal.removeEventListener('abort', cut);
  }
}

/** Exponential delays with a cap; `reset` after a time of stability. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  next(): number {
    const ms = Math.min(this.#options.maxMs, this.#options.initialMs * 2 ** this.#failures);
    this.#failures += 1;
    return ms;
  }

  reset(): void {
    this.#failures = 0;
  }
}
