import { createClustered, exactTop } from './clustered.js';
import { eventually, type InProcessService } from './memory-service.js';

/** What a suite brings to show that its store keeps the contract. */
export interface VectorBench {
  readonly service: InProcessService;
}
/** An index outside the process can be lost, and can be away. */
export interface OutsideBench extends VectorBench {
  /** Empties the index behind the service's back. */
  lose(): Promise<void>;
  /** How many points of the tenant the index holds. */
  held(): Promise<number>;
  /** Takes the index away until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const DIMENSIONS = 64;

const encode = (vector: Float32Array): string => Buffer.from(vector.buffer).toString('base64');

const ingest = async (bench: VectorBench, user: string, vectors: readonly Float32Array[]): Promise<string[]> => {
  const ids: string[] = [];
  for (let at = 0; at < vectors.length; at += 1000) {
    const page = vectors.slice(at, at + 1000);
    const memories = page.map((vector, index) => ({
      user_id: user,
      content: `memory ${at + index}`,
      vector: encode(vector),
    }));
    const { status, body } = await bench.service.call('POST', '/api/v1/memories', { body: { memories } });
    expect(status).toBe(200);
    ids.push(...body.results.map(({ id }: { id: string }) => id));
  }
  return ids;
};

const search = async (bench: VectorBench, user: string, vector: Float32Array, limit = 10) => {
  const { status, body } = await bench.service.call('POST', '/api/v1/memories/search', {
    body: { user_id: user, mode: 'semantic', vector: encode(vector), limit },
  });
  expect(status).toBe(200);
  return body as {
    readonly results: readonly { readonly id: string; readonly score: number; readonly user_id: string }[];
    readonly degraded: readonly string[];
  };
};

const idsOf = ({ results }: Awaited<ReturnType<typeof search>>): readonly string[] => results.map(({ id }) => id);

const recallOf = async (
  bench: VectorBench,
  user: string,
  vectors: ReadonlyMap<string, Float32Array>,
  queries: readonly Float32Array[],
): Promise<number> => {
  let found = 0;
  for (const query of queries) {
    const wanted = exactTop(vectors, query, 10);
    const got = new Set(idsOf(await search(bench, user, query)));
    found += wanted.filter((id) => got.has(id)).length;
  }
  return found / (queries.length * 10);
};

/** One contract for every store of vectors. Prints its recall. */
export const describeVectorStore = (name: string, open: () => Promise<VectorBench>): void => {
  describe(`vectors in ${name}`, () => {
    const state = openBench(open);
    claimStore(name, state, async () => undefined);
  });
};

/** The same, and what holds of an index that lives elsewhere. */
export const describeOutsideIndex = (name: string, open: () => Promise<OutsideBench>): void => {
  describe(`vectors in ${name}`, () => {
    const state = openBench(open);
    claimStore(name, state, () => settled(state.bench()).then(() => undefined));
    claimOutside(state);
  });
};

interface State<B extends VectorBench> {
  readonly bench: () => B;
  readonly vectors: Map<string, Float32Array>;
  readonly next: () => Float32Array;
}

const openBench = <B extends VectorBench>(open: () => Promise<B>): State<B> => {
  const next = createClustered(DIMENSIONS, 7);
  const vectors = new Map<string, Float32Array>();
  let bench: B | undefined;
  beforeAll(async () => {
    bench = await open();
    const all = Array.from({ length: 1500 }, next);
    const ids = await ingest(bench, 'many', all);
    ids.forEach((id, index) => {
      vectors.set(id, all[index] as Float32Array);
    });
  });
  const opened = (): B => {
    if (!bench) throw new Error('The bench was not opened');
    return bench;
  };
  return { bench: opened, vectors, next };
};

const claimStore = (
  name: string,
  { bench: opened, vectors, next }: State<VectorBench>,
  settle: () => Promise<void>,
): void => {
  it('finds what was acknowledged a moment ago', async () => {
    const bench = opened();
    const vector = next();
    const [id] = await ingest(bench, 'hasty', [vector]);
    expect(idsOf(await search(bench, 'hasty', vector))).toEqual([id]);
  });

  it('scores by cosine, from 0 to 1, higher is better', async () => {
    const bench = opened();
    const [one, other] = [new Float32Array(DIMENSIONS), new Float32Array(DIMENSIONS)];
    one[0] = 1;
    other[0] = 0.6;
    other[1] = 0.8;
    const away = one.map((value) => -value);
    const ids = await ingest(bench, 'scales', [away, other, one]);
    const { results } = await search(bench, 'scales', one);
    expect(results.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[0]]);
    [1, 0.6, 0].forEach((score, index) => {
      expect(results[index]?.score).toBeCloseTo(score, 2);
    });
  });

