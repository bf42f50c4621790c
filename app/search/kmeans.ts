import { dot } from '../vectors/partition.js';

export interface Cluster {
  readonly centroid: Float32Array;
  /** Positions in the list of vectors, nearest to the centroid first. */
  readonly members: readonly number[];
  /** The mean nearness of the members to the centroid. */
  readonly cohesion: number;
}

/** Unit vectors settle within a few rounds; what still moves then lies between two groups anyway. */
const MAX_ROUNDS = 12;
/** One stretch on the event loop: some 5 ms at 512 dimensions and ten clusters. */
const STRETCH = 1_000;
/** Where a run ends depends on where it began, and few vectors are soon run through again. */
const STARTS = 6;
/** Comparisons a round up to which all starts take less than a second; above there are only so many. */
const EASY = 20_000;
const STARTS_OF_MANY = 3;
/** Any number does, as long as it is always the same. */
const SEED = 0x9e3779b9;

/**
 * Groups unit vectors by their direction (spherical k-means): the best of several runs, each from centres that are drawn far
 * from each other. The dice are always the same, so the same vectors in the same order give the same groups.
 */
export const clusterVectors = async (vectors: readonly Float32Array[], k: number): Promise<readonly Cluster[]> => {
  const wanted = Math.min(k, vectors.length);
  const random = createDice(SEED);
  const starts = vectors.length * wanted <= EASY ? STARTS : STARTS_OF_MANY;
  let best: Run | undefined;
  for (let start = 0; start < starts; start++) {
    const run = await settle(vectors, drawCentres(vectors, wanted, random));
    if (best === undefined || run.nearness > best.nearness) best = run;
  }
  return best === undefined ? [] : buildClusters(vectors, best.assigned, best.centroids);
};

interface Run {
  readonly centroids: readonly Float32Array[];
  readonly assigned: Int32Array;
  /** The sum over all vectors of how near each is to its centre: the more the better. */
  readonly nearness: number;
}

const settle = async (vectors: readonly Float32Array[], from: readonly Float32Array[]): Promise<Run> => {
  let centroids = from;
  let assigned = new Int32Array(vectors.length).fill(-1);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = await assign(vectors, centroids);
    const moved = next.some((cluster, index) => cluster !== assigned[index]);
    assigned = next;
    if (!moved) break;
    centroids = centres(vectors, assigned, centroids);
  }
  const nearness = vectors.reduce(
    (sum, vector, index) => sum + dot(vector, centroids[assigned[index] as number] as Float32Array),
    0,
  );
  return { centroids, assigned, nearness };
};

/**
 * As k-means++ has it: the farther a vector is from the centres so far, the likelier it is the next; of some that are drawn
 * the one that leaves the others nearest.
 */
const drawCentres = (vectors: readonly Float32Array[], k: number, random: () => number): readonly Float32Array[] => {
  const chosen: Float32Array[] = [];
  let far = new Float32Array(vectors.length).fill(2);
  const draws = 2 + Math.floor(Math.log(k));
  while (chosen.length < k) {
    let best:
      | { readonly centre: Float32Array; readonly far: Float32Array<ArrayBuffer>; readonly left: number }
      | undefined;
    for (let draw = 0; draw < draws; draw++) {
      const centre = vectors[drawByWeight(far, random())] as Float32Array;
      const without = far.map((distance, index) =>
        Math.min(distance, distanceOf(vectors[index] as Float32Array, centre)),
      );
      const left = sumOf(without);
      if (best === undefined || left < best.left) best = { centre, far: without, left };
    }
    if (best === undefined) break;
    chosen.push(best.centre);
    far = best.far;
  }
  return chosen;
};

/** Half the square of it between unit vectors; never below 0 by rounding. */
const distanceOf = (a: Float32Array, b: Float32Array): number => Math.max(0, 1 - dot(a, b));

const sumOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);

const drawByWeight = (weights: Float32Array, at: number): number => {
  let left = at * sumOf(weights);
  const drawn = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  // All are at a centre already: any of them is as good.
  return drawn >= 0 ? drawn : Math.min(weights.length - 1, Math.floor(at * weights.length));
};

/** Marsaglia's xorshift with 32 bits, in [0, 1). */
const createDice = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};

const assign = async (
  vectors: readonly Float32Array[],
  centroids: readonly Float32Array[],
): Promise<Int32Array<ArrayBuffer>> => {
  const assigned = new Int32Array(vectors.length);
  for (let from = 0; from < vectors.length; from += STRETCH) {
    for (let index = from; index < Math.min(from + STRETCH, vectors.length); index++) {
      assigned[index] = nearestOf(vectors[index] as Float32Array, centroids);
    }
    await new Promise(setImmediate);
  }
  return assigned;
};

const nearestOf = (vector: Float32Array, centroids: readonly Float32Array[]): number => {
  let best = 0;
  let nearness = -2;
  for (let cluster = 0; cluster < centroids.length; cluster++) {
    const value = dot(vector, centroids[cluster] as Float32Array);
    if (value > nearness) [best, nearness] = [cluster, value];
  }
  return best;
};

/** The direction of the sum; a cluster that lost its members keeps its centre. */
const centres = (
  vectors: readonly Float32Array[],
  assigned: Int32Array,
  previous: readonly Float32Array[],
): readonly Float32Array[] => {
  const sums = previous.map((centre) => new Float32Array(centre.length));
  vectors.forEach((vector, index) => {
    const sum = sums[assigned[index] as number] as Float32Array;
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (vector[at] as number);
  });
  return sums.map((sum, cluster) => {
    const length = Math.sqrt(dot(sum, sum));
    return length === 0 ? (previous[cluster] as Float32Array) : sum.map((value) => value / length);
  });
};

const buildClusters = (
  vectors: readonly Float32Array[],
  assigned: Int32Array,
  centroids: readonly Float32Array[],
): readonly Cluster[] =>
  centroids
    .map((centroid, cluster) => {
      const near = new Map<number, number>();
      assigned.forEach((of, index) => {
        if (of === cluster) near.set(index, dot(vectors[index] as Float32Array, centroid));
      });
      const members = [...near.keys()].sort((a, b) => (near.get(b) ?? 0) - (near.get(a) ?? 0));
      const sum = [...near.values()].reduce((total, value) => total + value, 0);
      return { centroid, members, cohesion: Math.min(1, Math.max(0, sum / Math.max(1, members.length))) };
    })
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => b.members.length - a.members.length || Math.min(...a.members) - Math.min(...b.members));
