/**
 * The words that the schemas are written in. Each makes one JSON Schema node that is at once a TypeScript type (TypeBox),
 * a structural schema of Kubernetes, and a line of the reference. Three things hold for every node: it has a
 * description, it is bounded (rules cost by what they may have to read), and a list says how it merges.
 */
import { type Static, type TObject, type TProperties, type TSchema, type TUnsafe, Type } from '@sinclair/typebox';

/** Marks a field that is stored and validated but has no effect in this version; its subtree shares the mark. */
export const ACTS = 'x-memplane-acts';
/** What a text must look like, in words: a pattern alone tells nobody what to write. */
export const EXPECTS = 'x-memplane-expects';

export interface Rule {
  /** CEL; one that names `oldSelf` is a transition rule. */
  readonly rule: string;
  /** What is wrong, naming the field. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  /** Relative to the node, as `.audit.retentionDays`. */
  readonly fieldPath?: string;
}

interface Shared<T> {
  readonly default?: T;
  readonly acts?: boolean;
  readonly rules?: readonly Rule[];
}

const shared = <T>(description: string, { default: constant, acts, rules }: Shared<T>): Record<string, unknown> => ({
  description,
  ...(constant === undefined ? {} : { default: constant }),
  ...(acts === false ? { [ACTS]: false } : {}),
  ...(rules === undefined ? {} : { 'x-kubernetes-validations': rules }),
});

export interface TextOptions extends Shared<string> {
  /** @default 1: an empty text is not "none given", leaving the field out is */
  readonly minLength?: number;
  readonly maxLength: number;
  readonly pattern?: string;
  readonly format?: 'date-time';
  /** What the pattern or format asks for, in words. */
  readonly expects?: string;
}

export const text = (description: string, options: TextOptions) =>
  Type.String({
    ...shared(description, options),
    minLength: options.minLength ?? 1,
    maxLength: options.maxLength,
    ...(options.pattern === undefined ? {} : { pattern: options.pattern }),
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.expects === undefined ? {} : { [EXPECTS]: options.expects }),
  });

export interface IntegerOptions extends Shared<number> {
  /** @default 0 */
  readonly minimum?: number;
  readonly maximum: number;
}

const INT32_MAX = 2 ** 31 - 1;
/** The largest integer that survives JSON in every client. */
export const SAFE_MAX = Number.MAX_SAFE_INTEGER;

export const integer = (description: string, options: IntegerOptions) =>
  Type.Integer({
    ...shared(description, options),
    format: options.maximum > INT32_MAX ? 'int64' : 'int32',
    minimum: options.minimum ?? 0,
    maximum: options.maximum,
  });

export const percent = (description: string, options: Shared<number> & { readonly minimum?: number } = {}) =>
  integer(description, { ...options, maximum: 100 });

export const days = (description: string, options: Shared<number> & { readonly minimum?: number } = {}) =>
  integer(description, { minimum: 1, ...options, maximum: 36_525 });

export const flag = (description: string, options: Shared<boolean> = {}) => Type.Boolean(shared(description, options));

/** A choice of literals, written as `enum`: `anyOf` is not structural. */
export const choice = <const T extends readonly string[]>(
  description: string,
  values: T,
  options: Shared<T[number]> = {},
): TUnsafe<T[number]> => Type.Unsafe<T[number]>({ ...shared(description, options), type: 'string', enum: [...values] });

type ListKind =
  | { readonly type: 'set' | 'atomic' }
  | {
      readonly type: 'map';
      /** Fields that tell one item from another; each is required or has a default. */
      readonly keys: readonly [string, ...string[]];
    };

export type ListOptions<T extends TSchema> = Shared<Static<T>[]> &
  ListKind & { readonly minItems?: number; readonly maxItems: number };

export const list = <T extends TSchema>(description: string, items: T, options: ListOptions<T>) =>
  Type.Array(items, {
    ...shared(description, options),
    ...(options.minItems === undefined ? {} : { minItems: options.minItems }),
    maxItems: options.maxItems,
    'x-kubernetes-list-type': options.type,
    ...(options.type === 'map' ? { 'x-kubernetes-list-map-keys': [...options.keys] } : {}),
  });

/** Free keys with text values: labels, annotations, selectors. */
export const dictionary = (
  description: string,
  options: Shared<Record<string, string>> & { readonly maxProperties: number; readonly maxLength: number },
) =>
  Type.Unsafe<Record<string, string>>({
    ...shared(description, options),
    type: 'object',
    additionalProperties: { type: 'string', maxLength: options.maxLength },
    maxProperties: options.maxProperties,
  });

export interface GroupOptions extends Omit<Shared<never>, 'default'> {
  /** The group is always there: its default is every default inside it, in full. */
  readonly defaulted?: boolean;
}

export const group = <P extends TProperties>(description: string, properties: P, options: GroupOptions = {}) =>
  Type.Object(properties, {
    ...shared(description, options),
    ...(options.defaulted === true ? { default: fullDefault(properties) } : {}),
  });

/** `default: {}` on an object with rules is refused by the API server: a default is written in full. */
const fullDefault = (properties: TProperties): Record<string, unknown> => {
  const required = new Set(Type.Object(properties).required ?? []);
  const filled: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(properties)) {
    if (schema.default !== undefined) filled[name] = schema.default;
    else if (required.has(name)) throw new TypeError(`"${name}" is required and has no default, so its group has none`);
  }
  return filled;
};

export const optional = Type.Optional;

/**
 * The stored shape of a schema: deeply readonly; what has a constant default is always there, the rest may be undefined.
 */
export type Stored<S extends TSchema> = Frozen<Static<S>>;

type Frozen<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : string extends keyof T
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : { readonly [K in keyof T]: Frozen<T[K]> | (Record<never, never> extends Pick<T, K> ? undefined : never) };

export type AnyGroup = TObject<TProperties>;
