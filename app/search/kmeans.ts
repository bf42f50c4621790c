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

/**
 * Groups unit vectors by their direction (spherical k-means). The same vectors in the same order give the same groups: the
 * first centre is the first vector, each next one the vector that is farthest from all centres.
 */
export const clusterVectors = async (vectors: readonly Float32Array[], k: number): Promise<readonly Cluster[]> => {
  let centroids = spread(vectors, Math.min(k, vectors.length));
  let assigned = new Int32Array(vectors.length).fill(-1);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = await assign(vectors, centroids);
    const moved = next.some((cluster, index) => cluster !== assigned[index]);
    assigned = next;
    if (!moved) break;
    centroids = centres(vectors, assigned, centroids);
  }
  return buildClusters(vectors, assigned, centroids);
};

const spread = (vectors: readonly Float32Array[], k: number): readonly Float32Array[] => {
  const chosen: Float32Array[] = [];
  const nearest = new Float32Array(vectors.length).fill(-2);
  for (let next = 0; chosen.length < k; ) {
    const centre = vectors[next] as Float32Array;
    chosen.push(centre);
    vectors.forEach((vector, index) => {
      nearest[index] = Math.max(nearest[index] as number, dot(vector, centre));
    });
    next = nearest.reduce((far, value, index) => (value < (nearest[far] as number) ? index : far), 0);
  }
  return chosen;
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
    .sort((a, b) => b.members.length - a.members.length);
