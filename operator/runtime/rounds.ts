/** What a process does again and again beside reconciling. */
export interface Rounds {
  /** One round, whether or not others are under way. */
  look(): Promise<void>;
  /** Begins one now and one every so often; none while one is under way, and none after `stop`. */
  start(): void;
  /** Ends when the round in hand has. What that one leaves undone is no trouble: nobody tries again. */
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
      .catch((cause: unknown) => {
        if (!stopping.signal.aborted) onTrouble(cause);
      })
      .finally(() => {
        looking = undefined;
      });
  };
  return {
    look: once,
    start() {
      if (stopping.signal.aborted) return;
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

/** So many at a time, in order. When one fails no other is begun, and those under way have ended before it throws. */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const next = items[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let item = next.next(); !item.done && !failed; item = next.next()) {
      try {
        await work(item.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
