import { readLeaf, readLines, readRoot } from '../../../app/audit/leaves.js';
import { merkleRoot } from '../../../app/audit/merkle.js';
import { FULL, type ObservedRead, PackedReads } from '../../../app/audit/packed-reads.js';

const readOf = (n: number): ObservedRead => ({
  n,
  line: `{"n":${n},"text":"${'é€😀'.repeat(n % 40)}"}\n`,
  ids: ['key', `memory-${n % 7}`],
  detail: n % 3 === 0 ? { n, slot: 5, sealed: Buffer.from([n % 256]) } : null,
});
const reads = (first: number, count: number): readonly ObservedRead[] =>
  Array.from({ length: count }, (_, index) => readOf(first + index));

const expectSame = (packed: PackedReads, given: readonly ObservedRead[]): void => {
  expect([packed.count, packed.first, packed.last]).toEqual([given.length, given[0]?.n, given.at(-1)?.n]);
  expect(packed.lines().toString('utf8')).toBe(given.map(({ line }) => line).join(''));
  expect([...packed.ids()].sort()).toEqual([...new Set(given.flatMap(({ ids }) => ids))].sort());
  expect(packed.details()).toEqual(given.flatMap(({ detail }) => detail ?? []));
  expect(packed.root()).toEqual(merkleRoot(given.map(({ line }) => readLeaf(line.slice(0, -1)))));
  // Asked twice, since an event that could not be written is written again.
  expect(packed.root()).toEqual(readRoot(packed.lines()));
  expect(readLines(packed.lines())).toHaveLength(given.length);
};

describe('reads that wait as bytes', () => {
  it.each([1, 2, 3, 37, 128, 129, FULL])('%i of them are what they were as objects, with the same root', (count) => {
    expectSame(PackedReads.of(reads(8, count)), reads(8, count));
  });

  it('take those that follow, up to a full batch, and none after a gap', () => {
    const packed = PackedReads.of(reads(1, 400));
    expect(packed.takes(PackedReads.of(reads(402, 5)))).toBe(false);
    expect(packed.takes(PackedReads.of(reads(401, 300)))).toBe(true);
    expect(packed.takes(PackedReads.of(reads(701, 301)))).toBe(false);
    expectSame(packed, reads(1, 700));
    expect(packed.takes(PackedReads.of(reads(701, 300)))).toBe(true);
    expectSame(packed, reads(1, FULL));
  });

  it('are gone for the next batch', () => {
    const packed = PackedReads.of(reads(1, 500));
    packed.clear();
    for (const read of reads(9_000, 40)) packed.add(read);
    expectSame(packed, reads(9_000, 40));
  });
});
