// Seeded facts: the same for every side of a comparison, and for every run.
export const DIMENSIONS = 384;

export const createRandom = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};

const unit = (vector) => {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
};

/** Vectors in clusters, as embeddings are: independent random ones have no structure that an index could use. `own`: others of these clusters. */
export const createClustered = (seed, { dimensions = DIMENSIONS, clusters = 200, spread = 0.4, own } = {}) => {
  let random = createRandom(seed);
  const centres = Array.from({ length: clusters }, () =>
    unit(Float32Array.from({ length: dimensions }, () => random() - 0.5)),
  );
  const scale = spread / Math.sqrt(dimensions / 12);
  if (own !== undefined) random = createRandom(own);
  return () => {
    const centre = centres[Math.floor(random() * clusters)];
    return unit(centre.map((value) => value + (random() - 0.5) * scale * 2));
  };
};

const WORDS = (
  'tea coffee morning train window garden letter friend doctor market river paper music winter summer kitchen ' +
  'teacher invoice meeting project deadline holiday passport ticket recipe allergy medicine bicycle birthday contract'
).split(' ');

/** A sentence of some 60 characters; no two are the same. */
export const sentence = (random, n) => {
  const word = () => WORDS[Math.floor(random() * WORDS.length)];
  return `Note ${n}: prefers ${word()} with ${word()} before the ${word()} and never ${word()}`;
};

export const toBase64 = (vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');

/** Drafts as clients send them, with their vectors as base64. */
export const createDrafts = (seed, { dimensions = DIMENSIONS } = {}) => {
  const random = createRandom(seed);
  const vector = createClustered(seed + 1, { dimensions });
  let n = 0;
  return (count, user) =>
    Array.from({ length: count }, () => {
      const own = vector();
      return { user_id: user, content: sentence(random, n++), vector: toBase64(own) };
    });
};

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
