export interface Retrying {
  /** After the first attempt, whatever its outcome. */
  readonly attempted: Promise<void>;
  done(): boolean;
  stop(): void;
}

/** Tries at once, then once a second until it succeeds: for what must happen at start but may find its store away. */
export const retryUntilDone = (work: () => Promise<void>, onError: (error: unknown) => void): Retrying => {
  let timer: NodeJS.Timeout | undefined;
  let state: 'trying' | 'done' | 'stopped' = 'trying';
  const attempt = async (): Promise<void> => {
    try {
      await work();
      state = 'done';
    } catch (error) {
      if (state === 'stopped') return;
      onError(error);
      timer = setTimeout(() => void attempt(), 1000);
      timer.unref();
    }
  };
  return {
    attempted: attempt(),
    done: () => state === 'done',
    stop: () => {
      state = 'stopped';
      clearTimeout(timer);
    },
  };
};
