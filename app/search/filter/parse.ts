import { type FieldError, Problem, problem } from '../../http/errors.js';
import { isRecord, parseJson } from '../../http/json.js';
import { buildPointer } from '../../http/json-pointer.js';
import { FIELD_NAMES, type Field, fieldOf, METADATA_PREFIX, OPERATORS, type Operator, operatorsOf } from './fields.js';
import type { Comparison, Filter, Scalar } from './tree.js';
import { readFilterValue } from './value.js';

export interface ParseOptions {
  /** Where the filter is in the request: `/filters`, `/query/filters`. */
  readonly pointer: string;
  /** Metadata keys that are kept in clear. */
  readonly clearMetadata: readonly string[];
}

/** Enough for any question that people write; more costs the database more than an answer is worth. */
export const MAX_DEPTH = 8;
export const MAX_TESTS = 100;
export const MAX_LIST = 1_000;

/**
 * Throws `invalid_filter` (400) naming what is allowed, or `sealed_field` (422) naming the metadata key that would have to be
 * in clear. `undefined` for a filter that asks for nothing: `{}`.
 */
export const parseFilter = (value: unknown, options: ParseOptions): Filter | undefined => {
  if (isRecord(value) && Object.keys(value).length === 0) return undefined;
  return new Parser(options).parse(value, [], 1);
};

/** As `parseFilter`, of JSON in a query string. */
export const parseFilterText = (text: string | undefined, options: ParseOptions): Filter | undefined => {
  if (text === undefined) return undefined;
  return parseFilter(readJson(text, options.pointer), options);
};

const readJson = (text: string, pointer: string): unknown => {
  try {
    return parseJson(Buffer.from(text, 'utf8'), 'the filter');
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause;
    const { pointer: at = '', detail = 'the filter is no JSON' } = cause.options.errors?.[0] ?? {};
    const what = at === '' ? `is not valid: ${detail}` : detail.replace(`${at} `, '');
    throw refuse(`${pointer}${at}`, what, 'Write it as JSON and percent-encode it.');
  }
};

type Path = readonly string[];
type JsonObject = Readonly<Record<string, unknown>>;

const refuse = (pointer: string, what: string, remedy: string) => {
  const detail = `${pointer} ${what}`;
  const error: FieldError = { pointer, code: 'invalid_filter', detail };
  return problem('invalid_filter', detail, { remedy, errors: [error] });
};

const FORM =
  'A filter is an object such as {"agent_id":"a","AND":[{"confidence":{"gte":0.5}},{"metadata.topic":"tea"}]}.';

class Parser {
  readonly #options: ParseOptions;
  #tests = 0;

  constructor(options: ParseOptions) {
    this.#options = options;
  }