  it('keeps people apart', async () => {
    const bench = opened();
    const vector = next();
    await ingest(bench, 'left', [vector, vector]);
    const right = await ingest(bench, 'right', [vector]);
    expect(idsOf(await search(bench, 'right', vector, 100))).toEqual(right);
  });

  it('forgets what is deleted, and takes it back', async () => {
    const bench = opened();
    const vector = next();
    const [id] = await ingest(bench, 'fickle', [vector]);
    await bench.service.call('DELETE', `/api/v1/memories/${id}`);
    expect(idsOf(await search(bench, 'fickle', vector))).toEqual([]);
    const { status } = await bench.service.call('POST', '/api/v1/memories', {
      body: { id, user_id: 'fickle', content: 'again', vector: encode(vector) },
    });
    expect(status).toBe(201);
    expect(idsOf(await search(bench, 'fickle', vector))).toEqual([id]);
  });

  it('finds 99 of 100 of the ten nearest among 1,500', async () => {
    const bench = opened();
    await settle();
    // The first search reads what is there, and a busy machine may take longer than a search waits for that.
    await eventually(
      () => search(bench, 'many', next()),
      ({ degraded }) => degraded.length === 0,
    );
    const recall = await recallOf(bench, 'many', vectors, Array.from({ length: 50 }, next));
    process.stdout.write(`  recall@10 of ${name}: ${recall.toFixed(4)} (1,500 clustered vectors, 50 queries)\n`);
    expect(recall).toBeGreaterThanOrEqual(0.99);
  });
};

const claimOutside = ({ bench: opened, vectors, next }: State<OutsideBench>): void => {
  it('is built anew from Postgres when the index is lost', async () => {
    const bench = opened();
    const before = await settled(bench);
    await bench.lose();
    expect(await bench.held()).toBe(0);
    expect(await recallOf(bench, 'many', vectors, [next()])).toBe(1);
    await eventually(
      () => bench.held(),
      (held) => held === before,
      60_000,
    );
    expect((await search(bench, 'many', next())).degraded).toEqual([]);
  });

  it('answers exactly and says so while the index is away, and stores what comes meanwhile', async () => {
    const bench = opened();
    await bench.down();
    const query = next();
    const away = await search(bench, 'many', query);
    expect(away.degraded).toEqual(['vectors']);
    expect(idsOf(away)).toEqual(exactTop(vectors, query, 10));
    const [id] = await ingest(bench, 'meanwhile', [query]);
    expect(idsOf(await search(bench, 'meanwhile', query))).toEqual([id]);
    await bench.up();
    const back = await eventually(
      () => search(bench, 'meanwhile', query),
      ({ degraded }) => degraded.length === 0,
      20_000,
    );
    expect(idsOf(back)).toEqual([id]);
  });
};

/** Until the index has all that Postgres has; how many that is. */
const settled = async (bench: OutsideBench): Promise<number> => {
  let last = -1;
  return eventually(
    async () => {
      const { body } = await bench.service.call('GET', '/health/detailed');
      const held = await bench.held();
      const still = held === last && body.components.vectors.status === 'ok';
      last = held;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return still ? held : -1;
    },
    (held) => held > 0,
    60_000,
  );
};
