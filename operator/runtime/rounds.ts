/** What a process does again and again beside reconciling. */
export interface Rounds {
  /** One round, whether or not others are under way. */
  look(): Promise<void>;
  /** Begins one now and one every so often; none while one is under way. */
  start(): void;
  /** Ends when the round in hand has. */
  stop(): Promise<void>;
}

export interface RoundsOptions {
  readonly everyMs: number;
  /** Aborted when the rounds are stopped. */
  readonly look: (signal: AbortSignal) => Promise<void>;
  /** A round failed: the next one tries again. */
  readonly onTrouble: (cause: unknown) => void;
}

export function createRounds({ everyMs, look, onTrouble }: RoundsOptions): Rounds {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  const once = (): Promise<void> => look(stopping.signal);
  const round = (): void => {
    looking ??= once()
      .catch(onTrouble)
      .finally(() => {
        looking = undefined;
      });
  };
  return {
    look: once,
    start() {
      timer = setInterval(round, everyMs);
      round();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await looking;
    },
  };
}

/** So many at a time, in order. */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const next = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let item = next.next(); !item.done; item = next.next()) await work(item.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
