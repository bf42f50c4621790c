import { problemAt } from '../memories/plan.js';
import type { Scope } from '../memories/schema.js';

const OPERATORS: Readonly<Record<string, string>> = {
  $eq: 'eq',
  $ne: 'ne',
  $gt: 'gt',
  $gte: 'gte',
  $lt: 'lt',
  $lte: 'lte',
};

export interface Wanted {
  readonly scope: Scope;
  readonly prefix: readonly string[];
  readonly filter?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The items of one owner below a namespace, as a filter of memories: a field of the value is a field of the metadata. */
export const buildFilter = ({ scope, prefix, filter }: Wanted): object => ({
  AND: [
    { scope },
    { key: { exists: true } },
    ...(prefix.length > 0 ? [{ namespace_prefix: prefix.join('.') }] : []),
    ...Object.entries(filter ?? {}).map(([name, test]) => ({ [`metadata.${name}`]: translate(name, test) })),
  ],
});

const translate = (name: string, test: unknown): unknown => {
  if (typeof test !== 'object' || test === null || Array.isArray(test)) return test;
  return Object.fromEntries(
    Object.entries(test).map(([operator, value]) => {
      const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
      if (known === undefined) {
        const detail = `${JSON.stringify(operator.slice(0, 32))} of ${JSON.stringify(name.slice(0, 64))} is not one of ${Object.keys(OPERATORS).join(', ')}.`;
        throw problemAt('invalid_filter', '/filter', detail);
      }
      return [known, value];
    }),
  );
};
