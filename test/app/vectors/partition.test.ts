import { createPartition, dot, EXACT_UP_TO } from '../../../app/vectors/partition.js';

const DIMENSIONS = 32;

/** Clusters, as embeddings have them: independent random vectors would make every index look bad. */
const createGenerator = (seed: number) => {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const unit = (vector: Float32Array): Float32Array => {
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const centres = Array.from({ length: 40 }, () => unit(Float32Array.from({ length: DIMENSIONS }, random)));
  return (): Float32Array => {
    const centre = centres[Math.floor((random() + 0.5) * centres.length)] as Float32Array;
    return unit(centre.map((value) => value + random() * 0.4));
  };
};

const exactTop = (vectors: ReadonlyMap<string, Float32Array>, query: Float32Array, k: number): readonly string[] =>
  [...vectors]
    .map(([id, vector]) => [id, dot(vector, query)] as const)
    .sort((a, b) => b[1] - a[1])
    .slice(0, k)
    .map(([id]) => id);

describe('a partition', () => {
  it('compares every vector while it is small', () => {
    const next = createGenerator(1);
    const partition = createPartition(DIMENSIONS);
    const vectors = new Map(Array.from({ length: 500 }, (_, index) => [`m${index}`, next()]));
    for (const [id, vector] of vectors) partition.put(id, 1, vector);
    for (let round = 0; round < 20; round++) {
      const query = next();
      expect(partition.search(query, 10).map(({ id }) => id)).toEqual(exactTop(vectors, query, 10));
    }
  });

  it('goes on with an index when it grows, and finds at least 95 of 100 of what is nearest', () => {
    const next = createGenerator(2);
    const partition = createPartition(DIMENSIONS);
    const vectors = new Map<string, Float32Array>();
    for (let index = 0; index < EXACT_UP_TO * 4; index++) {
      const vector = next();
      vectors.set(`m${index}`, vector);
      partition.put(`m${index}`, 1, vector);
    }
    let found = 0;
    for (let round = 0; round < 50; round++) {
      const query = next();
      const expected = new Set(exactTop(vectors, query, 10));
      found += partition.search(query, 10).filter(({ id }) => expected.has(id)).length;
    }
    expect(found / 500).toBeGreaterThan(0.95);
  });

  it.each([10, EXACT_UP_TO + 10])('of %i forgets what is removed and replaces what comes again', (size) => {
    const next = createGenerator(3);
    const partition = createPartition(DIMENSIONS);
    for (let index = 0; index < size; index++) partition.put(`m${index}`, 1, next());
    const query = next();
    const first = partition.search(query, 1)[0]?.id ?? '';
    partition.remove(first);
    expect(partition.search(query, size).some(({ id }) => id === first)).toBe(false);
    partition.put('m3', 7, query);
    expect(partition.search(query, 1)[0]).toMatchObject({ id: 'm3', score: expect.closeTo(1, 2) });
    expect([partition.size(), partition.changeOf('m3'), partition.changeOf(first)]).toEqual([
      first === 'm3' ? size : size - 1,
      7,
      first === 'm3' ? 7 : undefined,
    ]);
  });
});
