import { and, type Condition, or, TRUE } from '../../db/condition.js';
import type { Queryable } from '../../db/pool.js';
import { termsOf } from '../../sealing/index.js';
import type { People } from '../../tenancy/people.js';
import type { Vault } from '../../tenancy/vault.js';
import { type IndexSettings, indexMark } from '../index-mark.js';
import { exactTerm, METADATA_WORD, namespaceTerm } from '../terms.js';
import type { Storage } from './fields.js';
import { type Filter, type Scalar, type Test, testsOf } from './tree.js';

export interface CompileContext {
  readonly db: Queryable;
  readonly people: People;
  readonly vault: Vault;
  readonly settings: IndexSettings;
  /** Whose rows are looked at: search tokens differ from one slot to the next. `null`: anybody's, so tokens say nothing. */
  readonly slots: readonly number[] | null;
}

export interface CompiledFilter {
  /** Over the columns of `memories`. True for every row that the filter is true for, and unless `exact` for some others. */
  readonly condition: Condition;
  /** False: `matchesFilter` must decide, on the opened row. */
  readonly exact: boolean;
}

export const NO_FILTER: CompiledFilter = { condition: TRUE, exact: true };

/** What the database can do of a filter. It narrows what the rest of a statement lets through, and never adds to it. */
export const compileFilter = async (context: CompileContext, filter: Filter | undefined): Promise<CompiledFilter> => {
  if (!filter) return NO_FILTER;
  if (context.slots) await context.vault.prepare(context.slots);
  const refs = await resolveRefs(context, filter);
  return compile({ ...context, refs, mark: indexMark(context.settings) }, filter, true);
};

interface Compiling extends CompileContext {
  readonly refs: ReadonlyMap<Test, readonly string[]>;
  readonly mark: number;
}

/** Outside ids are looked up before there is a statement. An id that nobody has written has no reference, and no rows. */
const resolveRefs = async (
  { db, people }: CompileContext,
  filter: Filter,
): Promise<ReadonlyMap<Test, readonly string[]>> => {
  const refs = new Map<Test, readonly string[]>();
  for (const test of testsOf(filter)) {
    if (test.kind !== 'in') continue;
    const { storage } = test.field;
    const found: string[] = [];
    for (const value of test.values) {
      if (storage.kind === 'person') found.push(...[(await people.find(db, String(value)))?.ref ?? []].flat());
      if (storage.kind === 'entity') found.push(...(await people.findEntities(db, storage.entity, String(value))));
    }
    refs.set(test, found);
  }
  return refs;
};

/** Negations go down to the tests: the negation of a condition that holds too often would hold too seldom. */
const compile = (context: Compiling, filter: Filter, positive: boolean): CompiledFilter => {
  if (filter.kind === 'not') return compile(context, filter.of, !positive);
  if (filter.kind === 'all' || filter.kind === 'any') {
    const parts = filter.of.map((one) => compile(context, one, positive));
    const conditions = parts.map(({ condition }) => condition);
    const together = (filter.kind === 'all') === positive ? and : or;
    return { condition: together(conditions), exact: parts.every(({ exact }) => exact) };
  }
  const compiled = compileTest(context, filter);
  if (positive) return compiled;
  // A test of a column that is null is neither true nor false; its negation is true.
  const negated: Condition = (bind) => `((${compiled.condition(bind)}) IS NOT TRUE)`;
  return compiled.exact ? { condition: negated, exact: true } : { condition: TRUE, exact: false };
};

const exactly = (condition: Condition): CompiledFilter => ({ condition, exact: true });
const roughly = (condition: Condition): CompiledFilter => ({ condition, exact: false });
const OPENED_ROW_DECIDES = roughly(TRUE);

const compileTest = (context: Compiling, test: Test): CompiledFilter => {
  const { storage } = test.field;
  switch (storage.kind) {
    case 'person':
    case 'entity':
      return compileRef(context, storage.kind === 'person' ? 'user_ref' : storage.column, test);
    case 'key':
      return test.kind === 'exists' ? exactly(() => 'key_token IS NOT NULL') : roughly(() => 'key_token IS NOT NULL');
    case 'text':
    case 'namespace':
    case 'namespacePrefix':
      return compileSealed(context, storage, test);
    case 'metadata':
      return compileMetadata(context, storage.clear, test);
    case 'list':
      return compileList(storage.column, test);
    default:
      return compileColumn(storage, test);
  }
};

const compileRef = ({ refs }: Compiling, column: string, test: Test): CompiledFilter =>
  test.kind === 'exists'
    ? exactly(() => `${column} IS NOT NULL`)
    : exactly((bind) => `${column} = ANY (${bind(refs.get(test) ?? [])}::uuid[])`);

type ColumnStorage = Extract<Storage, { readonly column: string }>;

