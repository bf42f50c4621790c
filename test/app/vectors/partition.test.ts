import { createPartition, EXACT_UP_TO } from '../../../app/vectors/partition.js';
import { createClustered, exactTop } from '../../support/clustered.js';

const idOf = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

const DIMENSIONS = 32;

describe('a partition', () => {
  it('compares every vector while it is small', () => {
    const next = createClustered(DIMENSIONS, 1);
    const partition = createPartition(DIMENSIONS);
    const vectors = new Map(Array.from({ length: 500 }, (_, index) => [idOf(index), next()]));
    for (const [id, vector] of vectors) partition.put(id, 1, vector);
    for (let round = 0; round < 20; round++) {
      const query = next();
      expect(partition.search(query, 10).map(({ id }) => id)).toEqual(exactTop(vectors, query, 10));
    }
  });

  it('goes on with an index when it grows, and finds at least 95 of 100 of what is nearest', () => {
    const next = createClustered(DIMENSIONS, 2);
    const partition = createPartition(DIMENSIONS);
    const vectors = new Map<string, Float32Array>();
    for (let index = 0; index < EXACT_UP_TO * 4; index++) {
      const vector = next();
      vectors.set(idOf(index), vector);
      partition.put(idOf(index), 1, vector);
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
    const next = createClustered(DIMENSIONS, 3);
    const partition = createPartition(DIMENSIONS);
    for (let index = 0; index < size; index++) partition.put(idOf(index), 1, next());
    const query = next();
    const first = partition.search(query, 1)[0]?.id ?? '';
    partition.remove(first);
    expect(partition.search(query, size).some(({ id }) => id === first)).toBe(false);
    partition.put(idOf(3), 7, query);
    expect(partition.search(query, 1)[0]).toMatchObject({ id: idOf(3), score: expect.closeTo(1, 2) });
    expect([partition.size(), partition.changeOf(idOf(3)), partition.changeOf(first)]).toEqual([
      first === idOf(3) ? size : size - 1,
      7,
      first === idOf(3) ? 7 : undefined,
    ]);
  });
});
