import { createRequire } from 'node:module';
import type { Index } from 'usearch';
import { FlatVectors, type Near } from './flat.js';
import { IdTable } from './id-table.js';
import { toScore, type VectorHit } from './vector-store.js';

// The package's ESM entry recurses for ever.
const usearch = createRequire(import.meta.url)('usearch') as typeof import('usearch');

/**
 * Up to here every vector is compared: exact, and at 512 dimensions a tenth of a millisecond. Most people never have more
 * memories than this.
 */
export const EXACT_UP_TO = 1000;

/** The vectors of one person, team, organization or the whole tenant, by memory id. All are unit vectors. */
export interface Partition {
  /** The change that the vector of this id came with. */
  changeOf(id: string): number | undefined;
  put(id: string, change: number, vector: Float32Array): void;
  remove(id: string): void;
  search(vector: Float32Array, k: number): readonly VectorHit[];
  size(): number;
  /** Another number after every change. */
  revision(): number;
  /** Whether its scores are only good enough to propose. */
  isRough(): boolean;
}

export type Precision = 'half' | 'int8';

export const createPartition = (dimensions: number, precision: Precision = 'half'): Partition =>
  new GrowingPartition(dimensions, precision);

/** A list of vectors until it is too long to compare each, an index from then on. */
class GrowingPartition implements Partition {
  readonly #dimensions: number;
  readonly #precision: Precision;
  readonly #ids = new IdTable();
  #revision = 0;
  /** Until there is an index. */
  #flat: FlatVectors | undefined;
  #index: Index | undefined;

  constructor(dimensions: number, precision: Precision) {
    this.#dimensions = dimensions;
    this.#precision = precision;
    this.#flat = new FlatVectors(dimensions);
  }

  changeOf(id: string): number | undefined {
    return this.#ids.changeOf(id);
  }

  put(id: string, change: number, vector: Float32Array): void {
    this.remove(id);
    const key = this.#ids.add(id, change);
    this.#revision++;
    this.#index?.add(BigInt(key), vector, 1);
    this.#flat?.add(key, vector);
    if (this.#flat && this.#flat.size > EXACT_UP_TO) this.#index = this.#toIndex(this.#flat);
  }

  remove(id: string): void {
    const key = this.#ids.remove(id);
    if (key === undefined) return;
    this.#revision++;
    this.#flat?.remove(key);
    this.#index?.remove(BigInt(key));
  }

  search(vector: Float32Array, k: number): readonly VectorHit[] {
    const wanted = Math.min(k, this.#ids.size);
    if (wanted === 0) return [];
    const found = this.#flat ? this.#flat.search(vector, wanted) : searchIndex(this.#index, vector, wanted);
    return found.map(({ key, cosine }) => ({ id: this.#ids.idOf(key), score: toScore(cosine) }));
  }

  size(): number {
    return this.#ids.size;
  }

  revision(): number {
    return this.#revision;
  }

  isRough(): boolean {
    return this.#index !== undefined && this.#precision === 'int8';
  }

  #toIndex(flat: FlatVectors): Index {
    const index = buildIndex(this.#dimensions, this.#precision);
    for (const [key, vector] of flat) index.add(BigInt(key), vector, 1);
    this.#flat = undefined;
    return index;
  }
}

/** A node takes 14 bytes and 8 for each of these, rounded up to a multiple of 64: 128 instead of 192. */
const LINKS_OF_ROUGH = 14;

/** Half precision: half the memory, and on 30,000 real embeddings no loss of recall was measured. Of int8 some was. */
const buildIndex = (dimensions: number, precision: Precision): Index =>
  new usearch.Index({
    dimensions,
    metric: usearch.MetricKind.Cos,
    quantization: precision === 'int8' ? usearch.ScalarKind.I8 : usearch.ScalarKind.F16,
    connectivity: precision === 'int8' ? LINKS_OF_ROUGH : 16,
    expansion_add: 128,
    // Half: of 30,000 clustered vectors and of 8,000 real embeddings recall of ten is 0.999 at 64 as it is at 96, which takes half
    // as long again. Rough, of 100,000: at 96 it is 0.993, with one question in 200 that ends among the wrong neighbours and
    // finds none; at 192 it is 0.9995, for 50 µs.
    expansion_search: precision === 'int8' ? 192 : 64,
    multi: false,
  });

const searchIndex = (index: Index | undefined, vector: Float32Array, count: number): readonly Near[] => {
  if (!index) return [];
  const { keys, distances } = index.search(vector, count, 1);
  return Array.from(keys, (key, at) => ({ key: Number(key), cosine: 1 - (distances[at] ?? 1) }));
};

/** Four sums, since each addition would wait for the one before. */
export const dot = (a: Float32Array, b: Float32Array): number => {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let at = 0; at < whole; at += 4) {
    s0 += (a[at] as number) * (b[at] as number);
    s1 += (a[at + 1] as number) * (b[at + 1] as number);
    s2 += (a[at + 2] as number) * (b[at + 2] as number);
    s3 += (a[at + 3] as number) * (b[at + 3] as number);
  }
  for (let at = whole; at < a.length; at++) s0 += (a[at] as number) * (b[at] as number);
  return s0 + s1 + s2 + s3;
};
