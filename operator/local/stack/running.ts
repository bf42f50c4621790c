/** What has been started, so that a failure or an interruption half-way leaves nothing running. */
export class Running {
  readonly #stops: (() => unknown)[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Throws the signal's reason once it is aborted; what was just started is among what `stop` ends. */
  async add<T>(started: T | Promise<T>, stop: (value: T) => unknown): Promise<T> {
    const value = await started;
    this.#stops.push(() => stop(value));
    this.#signal?.throwIfAborted();
    return value;
  }

  /** In reverse order: nothing outlives what it needs. Every part is told, whatever the others say. */
  async stop(): Promise<void> {
    const problems: unknown[] = [];
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        problems.push(error);
      }
    }
    if (problems.length > 0) throw new AggregateError(problems, 'not everything stopped as it should');
  }
}
