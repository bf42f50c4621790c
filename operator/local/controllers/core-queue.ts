const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/** A slice at a time: a namespace of thousands of objects must not keep requests waiting. */
const SLICE = 64;

export interface CoreController {
  stop(): void;
}

/**
 * Keys to look at, each once however often it was named. Work runs after the write that named it has been answered;
 * what fails is tried again, later each time.
 */
export class CoreQueue {
  readonly #work: (key: string) => void;
  readonly #onError: (cause: unknown) => void;
  readonly #pending = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #scheduled: NodeJS.Immediate | undefined;
  #stopped = false;

  constructor(work: (key: string) => void, onError: (cause: unknown) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#pending.add(key);
    this.#scheduled ??= setImmediate(() => this.#drain());
  }

  #drain(): void {
    this.#scheduled = undefined;
    let left = SLICE;
    for (const key of this.#pending) {
      if (left === 0) break;
      left -= 1;
      this.#pending.delete(key);
      this.#attempt(key);
    }
    if (this.#pending.size > 0 && !this.#stopped) this.#scheduled ??= setImmediate(() => this.#drain());
  }

  #attempt(key: string): void {
    try {
      this.#work(key);
      this.#failures.delete(key);
    } catch (cause) {
      this.#onError(cause);
      this.#retry(key);
    }
  }

  #retry(key: string): void {
    const count = this.#failures.get(key) ?? 0;
    this.#failures.set(key, count + 1);
    const after = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** count);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.add(key);
    }, after);
    timer.unref();
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    this.#pending.clear();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
