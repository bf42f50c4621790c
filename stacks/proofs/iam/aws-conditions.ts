import { wildcard } from './actions.js';
import { type Strings, stringsOf } from './aws-document.js';
import { UnknownTermError } from './truth.js';

/** What a call says of itself, by lower-case name: IAM does not mind the case of a key. */
export type Context = ReadonlyMap<string, readonly string[]>;

type Compare = (value: string, wanted: string) => boolean;
interface Operator {
  readonly compare: Compare;
  /** Negated operators are true of a key that is absent. */
  readonly negated?: true;
}

const like: Compare = (value, wanted) => wildcard(wanted).test(value);
const equal: Compare = (value, wanted) => value === wanted;
const lower: Compare = (value, wanted) => value.toLowerCase() === wanted.toLowerCase();

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: { compare: equal },
  StringNotEquals: { compare: equal, negated: true },
  StringEqualsIgnoreCase: { compare: lower },
  StringNotEqualsIgnoreCase: { compare: lower, negated: true },
  StringLike: { compare: like },
  StringNotLike: { compare: like, negated: true },
  ArnEquals: { compare: like },
  ArnLike: { compare: like },
  ArnNotEquals: { compare: like, negated: true },
  ArnNotLike: { compare: like, negated: true },
  Bool: { compare: lower },
  NumericEquals: { compare: (a, b) => Number(a) === Number(b) },
  NumericLessThan: { compare: (a, b) => Number(a) < Number(b) },
  NumericLessThanEquals: { compare: (a, b) => Number(a) <= Number(b) },
  NumericGreaterThan: { compare: (a, b) => Number(a) > Number(b) },
  NumericGreaterThanEquals: { compare: (a, b) => Number(a) >= Number(b) },
};

/** Every operator and every key of a condition must hold. */
export function conditionHolds(
  condition: Readonly<Record<string, Readonly<Record<string, Strings>>>> | undefined,
  context: Context,
  expand: (text: string) => string | undefined,
): boolean {
  return Object.entries(condition ?? {}).every(([name, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const values = stringsOf(wanted).flatMap((one) => expand(one) ?? []);
      return operatorHolds(name, values, context.get(key.toLowerCase()));
    }),
  );
}

function operatorHolds(name: string, wanted: readonly string[], values: readonly string[] | undefined): boolean {
  if (name === 'Null') return wanted.some((one) => (one === 'true') === (values === undefined));
  const [, quantifier, plain = '', ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const operator = OPERATORS[plain];
  if (operator === undefined) throw new UnknownTermError(`the operator ${name}`);
  if (values === undefined) return ifExists !== undefined || quantifier === 'ForAllValues' || operator.negated === true;
  const holds = (value: string): boolean => {
    const matches = wanted.some((one) => operator.compare(value, one));
    return operator.negated ? !matches : matches;
  };
  // Without a quantifier a key has one value; several of them would all have to hold.
  return quantifier === 'ForAnyValue' ? values.some(holds) : values.every(holds);
}
