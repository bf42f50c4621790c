/** A line a step, with what came of it and how long it took. */
export interface Progress {
  step<T>(name: string, work: () => Promise<T>, detail: (value: T) => string): Promise<T>;
  say(line?: string): void;
}

const NAME_WIDTH = 27;

/** Once `signal` is aborted, what was under way ends in failure, which tells nobody anything. */
export function printProgress(write: (text: string) => void, signal?: AbortSignal): Progress {
  return {
    say: (line = '') => write(`${line}\n`),
    async step(name, work, detail) {
      const started = performance.now();
      const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
      try {
        const value = await work();
        write(`  ✓ ${name.padEnd(NAME_WIDTH)} ${detail(value)} (${seconds()})\n`);
        return value;
      } catch (error) {
        if (signal?.aborted !== true) write(`  ✗ ${name.padEnd(NAME_WIDTH)} after ${seconds()}\n`);
        throw error;
      }
    },
  };
}

export const silentProgress: Progress = { say: () => undefined, step: (_name, work) => work() };
