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
  const later = pino.destination({ dest: 1, sync: false, minLength: 1, maxWrite: ENOUGH * 2 });
  const lines = new LogLines(later, pino.destination({ dest: 1, sync: true }));
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
  readonly #atOnce: DestinationStream;
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Both write to the same place; the second returns when it has. */
  constructor(destination: Destination, atOnce: DestinationStream) {
    this.#destination = destination;
    this.#atOnce = atOnce;
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

  /** What is handed over now would be written by a thread, after whoever asks has gone on. */
  flushSync(): void {
    const text = this.#take();
    if (!this.#destination.destroyed) this.#destination.flushSync();
    if (text !== '') this.#atOnce.write(text);
  }

  #hand(): void {
    const text = this.#take();
    if (text !== '') (this.#destination.destroyed ? this.#atOnce : this.#destination).write(text);
  }

  #take(): string {
    clearTimeout(this.#timer);
    const text = this.#lines.join('');
    [this.#lines, this.#length, this.#timer] = [[], 0, undefined];
    return text;
  }
}
