import { rankByTerms } from '../../../app/search/bm25.js';
import { fuseRanks, recencyOf, weighPrior } from '../../../app/search/fusion.js';
import { clusterVectors } from '../../../app/search/kmeans.js';
import { createLocalReranker } from '../../../app/search/rerank.js';
import { estimateTokens, fitTokens } from '../../../app/search/token-budget.js';

describe('fused ranks', () => {
  const list = (...ids: readonly string[]) => new Map(ids.map((id, index) => [id, 1 - index / 100]));

  it('are 1 for what every list has first, and a list that found nothing has no say', () => {
    const fused = fuseRanks([list('a', 'b'), list('a', 'c')]);
    expect(fused.get('a')).toBe(1);
    expect(fused.get('b')).toBeCloseTo(61 / 62 / 2, 10);
    expect(fuseRanks([list('a', 'b'), new Map()]).get('b')).toBeCloseTo(61 / 62, 10);
  });

  it('put what both lists have above what one has first', () => {
    const fused = fuseRanks([list('x', 'both'), list('y', 'both')]);
    expect(fused.get('both')).toBeGreaterThan(fused.get('x') ?? 1);
  });

  it('are the same for equal scores', () => {
    const fused = fuseRanks([
      new Map([
        ['a', 0.5],
        ['b', 0.5],
        ['c', 0.4],
      ]),
    ]);
    expect(fused.get('a')).toBe(fused.get('b'));
    expect(fused.get('c')).toBeCloseTo(61 / 63, 10);
  });
});

it('age, importance and trust move a score a little, never past certainty', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n));
  expect(recencyOf(day(0), day(30))).toBeCloseTo(0.5, 10);
  expect(recencyOf(day(5), day(0))).toBe(1);
  const worst = { recency: 0, importance: 0, trust: 0 };
  const best = { recency: 1, importance: 1, trust: 1 };
  expect(weighPrior(1, worst)).toBe(1);
  expect(weighPrior(0.5, best)).toBe(0.5);
  expect(weighPrior(0.5, worst)).toBeCloseTo(0.5 ** 1.1, 10);
  expect(weighPrior(0.6, worst)).toBeGreaterThan(weighPrior(0.5, best));
});

describe('words', () => {
  const texts = ['tea', 'tea and sugar', 'sugar', 'coffee'].map((text) => ({ id: text, text }));
  it('rank by how many there are and how rare they are, within [0, 1]', () => {
    const ranked = rankByTerms(['tea', 'sugar'], texts);
    expect(ranked.map(({ id }) => id)).toEqual(['tea', 'tea and sugar', 'sugar']);
    const best = [...ranked].sort((a, b) => b.score - a.score)[0];
    expect(best).toMatchObject({ id: 'tea and sugar', matched: ['tea', 'sugar'] });
    expect(ranked.every(({ score }) => score > 0 && score <= 1)).toBe(true);
    expect(rankByTerms([], texts)).toEqual([]);
  });
});

it('the second look counts words in a row', async () => {
  const look = createLocalReranker();
  const document = (content: string) => ({ id: content, content, semantic: 0.5, keyword: 1 });
  const [row = 0, loose = 0] = await look.rerank('the red house', [
    document('in the red house'),
    document('red is the house'),
  ]);
  expect(row).toBeGreaterThan(loose);
  expect(row).toBeLessThanOrEqual(1);
});

it('a budget of tokens is kept; what is too large gives way to what is not', () => {
  expect(estimateTokens('abcdefgh')).toBe(2);
  expect(estimateTokens('喝茶')).toBe(2);
  const texts = ['a'.repeat(16), 'b'.repeat(400), 'c'.repeat(8)];
  expect(fitTokens(texts, (text) => text, 6)).toEqual({ items: [texts[0], texts[2]], tokens: 6, truncated: true });
  expect(fitTokens(texts, (text) => text, Number.POSITIVE_INFINITY)).toMatchObject({ truncated: false });
});

describe('clusters', () => {
  /** Unit vectors around directions that have nothing in common, each a little off in its own way. */
  const around = (directions: readonly number[], spread: number): readonly Float32Array[] =>
    directions.map((direction, n) => {
      const vector = Float32Array.from(
        { length: 64 },
        (_, at) => (at === direction ? 1 : 0) + spread * Math.sin((n + 1) * (at + 3) * 12.9898),
      );
      const length = Math.hypot(...vector);
      return vector.map((value) => value / length);
    });
  const groupsOf = async (directions: readonly number[], k: number, spread = 0.06) => {
    const found = await clusterVectors(around(directions, spread), k);
    return found.map(({ members }) => [...members].sort((a, b) => a - b).map((member) => directions[member]));
  };

  it('are the groups there are, in whatever order the vectors come and however many there are', async () => {
    const pure = (groups: readonly (readonly (number | undefined)[])[]) =>
      groups.map((group) => (new Set(group).size === 1 ? group.length : 'mixed'));
    for (let turn = 0; turn < 9; turn++) {
      const nine = Array.from({ length: 9 }, (_, n) => (((n * 7 + turn) % 9) % 3) * 11);
      expect(pure(await groupsOf(nine, 3))).toEqual([3, 3, 3]);
      const uneven = Array.from({ length: 60 }, (_, n) => Math.min(5, (n * 17 + turn) % 20));
      expect(pure(await groupsOf(uneven, 6))).toEqual([45, 3, 3, 3, 3, 3]);
    }
  });

  it('are told apart though one of them is wider than the distance between the other two', async () => {
    const unit = (...values: readonly number[]) => Float32Array.from({ length: 8 }, (_, at) => values[at] ?? 0);
    const [cat, car, food, snack] = [
      unit(1),
      unit(0.6, 0.8),
      unit(0, 0, 1),
      unit(0, 0, 0.45, Math.sqrt(1 - 0.45 ** 2)),
    ];
    const found = await clusterVectors([cat, car, food, cat, car, food, cat, car, snack], 3);
    expect(found.map(({ members }) => [...members].sort())).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ]);
  });

  it('are not led astray by a vector that is far from all others', async () => {
    const found = await groupsOf([1, 2, 1, 2, 1, 2, 1, 2, 9], 3, 0.02);
    expect(found).toEqual([[1, 1, 1, 1], [2, 2, 2, 2], [9]]);
  });

  it('are the same every time, and no more than there are different vectors', async () => {
    const vectors = around([1, 5, 1, 9, 5, 1, 9, 9, 5, 5], 0.4);
    expect(await clusterVectors(vectors, 4)).toEqual(await clusterVectors(vectors, 4));
    const [one] = vectors;
    const same = await clusterVectors(one ? [one, one, one] : [], 3);
    expect(same.map(({ members }) => members.length)).toEqual([3]);
    expect(await clusterVectors([], 3)).toEqual([]);
  });

  it('1,000 vectors are clustered in little time', async () => {
    const vectors = Array.from({ length: 1000 }, (_, n) => {
      const vector = Float32Array.from(
        { length: 512 },
        (_x, at) => Math.sin((at + 1) * ((n % 10) + 1)) + Math.sin(n * 13 + at * 7) / 10,
      );
      const length = Math.hypot(...vector);
      return vector.map((value) => value / length);
    });
    const before = process.cpuUsage();
    const clusters = await clusterVectors(vectors, 10);
    const { user, system } = process.cpuUsage(before);
    // Half a second of a processor that nobody shares.
    expect((user + system) / 1e6).toBeLessThan(8);
    expect(clusters.map(({ members }) => members.length)).toEqual(Array.from({ length: 10 }, () => 100));
  });
});
