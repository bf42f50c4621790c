import fc from 'fast-check';
import type { Memory } from '../../../../app/memories/schema.js';
import { termsOf } from '../../../../app/sealing/index.js';
import { type Filter, matchesFilter, parseFilter } from '../../../../app/search/filter/index.js';
import { leavesOf } from '../../../../app/search/filter/metadata.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../../support/memory-service.js';

/** What the database says of a filter must be what the filter means: on sealed rows, on rows in clear, with and without tokens. */
/** On a machine that does other things too. */
const PATIENCE = 120_000;
const CLEAR = ['price', 'nested.rank'];

const WORDS = ['tea', 'Tea', 'green tea', 'café', "Ada's cup", '喝茶', 'the', 'c++', '', '100%', "a'b; --"];
const NUMBERS = [-1, 0, 0.1, 0.5, 0.7, 2, 1e21];
const TIMES = ['2026-01-01', '2026-01-01T00:00:00.500Z', '2025-06-30T12:00:00+02:00'];
const STAMPS = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.500Z', '2025-06-30T10:00:00Z'];
const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const scalar = fc.oneof(some(WORDS), some(NUMBERS), fc.boolean());

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const draft = fc.record({
  content: some(['green tea in a café', 'Ada drinks tea', "Ada's cup, and tea", '我喜欢喝茶', 'nothing']),
  agent_id: optional(some(['a', 'b'])),
  session_id: optional(some(['s', 't'])),
  app_id: optional(some(['x'])),
  subject: optional(some(['Ada', 'ada', 'tea'])),
  predicate: optional(some(['likes', 'hates'])),
  object: optional(some(['green tea', 'tea'])),
  confidence: some([0.1, 0.5, 0.7, 0.123456, 1]),
  importance: some([0, 0.5, 1]),
  namespace: some([[], ['a'], ['a', 'b'], ['b']]),
  valid_from: optional(some(STAMPS)),
  metadata: fc.record(
    {
      topic: scalar,
      price: scalar,
      tags: fc.array(scalar, { maxLength: 3 }),
      nested: fc.record({ rank: scalar, 'a.b': scalar }, { requiredKeys: [] }),
      'nested.rank': scalar,
      empty: fc.constant(null),
    },
    { requiredKeys: [] },
  ),
});

const not = (test: fc.Arbitrary<object>) =>
  fc.oneof(
    test,
    test.map((of) => ({ NOT: of })),
  );
const field = <T>(names: readonly string[], operators: readonly string[], value: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.tuple(some(names), value).map(([name, v]) => ({ [name]: v })),
    fc
      .tuple(some(names), some(['in', 'nin']), fc.array(value, { minLength: 1, maxLength: 3 }))
      .map(([name, operator, v]) => ({ [name]: { [operator]: v } })),
    fc
      .tuple(some(names), some(['eq', 'ne', ...operators]), value)
      .map(([name, operator, v]) => ({ [name]: { [operator]: v } })),
    fc
      .tuple(some(names), fc.oneof(fc.constant('*'), fc.constant(null), fc.record({ exists: fc.boolean() })))
      .map(([name, v]) => ({ [name]: v })),
  );
const ORDER = ['gt', 'gte', 'lt', 'lte'];
const CONTAINS = ['contains', 'icontains'];
const metadata = ['topic', 'price', 'tags', 'nested', 'nested.rank', 'nested.a.b', 'empty', 'none'].map(
  (key) => `metadata.${key}`,
);
const test = fc.oneof(
  field(['agent_id', 'session_id', 'app_id', 'user_id'], [], some(['a', 'b', 's', 't', 'x', 'ada', 'nobody'])),
  field(
    ['confidence', 'importance', 'trust.score', 'version', 'contradictions'],
    ORDER,
    some([...NUMBERS, 0.123456, 0.8, 1]),
  ),
  field(['valid_from', 'valid_to', 'created_at'], ORDER, some(TIMES)),
  field(
    ['subject', 'predicate', 'object', 'content', 'source.role'],
    CONTAINS,
    some([...WORDS, 'Ada', 'ada', 'likes']),
  ),
  field(['scope'], [], some(['user', 'global'])),
  field(['trust.class'], [], some(['user', 'agent'])),
  field(['namespace'], [], some(['a', 'a.b', 'b', 'c'])),
  field(['legal_hold'], [], fc.boolean()),
  { arbitrary: field(metadata, CONTAINS, scalar), weight: 6 },
  some(['a', 'a.b', 'c']).map((namespace_prefix) => ({ namespace_prefix })),
  fc
    .tuple(some(CLEAR), some(ORDER), fc.oneof(some(WORDS), some(NUMBERS)))
    .map(([key, operator, value]) => ({ metadata: { [key]: { [operator]: value } } })),
);
const { tree } = fc.letrec<{ tree: object }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    not(test),
    not(
      fc
        .tuple(some(['AND', 'OR']), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
        .map(([word, of]) => ({ [word]: of })),
    ),
  ),
}));

