import type { Field } from './fields.js';

export type Scalar = string | number | boolean;
export type Comparison = 'gt' | 'gte' | 'lt' | 'lte';

/**
 * A filter as it is meant, whatever way it was written: `ne` and `nin` are a `not`, `eq` is an `in` of one value, null and
 * `"*"` are about existence.
 */
export type Filter =
  | { readonly kind: 'all'; readonly of: readonly Filter[] }
  | { readonly kind: 'any'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  | Test;

export type Test =
  | { readonly kind: 'in'; readonly field: Field; readonly values: readonly Scalar[] }
  | { readonly kind: 'compare'; readonly field: Field; readonly operator: Comparison; readonly value: Scalar }
  | { readonly kind: 'contains'; readonly field: Field; readonly value: Scalar; readonly folded: boolean }
  | { readonly kind: 'exists'; readonly field: Field };

/** Every test of a filter, in the order of writing. */
export const testsOf = (filter: Filter): readonly Test[] => {
  if (filter.kind === 'all' || filter.kind === 'any') return filter.of.flatMap(testsOf);
  return filter.kind === 'not' ? testsOf(filter.of) : [filter];
};
