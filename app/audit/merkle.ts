import { hash } from 'node:crypto';
import { sha256Into, sha256Of } from '../sealing/digest.js';

/** RFC 6962: hashes of leaves and nodes, and the root of a list of leaves. */
export const HASH_BYTES = 32;
export const EMPTY_ROOT = hash('sha256', '', 'buffer');

export const sha256 = (...parts: readonly Uint8Array[]): Buffer => sha256Of(Buffer.concat(parts));

/** As large as the largest event, its first byte the prefix of a leaf: verifying a log is hashing, and copying is not. */
const LEAF = Buffer.alloc(1 + 65_535);

export const leafHash = (data: Uint8Array): Buffer => {
  if (data.length >= LEAF.length) return sha256(LEAF.subarray(0, 1), data);
  LEAF.set(data, 1);
  return sha256Of(LEAF.subarray(0, 1 + data.length));
};

/** One buffer for all: a batch of a thousand facts has a thousand nodes. */
const NODE = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => {
  NODE.set(left, 1);
  NODE.set(right, 1 + HASH_BYTES);
  return sha256Of(NODE);
};

interface Subtree {
  readonly height: number;
  readonly hash: Buffer;
}

/** The perfect subtrees that a list of leaves falls into, from left to right: all that is needed to append and to tell the root. */
export class CompactRange {
  readonly #subtrees: Subtree[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * A perfect subtree of 2^height leaves, where the size so far is a multiple of it. `onComplete` is told of each subtree
   * that it completes, from the smallest to the largest.
   */
  append(added: Buffer, height = 0, onComplete?: (height: number, root: Buffer) => void): void {
    this.#size += 2 ** height;
    let subtree: Subtree = { height, hash: added };
    for (let last = this.#subtrees.at(-1); last?.height === subtree.height; last = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      subtree = { height: subtree.height + 1, hash: nodeHash(last.hash, subtree.hash) };
      onComplete?.(subtree.height, subtree.hash);
    }
    this.#subtrees.push(subtree);
  }

  root(): Buffer {
    const last = this.#subtrees.at(-1);
    if (!last) return EMPTY_ROOT;
    return this.#subtrees.slice(0, -1).reduceRight((right, { hash: left }) => nodeHash(left, right), last.hash);
  }
}

export const merkleRoot = (leaves: Iterable<Buffer>): Buffer => {
  const range = new CompactRange();
  for (const leaf of leaves) range.append(leaf);
  return range.root();
};

/** The same of leaves that lie one after the other. In place, level by level: the root is what is left of them. */
export const rootOfLeaves = (leaves: Buffer): Buffer => {
  let count = leaves.length / HASH_BYTES;
  if (count === 0) return EMPTY_ROOT;
  for (; count > 1; count = Math.ceil(count / 2)) {
    for (let n = 0; n + 1 < count; n += 2) {
      const at = n * HASH_BYTES;
      leaves.copy(NODE, 1, at, at + 2 * HASH_BYTES);
      sha256Into(leaves, at / 2, NODE);
    }
    // Whoever has no neighbour goes up as it is.
    if (count % 2 === 1)
      leaves.copy(leaves, ((count - 1) / 2) * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
  }
  return leaves.subarray(0, HASH_BYTES);
};