const settings = (index: 'keyword' | 'off', clearMetadata: readonly string[]) => ({
  ...defaultPolicies,
  encryption: { index, clearMetadata },
});

/** One filter for each distinct value of the sealed fields, and for each word of their texts. */
const filtersOf = (memories: readonly Memory[]): readonly object[] => {
  const filters = memories.flatMap((memory) => [
    ...(['subject', 'predicate', 'object'] as const).flatMap((name) =>
      memory[name] === null ? [] : [{ [name]: memory[name] }],
    ),
    ...(memory.namespace.length > 0
      ? [{ namespace: memory.namespace }, { namespace_prefix: memory.namespace[0] }]
      : []),
    ...[...termsOf(memory.content)].map((word) => ({ content: { icontains: word } })),
    ...leavesOf(memory.metadata as Parameters<typeof leavesOf>[0]).flatMap(({ path, value }) => {
      const name = `metadata.${path}`;
      const operator = path === 'tags' ? 'contains' : 'eq';
      const words = typeof value === 'string' ? [...termsOf(value)] : [];
      return [
        { [name]: { [operator]: value } },
        ...words.map((word) => ({ [name]: { icontains: path === 'tags' ? value : word } })),
      ];
    }),
  ]);
  return [...new Map(filters.map((filter) => [JSON.stringify(filter), filter])).values()];
};

describe.each([
  ['sealed', 'true'],
  ['in clear', 'false'],
])('on rows that are %s', (_, FIELD_ENCRYPTION) => {
  let tenant: TestTenant;
  let service: InProcessService;
  let all: readonly Memory[];
  beforeAll(async () => {
    tenant = await createTestTenant();
    tenant.writePolicies(settings('keyword', CLEAR));
    service = await startInProcess(tenant, { FIELD_ENCRYPTION });
    const drafts = fc
      .sample(draft, { numRuns: 150, seed: 7 })
      .map((one, n) => (n % 10 === 0 ? { ...one, scope: 'global' } : { ...one, user_id: 'ada' }));
    const { status, body } = await service.call('POST', '/api/v1/memories', { body: { memories: drafts } });
    if (status !== 200 || body.summary.created !== drafts.length) throw new Error(JSON.stringify(body).slice(0, 500));
    all = (await service.call('GET', '/api/v1/memories?user_id=ada&limit=1000')).body.results;
  }, PATIENCE);
  afterAll(async () => {
    await service?.stop();
    await tenant?.drop();
  }, PATIENCE);

  const check = async (filter: object): Promise<number> => {
    const parsed = parseFilter(filter, { pointer: '', clearMetadata: CLEAR }) as Filter;
    const path = `/api/v1/memories?user_id=ada&limit=1000&count=true&filters=${encodeURIComponent(JSON.stringify(filter))}`;
    const { status, body } = await service.call('GET', path);
    const expected = all.filter((memory) => matchesFilter(parsed, memory)).map(({ id }) => id);
    expect({ filter, status, ids: body.results.map(({ id }: Memory) => id) }).toEqual({
      filter,
      status: 200,
      ids: expected,
    });
    expect(body.count).toBe(expected.length);
    return expected.length;
  };
  const agree = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(tree, async (filter) => void (await check(filter))),
      { numRuns, seed: 11 },
    );

  it(
    'every value and every word that is stored is found by it',
    async () => {
      for (const filter of filtersOf(all)) expect(await check(filter)).toBeGreaterThan(0);
    },
    PATIENCE,
  );

  it(
    'a list is exactly what the filter means',
    async () => {
      expect(all).toHaveLength(150);
      await agree(80);
    },
    PATIENCE,
  );

  it(
    'so it is while the settings of the index change, and without an index',
    async () => {
      const stale = async () =>
        (await service.call('GET', '/api/v1/memories?user_id=ada&limit=1&filters={"metadata.topic":"tea"}')).status;
      tenant.writePolicies(settings('off', CLEAR));
      await eventually(stale, (status) => status === 200);
      await agree(25);
      tenant.writePolicies(settings('keyword', CLEAR));
      await agree(25);
    },
    PATIENCE,
  );
});
