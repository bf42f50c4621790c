import type { Clock } from './clock.js';

interface Entry {
  readonly at: number;
  readonly cancel: () => void;
}

/** At most one pending call a key. */
export class KeyedTimers {
  readonly #clock: Clock;
  readonly #fire: (key: string) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, fire: (key: string) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whoever asked for an earlier time wins. */
  atLatestIn(key: string, ms: number): void {
    const at = this.#clock.now() + ms;
    const present = this.#entries.get(key);
    if (present === undefined || at < present.at) this.in(key, ms);
  }

  /** Replaces what was asked for before. */
  in(key: string, ms: number): void {
    this.cancel(key);
    const cancel = this.#clock.after(ms, () => {
      this.#entries.delete(key);
      this.#fire(key);
    });
    this.#entries.set(key, { at: this.#clock.now() + ms, cancel });
  }

  cancel(key: string): void {
    this.#entries.get(key)?.cancel();
    this.#entries.delete(key);
  }

  cancelAll(): void {
    for (const { cancel } of this.#entries.values()) cancel();
    this.#entries.clear();
  }
}
