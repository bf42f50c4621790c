import type { Block } from './block.js';

export interface CachedBlock {
  readonly block: Block;
  readonly sha256: string;
}

/** The blocks in memory, least recently used first. Block 0 holds the system's slots and stays. */
export class BlockCache {
  readonly #limit: number;
  readonly #blocks = new Map<number, CachedBlock>();

  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  get(n: number): CachedBlock | undefined {
    const found = this.#blocks.get(n);
    if (found !== undefined && this.#blocks.size > 1) {
      this.#blocks.delete(n);
      this.#blocks.set(n, found);
    }
    return found;
  }

  set(n: number, block: CachedBlock): void {
    this.#blocks.delete(n);
    this.#blocks.set(n, block);
    if (this.#blocks.size <= this.#limit) return;
    const oldest = [...this.#blocks.keys()].find((one) => one !== 0 && one !== n);
    if (oldest !== undefined) this.#blocks.delete(oldest);
  }

  /** Numbers of the blocks that are not as the given hashes say. */
  stale(sha256Of: (n: number) => string | undefined): readonly number[] {
    return [...this.#blocks].filter(([n, { sha256 }]) => sha256Of(n) !== sha256).map(([n]) => n);
  }
}
