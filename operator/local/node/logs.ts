import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** One file of a container's run is at most this long; with its one predecessor a run keeps at most twice that. */
const DEFAULT_MAX_BYTES = 5 * 1024 * 1024;
/** Longer lines are cut, as container runtimes do, so that a program without newlines cannot fill the memory. */
const MAX_LINE_BYTES = 16 * 1024;

export interface LogLine {
  readonly at: string;
  /** Without its newline; `partial` when the line goes on in the next one. */
  readonly text: string;
  readonly partial: boolean;
}

type Stream = 'stdout' | 'stderr';
type Listener = (line: LogLine) => void;

const PARTIAL = 'P';
const FULL = 'F';
const LINE = /^(\S+) (?:stdout|stderr) ([PF]) (.*)$/s;

/**
 * The output of one run of one container, in the file format of container runtimes (time, stream, flag, text). Writes
 * are synchronous: a reader that lists the file and subscribes in the same turn misses no line and sees none twice.
 */
export class RunLog {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #listeners = new Set<Listener>();
  readonly #rest: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #onEnd = new Set<() => void>();
  #file: number | undefined;
  #bytes = 0;
  #ended = false;

  constructor(path: string, maxBytes = DEFAULT_MAX_BYTES) {
    this.path = path;
    this.#maxBytes = maxBytes;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = openSync(path, 'w', 0o600);
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(stream: Stream, chunk: Buffer): void {
    let rest = this.#rest[stream].length === 0 ? chunk : Buffer.concat([this.#rest[stream], chunk]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#line(stream, rest.subarray(0, end), false);
      rest = rest.subarray(end + 1);
    }
    while (rest.length >= MAX_LINE_BYTES) {
      this.#line(stream, rest.subarray(0, MAX_LINE_BYTES), true);
      rest = rest.subarray(MAX_LINE_BYTES);
    }
    this.#rest[stream] = rest;
  }

  end(): void {
    if (this.#ended) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#rest[stream].length > 0) this.#line(stream, this.#rest[stream], false);
    }
    this.#ended = true;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    for (const listener of this.#onEnd) listener();
    this.#listeners.clear();
    this.#onEnd.clear();
  }

  /** Every line from now on; `onEnd` when the run is over. Answers how to stop. */
  subscribe(listener: Listener, onEnd: () => void): () => void {
    this.#listeners.add(listener);
    this.#onEnd.add(onEnd);
    return () => {
      this.#listeners.delete(listener);
      this.#onEnd.delete(onEnd);
    };
  }

  #line(stream: Stream, bytes: Buffer, partial: boolean): void {
    if (this.#file === undefined) return;
    const line: LogLine = { at: new Date().toISOString(), text: bytes.toString('utf8'), partial };
    const record = `${line.at} ${stream} ${partial ? PARTIAL : FULL} ${line.text}\n`;
    try {
      this.#bytes += writeSync(this.#file, record);
      if (this.#bytes > this.#maxBytes) this.#rotate();
    } catch {
      // A full disk costs lines of the log, not the cluster that writes it.
    }
    for (const listener of this.#listeners) listener(line);
  }

  #rotate(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    renameSync(this.path, rotated(this.path));
    this.#file = openSync(this.path, 'w', 0o600);
    this.#bytes = 0;
  }
}

const rotated = (path: string): string => `${path}.1`;

/** All kept lines of a run, oldest first. */
export function readRunLog(path: string): readonly LogLine[] {
  return [rotated(path), path].filter((file) => existsSync(file)).flatMap((file) => readLines(file));
}

export function removeRunLog(path: string): void {
  rmSync(path, { force: true });
  rmSync(rotated(path), { force: true });
}

const readLines = (file: string): readonly LogLine[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((record) => {
      const [, at, flag, text] = LINE.exec(record) ?? [];
      return at === undefined || text === undefined ? [] : [{ at, text, partial: flag === PARTIAL }];
    });
