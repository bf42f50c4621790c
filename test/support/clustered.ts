/** Vectors in clusters, as embeddings are: independent random ones have no structure that an index could use. */
export const createClustered = (dimensions: number, seed: number): (() => Float32Array) => {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const unit = (vector: Float32Array): Float32Array => {
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const centres = Array.from({ length: 40 }, () => unit(Float32Array.from({ length: dimensions }, random)));
  return () => {
    const centre = centres[Math.floor((random() + 0.5) * centres.length)] as Float32Array;
    return unit(centre.map((value) => value + random() * 0.4));
  };
};

export const exactTop = (
  vectors: ReadonlyMap<string, Float32Array>,
  query: Float32Array,
  k: number,
): readonly string[] =>
  [...vectors]
    .map(([id, vector]) => [id, vector.reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0)] as const)
    .sort((a, b) => b[1] - a[1])
    .slice(0, k)
    .map(([id]) => id);
