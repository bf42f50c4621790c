export interface LoopOptions {
  /** One piece of work, and how long to rest after it, in milliseconds; 0 when there is more to do. */
  readonly turn: () => Promise<number>;
  /** A turn failed: what it did not do, a later one will. */
  readonly onTrouble: (cause: unknown) => void;
  /** @default 1000 */
  readonly troubleMs?: number;
}

export interface Loop {
  /** There is something to do: do not rest any longer. */
  wake(): void;
  /** Ends after the turn in hand. */
  stop(): Promise<void>;
  isStopped(): boolean;
}

/** Turn after turn until it is stopped: what every worker of the service is. */
export const startLoop = ({ turn, onTrouble, troubleMs = 1_000 }: LoopOptions): Loop => {
  let stopped = false;
  let woken = false;
  let rouse: () => void = () => undefined;
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      const pauseMs = await turn().catch((cause: unknown) => {
        onTrouble(cause);
        return troubleMs;
      });
      // Woken while it was at work: what came may have come after it looked.
      if (pauseMs > 0 && !stopped && !woken) await rest(pauseMs);
    }
  };
  // After the caller has what this returns: a turn may look whether the loop was stopped.
  const running = Promise.resolve().then(run);
  return {
    wake: () => {
      woken = true;
      rouse();
    },
    stop: async () => {
      stopped = true;
      rouse();
      await running;
    },
    isStopped: () => stopped,
  };
};
