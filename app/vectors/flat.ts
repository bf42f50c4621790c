import { createRequire } from 'node:module';

// The package's ESM entry recurses for ever.
const usearch = createRequire(import.meta.url)('usearch') as typeof import('usearch');

/** What was found, by the key of its vector. */
export interface Near {
  readonly key: number;
  /** Of unit vectors: the cosine. */
  readonly cosine: number;
}

const FIRST_ROWS = 8;
/** Doubling would leave a third of it empty. */
const GROWTH = 1.5;

/** Unit vectors that lie one behind the other, each compared with what is asked for: a tenth of what that costs one by one. */
export class FlatVectors {
  readonly #dimensions: number;
  #numbers: Float32Array;
  /** By row. */
  readonly #keys: number[] = [];
  readonly #rows = new Map<number, number>();

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#numbers = new Float32Array(FIRST_ROWS * dimensions);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Of a key that is not there yet. */
  add(key: number, vector: Float32Array): void {
    const row = this.#keys.length;
    const end = (row + 1) * this.#dimensions;
    if (end > this.#numbers.length) this.#grow();
    this.#numbers.set(vector, row * this.#dimensions);
    this.#keys.push(key);
    this.#rows.set(key, row);
  }

  /** The last takes its place. */
  remove(key: number): void {
    const row = this.#rows.get(key);
    const last = this.#keys.pop();
    if (row === undefined || last === undefined) return;
    this.#rows.delete(key);
    if (last === key) return;
    this.#numbers.copyWithin(
      row * this.#dimensions,
      this.#keys.length * this.#dimensions,
      (this.#keys.length + 1) * this.#dimensions,
    );
    this.#keys[row] = last;
    this.#rows.set(last, row);
  }

  /** The best first; `count` is at most the size. */
  search(vector: Float32Array, count: number): readonly Near[] {
    const all = this.#numbers.subarray(0, this.#keys.length * this.#dimensions);
    // The native part reads a buffer from its begin, wherever in it an array lies.
    const asked = vector.byteOffset === 0 ? vector : vector.slice();
    const { keys, distances } = usearch.exactSearch(all, asked, this.#dimensions, count, usearch.MetricKind.IP, 1);
    return Array.from(keys, (row, at) => ({
      key: this.#keys[Number(row)] as number,
      cosine: 1 - (distances[at] ?? 1),
    }));
  }

  *[Symbol.iterator](): Iterator<readonly [key: number, vector: Float32Array]> {
    for (const [row, key] of this.#keys.entries())
      yield [key, this.#numbers.slice(row * this.#dimensions, (row + 1) * this.#dimensions)];
  }

  #grow(): void {
    const numbers = new Float32Array(Math.ceil(this.#keys.length * GROWTH) * this.#dimensions);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