  parse(value: unknown, path: Path, depth: number): Filter {
    if (depth > MAX_DEPTH) throw this.#refuse(path, `is nested deeper than ${MAX_DEPTH} levels`);
    if (!isRecord(value)) throw this.#refuse(path, 'must be an object', FORM);
    const entries = Object.entries(value);
    if (entries.length === 0) throw this.#refuse(path, 'is empty', FORM);
    return all(entries.flatMap(([name, operand]) => this.#parseMember(name, operand, [...path, name], depth)));
  }

  #parseMember(name: string, operand: unknown, path: Path, depth: number): readonly Filter[] {
    if (name === 'AND') return this.#parseList(operand, path, depth);
    if (name === 'OR') return [{ kind: 'any', of: this.#parseList(operand, path, depth) }];
    if (name === 'NOT') {
      // As a list: none of them.
      const of: Filter = Array.isArray(operand)
        ? { kind: 'any', of: this.#parseList(operand, path, depth) }
        : this.parse(operand, path, depth + 1);
      return [{ kind: 'not', of }];
    }
    if (name === 'metadata' && isRecord(operand)) return this.#parseMetadata(operand, path);
    return this.#parseField(name, operand, path);
  }

  #parseList(operand: unknown, path: Path, depth: number): readonly Filter[] {
    if (!Array.isArray(operand) || operand.length === 0) {
      throw this.#refuse(path, 'must be a list of at least one filter', FORM);
    }
    return operand.map((item, index) => this.parse(item, [...path, String(index)], depth + 1));
  }

  #parseMetadata(operand: JsonObject, path: Path): readonly Filter[] {
    const entries = Object.entries(operand);
    if (entries.length === 0) throw this.#refuse(path, 'is empty', FORM);
    return entries.flatMap(([key, item]) => this.#parseField(`${METADATA_PREFIX}${key}`, item, [...path, key]));
  }

  #parseField(name: string, operand: unknown, path: Path): readonly Filter[] {
    const field = fieldOf(name, this.#options.clearMetadata);
    if (!field) {
      throw this.#refuse(path, 'is not a known field', `Known are AND, OR, NOT, ${FIELD_NAMES.join(', ')}.`);
    }
    if (operand === '*') return [this.#test({ kind: 'exists', field }, path)];
    if (!isRecord(operand)) return [this.#parseTest(field, 'eq', operand, path)];
    const entries = Object.entries(operand);
    if (entries.length === 0) throw this.#refuse(path, 'names no operator', `Known are ${OPERATORS.join(', ')}.`);
    return entries.map(([operator, value]) => {
      this.#checkOperator(field, operator, [...path, operator]);
      return this.#parseTest(field, operator as Operator, value, [...path, operator]);
    });
  }

  #checkOperator(field: Field, operator: string, path: Path): void {
    const allowed: readonly string[] = operatorsOf(field);
    if (!allowed.includes(operator)) {
      const known = (OPERATORS as readonly string[]).includes(operator);
      const what = known ? `is not an operator for ${field.name}` : 'is not a known operator';
      const deeper =
        known || !field.name.startsWith('metadata.') ? '' : ` A key in it is written "${field.name}.${operator}".`;
      throw this.#refuse(path, what, `For ${field.name} use ${allowed.join(', ')}.${deeper}`);
    }
    const { storage } = field;
    if (storage.kind === 'metadata' && !storage.clear && isComparison(operator)) throw this.#sealed(field, path);
  }

  #parseTest(field: Field, operator: Operator, value: unknown, path: Path): Filter {
    if (operator === 'exists') return this.#parseExists(field, value, path);
    if (operator === 'in' || operator === 'nin') return this.#parseIn(field, operator, value, path);
    if (value === null && (operator === 'eq' || operator === 'ne')) {
      const exists = this.#test({ kind: 'exists', field }, path);
      return operator === 'eq' ? { kind: 'not', of: exists } : exists;
    }
    const read = this.#read(field, value, path);
    if (isComparison(operator)) return this.#test({ kind: 'compare', field, operator, value: read }, path);
    if (operator === 'contains' || operator === 'icontains') {
      return this.#test({ kind: 'contains', field, value: read, folded: operator === 'icontains' }, path);
    }
    const equals = this.#test({ kind: 'in', field, values: [read] }, path);
    return operator === 'ne' ? { kind: 'not', of: equals } : equals;
  }

  #parseExists(field: Field, value: unknown, path: Path): Filter {
    if (typeof value !== 'boolean') throw this.#refuse(path, 'must be true or false');
    const exists = this.#test({ kind: 'exists', field }, path);
    return value ? exists : { kind: 'not', of: exists };
  }

  #parseIn(field: Field, operator: 'in' | 'nin', value: unknown, path: Path): Filter {
    // Each outside id is one look-up.
    const most = field.storage.kind === 'entity' || field.storage.kind === 'person' ? 100 : MAX_LIST;
    if (!Array.isArray(value) || value.length === 0 || value.length > most) {
      throw this.#refuse(path, `must be a list of 1 to ${most} values`);
    }
    const values = value.map((item, index) => this.#read(field, item, [...path, String(index)]));
    const test = this.#test({ kind: 'in', field, values }, path);
    return operator === 'nin' ? { kind: 'not', of: test } : test;
  }

  #read(field: Field, value: unknown, path: Path): Scalar {
    const read = readFilterValue(field, value);
    if (read.ok) return read.value;
    throw this.#refuse(path, `must be ${read.wanted}`, `Give ${field.name} ${read.wanted}.`);
  }

  #test<T extends Filter>(test: T, path: Path): T {
    this.#tests += 1;
    if (this.#tests > MAX_TESTS) throw this.#refuse(path, `is more than the ${MAX_TESTS} tests that a filter may hold`);
    return test;
  }

  #refuse(path: Path, what: string, remedy = 'Use the fields, operators and values that docs/guides/search.md lists.') {
    return refuse(`${this.#options.pointer}${buildPointer(path)}`, what, remedy);
  }

  #sealed({ path: key }: Field, path: Path) {
    const pointer = `${this.#options.pointer}${buildPointer(path)}`;
    const detail = `The metadata key ${JSON.stringify(key.slice(0, 100))} is sealed, so it has no order to ask for.`;
    const remedy = `Add ${JSON.stringify(key.slice(0, 100))} to spec.encryption.clearMetadata of the MemoryTenant, or use eq, ne, in, nin, exists, contains.`;
    return problem('sealed_field', detail, { remedy, errors: [{ pointer, code: 'sealed_field', detail }] });
  }
}

const isComparison = (operator: string): operator is Comparison => ['gt', 'gte', 'lt', 'lte'].includes(operator);

const all = (of: readonly Filter[]): Filter => {
  const [only] = of;
  return only && of.length === 1 ? only : { kind: 'all', of };
};
