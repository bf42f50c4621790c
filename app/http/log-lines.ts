import pino, { type DestinationStream } from 'pino';

/** Written when so many characters have come together, and twenty times a second. */
const ENOUGH = 32_768;
const FLUSH_MS = 50;

/**
 * Lines are written some at once, while requests go on, and what is left at the process's end: a write a line costs as much as
 * a third of a short request. They are kept as they came until then: pino's own buffer joins each line to those before it and
 * counts them all again, 16 KB a line in the mean.
 */
export const createLogLines = (): DestinationStream => {
  const lines = new LogLines(pino.destination({ dest: 1, sync: false, minLength: 1, maxWrite: ENOUGH * 2 }));
  process.once('beforeExit', () => lines.flush());
  process.once('exit', () => lines.flushSync());
  return lines;
};

type Destination = Pick<ReturnType<typeof pino.destination>, 'write' | 'flush' | 'flushSync'> & {
  readonly destroyed?: boolean;
};

/** What pino asks of a destination that gathers. */
export class LogLines implements DestinationStream {
  readonly #destination: Destination;
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= ENOUGH) this.#hand();
    else this.#timer ??= setTimeout(() => this.#hand(), FLUSH_MS).unref();
  }

  flush(done?: (cause?: Error) => void): void {
    this.#hand();
    this.#destination.flush(done);
  }

  flushSync(): void {
    this.#hand();
    if (!this.#destination.destroyed) this.#destination.flushSync();
  }

  #hand(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0 || this.#destination.destroyed) return;
    const text = this.#lines.join('');
    [this.#lines, this.#length] = [[], 0];
    this.#destination.write(text);
  }
}
