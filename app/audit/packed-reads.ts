import { readLeafInto } from './leaves.js';
import { HASH_BYTES, rootOfLeaves } from './merkle.js';
import type { DetailRow } from './store.js';

/** A read as its leaf has it, pseudonymous, with what is personal of it sealed already. */
export interface ObservedRead {
  readonly n: number;
  /** JCS, ended by a newline. */
  readonly line: string;
  /** What it can be found by: the memories, and the credential. */
  readonly ids: readonly string[];
  readonly detail: DetailRow | null;
}

/** A batch that is full does not wait. Some 300 bytes each. */
export const FULL = 1_000;
const FIRST_BYTES = 4_096;

/**
 * Reads that wait for their event, as bytes. As objects those of a fifth of a second outlive the young garbage, and to collect
 * the old one held up every request for 50 ms, every few seconds.
 */
export class PackedReads {
  #lines: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #leaves: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #used = 0;
  readonly #ids = new Set<string>();
  readonly #details: DetailRow[] = [];
  #first = 0;
  #last = 0;
  #count = 0;

  static of(reads: readonly ObservedRead[]): PackedReads {
    const packed = new PackedReads();
    for (const read of reads) packed.add(read);
    return packed;
  }

  get count(): number {
    return this.#count;
  }

  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  add({ n, line, ids, detail }: ObservedRead): void {
    this.#makeRoom(3 * line.length, 1);
    readLeafInto(this.#leaves, this.#count * HASH_BYTES, line.slice(0, -1));
    this.#used += this.#lines.write(line, this.#used, 'utf8');
    for (const id of ids) this.#ids.add(id);
    if (detail) this.#details.push(detail);
    this.#number(n, n, 1);
  }

  /** Takes those that follow into this batch, where there is room for them and no number is missing between. */
  takes(next: PackedReads): boolean {
    if (this.#count + next.#count > FULL || this.#last + 1 !== next.#first) return false;
    this.#makeRoom(next.#used, next.#count);
    next.#leaves.copy(this.#leaves, this.#count * HASH_BYTES, 0, next.#count * HASH_BYTES);
    this.#used += next.#lines.copy(this.#lines, this.#used, 0, next.#used);
    for (const id of next.#ids) this.#ids.add(id);
    this.#details.push(...next.#details);
    this.#number(next.#first, next.#last, next.#count);
    return true;
  }

  /** A line each, ended by a newline. */
  lines(): Buffer {
    return this.#lines.subarray(0, this.#used);
  }

  root(): Buffer {
    return rootOfLeaves(Buffer.from(this.#leaves.subarray(0, this.#count * HASH_BYTES)));
  }

  /** What they can be found by, each once. */
  ids(): readonly string[] {
    return [...this.#ids];
  }

  details(): readonly DetailRow[] {
    return [...this.#details];
  }

  /** For the next batch, which writes where this one was. */
  clear(): void {
    this.#ids.clear();
    this.#details.length = 0;
    [this.#used, this.#first, this.#last, this.#count] = [0, 0, 0, 0];
  }

  #number(first: number, last: number, count: number): void {
    if (this.#count === 0) this.#first = first;
    this.#last = last;
    this.#count += count;
  }

  #makeRoom(bytes: number, leaves: number): void {
    this.#lines = withRoom(this.#lines, this.#used, bytes);
    this.#leaves = withRoom(this.#leaves, this.#count * HASH_BYTES, leaves * HASH_BYTES);
  }
}

const withRoom = (buffer: Buffer, used: number, more: number): Buffer => {
  if (used + more <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, used + more));
  buffer.copy(larger, 0, 0, used);
  return larger;
};