const compileColumn = (storage: ColumnStorage, test: Test): CompiledFilter => {
  // As clients see it: single precision has seven digits, of which six are shown.
  const column = storage.kind === 'number' ? `${storage.column}::numeric` : storage.column;
  if (test.kind === 'exists') return exactly(() => `(${storage.column}) IS NOT NULL`);
  if (test.kind === 'in') {
    return exactly(
      (bind) =>
        `(${column}) = ANY (${bind(test.values.map((value) => toColumn(storage, value)))}::${arrayOf(storage)})`,
    );
  }
  if (test.kind === 'contains') return OPENED_ROW_DECIDES;
  const { operator, value } = test;
  return exactly((bind) => `(${column}) ${SIGNS[operator]} ${bind(toColumn(storage, value))}::${typeOf(storage)}`);
};

const SIGNS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

const TYPES = {
  uuid: 'uuid',
  boolean: 'boolean',
  time: 'timestamptz',
  number: 'numeric',
  choice: 'integer',
  list: 'text',
};
const typeOf = ({ kind }: ColumnStorage): string => (kind === 'entity' ? 'uuid' : TYPES[kind]);
const arrayOf = (storage: ColumnStorage): string => `${typeOf(storage)}[]`;

const toColumn = (storage: ColumnStorage, value: Scalar): unknown => {
  if (storage.kind === 'choice') return storage.choices.indexOf(String(value));
  if (storage.kind === 'time') return new Date(value as number).toISOString();
  return storage.kind === 'number' ? String(value) : value;
};

/** Null is an empty list. */
const compileList = (column: string, test: Test): CompiledFilter =>
  test.kind === 'contains'
    ? exactly((bind) => `${bind(String(test.value))} = ANY (coalesce(${column}, '{}'))`)
    : exactly(() => `coalesce(cardinality(${column}), 0) > 0`);

type SealedStorage = Extract<Storage, { readonly kind: 'text' | 'namespace' | 'namespacePrefix' }>;

const compileSealed = (context: Compiling, storage: SealedStorage, test: Test): CompiledFilter => {
  if (test.kind === 'contains') {
    const words = storage.kind === 'text' && storage.words && typeof test.value === 'string';
    return words ? withTokens(context, [[...termsOf(String(test.value))]]) : OPENED_ROW_DECIDES;
  }
  if (test.kind !== 'in') return OPENED_ROW_DECIDES;
  if (storage.kind !== 'text')
    return withTokens(
      context,
      test.values.map((value) => [namespaceTerm(String(value))]),
    );
  if (storage.token === null) {
    return storage.words
      ? withTokens(
          context,
          test.values.map((value) => [...termsOf(String(value))]),
        )
      : OPENED_ROW_DECIDES;
  }
  const prefix = storage.token;
  return withTokens(
    context,
    test.values.map((value) => [exactTerm(prefix, value)]),
  );
};

const compileMetadata = (context: Compiling, clear: boolean, test: Test): CompiledFilter => {
  const { path } = test.field;
  if (test.kind === 'in') {
    return withTokens(
      context,
      test.values.map((value) => [exactTerm(`m.${path}`, value)]),
    );
  }
  if (test.kind === 'contains') {
    const terms =
      typeof test.value === 'string'
        ? [...termsOf(test.value)].map((term) => `${METADATA_WORD}${term}`)
        : [exactTerm(`m.${path}`, test.value)];
    return withTokens(context, [terms]);
  }
  if (test.kind !== 'compare' || !clear) return OPENED_ROW_DECIDES;
  const { operator, value } = test;
  return roughly((bind) => {
    const key = bind(path);
    const member = `clear_metadata -> ${key}::text`;
    const compared =
      typeof value === 'number'
        ? `(jsonb_typeof(${member}) = 'number' AND ${member} ${SIGNS[operator]} ${bind(String(value))}::jsonb)`
        : `(jsonb_typeof(${member}) = 'string' AND (clear_metadata ->> ${key}::text) COLLATE "C" ${SIGNS[operator]} ${bind(String(value))})`;
    return `(${compared} OR jsonb_typeof(${member}) = 'array' OR ${isStale(context.mark)})`;
  });
};

/** Whatever is stored beside such a row was made under other settings. Two ranges, so that an index finds them. */
export const isStale = (mark: number): string => `index_mark < ${mark} OR index_mark > ${mark}`;

/** Rows that have all tokens of one of the alternatives, in one of the slots; and those whose tokens are not to be trusted. */
const withTokens = (
  { vault, slots, settings, mark }: Compiling,
  alternatives: readonly (readonly string[])[],
): CompiledFilter => {
  // Without a term to look for, as when only stop words are asked for, every row is a candidate.
  if (settings.index === 'off' || !slots || alternatives.some((terms) => terms.length === 0)) return OPENED_ROW_DECIDES;
  const wanted = slots.flatMap((slot) => alternatives.map((terms) => [...vault.searchTokens(slot, terms)]));
  return roughly(
    (bind) =>
      `(${wanted.map((tokens) => `search_tokens @> ${bind(tokens)}::integer[]`).join(' OR ')} OR ${isStale(mark)})`,
  );
};
