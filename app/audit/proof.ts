import { HASH_BYTES, nodeHash } from './merkle.js';

/** Hashes `from` to `to` (without) of a level of the tree: 0 the leaves, above it roots of 256^level leaves. */
export type HashSource = (level: number, from: number, to: number) => Promise<readonly Buffer[]>;

const TILE_HEIGHT = 8;

/** The largest power of two below `n`: where RFC 6962 splits `n` leaves. */
const splitOf = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

const isPowerOfTwo = (n: number): boolean => 2 ** Math.round(Math.log2(n)) === n;

/** Root over the leaves from `from` to `to` (without); `from` is where a subtree of that size begins. */
export const subtreeRoot = async (source: HashSource, from: number, to: number): Promise<Buffer> => {
  const leaves = to - from;
  if (!isPowerOfTwo(leaves)) {
    const middle = from + splitOf(leaves);
    return nodeHash(await subtreeRoot(source, from, middle), await subtreeRoot(source, middle, to));
  }
  const level = Math.floor(Math.log2(leaves) / TILE_HEIGHT);
  const width = 2 ** (TILE_HEIGHT * level);
  let hashes = await source(level, from / width, to / width);
  if (hashes.length !== leaves / width) throw new Error(`Hashes ${from} to ${to} of the audit log are missing`);
  while (hashes.length > 1) {
    const below = hashes;
    hashes = Array.from({ length: below.length / 2 }, (_, i) => nodeHash(at(below, 2 * i), at(below, 2 * i + 1)));
  }
  return at(hashes, 0);
};

const at = (hashes: readonly Buffer[], index: number): Buffer => {
  const found = hashes[index];
  if (!found) throw new RangeError(`There is no hash ${index} of ${hashes.length}`);
  return found;
};

/** RFC 6962 2.1.1: from the leaf's sibling up to the root's child. */
export const inclusionProof = async (source: HashSource, index: number, size: number): Promise<readonly Buffer[]> => {
  const path = async (from: number, to: number): Promise<readonly Buffer[]> => {
    if (to - from === 1) return [];
    const middle = from + splitOf(to - from);
    return index < middle
      ? [...(await path(from, middle)), await subtreeRoot(source, middle, to)]
      : [...(await path(middle, to)), await subtreeRoot(source, from, middle)];
  };
  if (index < 0 || index >= size) throw new RangeError(`There is no leaf ${index} in a tree of ${size}`);
  return path(0, size);
};

/** RFC 6962 2.1.2: that the first `old` leaves of a tree of `size` are the tree of `old`. Empty when either is trivial. */
export const consistencyProof = async (source: HashSource, old: number, size: number): Promise<readonly Buffer[]> => {
  const path = async (from: number, to: number, known: boolean): Promise<readonly Buffer[]> => {
    if (to === old) return known ? [] : [await subtreeRoot(source, from, to)];
    const middle = from + splitOf(to - from);
    return old <= middle
      ? [...(await path(from, middle, known)), await subtreeRoot(source, middle, to)]
      : [...(await path(middle, to, false)), await subtreeRoot(source, from, middle)];
  };
  if (old < 0 || old > size) throw new RangeError(`A tree of ${size} does not begin with one of ${old}`);
  return old === 0 || old === size ? [] : path(0, size, true);
};

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Buffer;
  readonly proof: readonly Buffer[];
  readonly root: Buffer;
}

/** RFC 9162 2.1.3.2. */
export const verifyInclusion = ({ index, size, leaf, proof, root }: InclusionClaim): boolean => {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (!proof.every((hash) => hash.length === HASH_BYTES)) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, half(sn)];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hash.equals(root);
};

/** Not by shifting: sizes are wider than 32 bits. */
const half = (n: number): number => Math.floor(n / 2);

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Buffer;
  readonly size: number;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
}

/** RFC 9162 2.1.4.2. */
export const verifyConsistency = ({ oldSize, oldRoot, size, root, proof }: ConsistencyClaim): boolean => {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 0 || oldSize > size) return false;
  if (!proof.every((hash) => hash.length === HASH_BYTES)) return false;
  if (oldSize === 0) return proof.length === 0;
  if (oldSize === size) return proof.length === 0 && oldRoot.equals(root);
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  let [fn, sn] = [oldSize - 1, size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  const [first, ...rest] = path;
  if (!first) return false;
  let [old, whole] = [first, first];
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [old, whole] = [nodeHash(sibling, old), nodeHash(sibling, whole)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else whole = nodeHash(whole, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && old.equals(oldRoot) && whole.equals(root);
};
