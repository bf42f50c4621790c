import type { AnyGroup, Rule } from './field.js';

export interface Column {
  readonly name: string;
  readonly jsonPath: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly description: string;
  /** Only with `-o wide`. */
  readonly wide?: boolean;
}

/** Everything that is known about a kind, as data: CRD, types, defaults, validation and reference read it. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Cluster' | 'Namespaced';
  readonly description: string;
  /** Beyond the description, for the reference. */
  readonly notes: readonly string[];
  readonly columns: readonly Column[];
  readonly spec: AnyGroup;
  readonly status: AnyGroup | undefined;
  /** On the whole object: rules that need name, spec and status together. */
  readonly rules: readonly Rule[];
  /** The smallest useful object, for the reference. */
  readonly example: { readonly name: string; readonly namespace?: string; readonly spec?: unknown };
}

export const AGE: Column = {
  name: 'Age',
  jsonPath: '.metadata.creationTimestamp',
  type: 'date',
  description: 'Time since it was made.',
};

export const READY: readonly Column[] = [
  {
    name: 'Ready',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    type: 'string',
    description: 'Whether everything holds.',
  },
  {
    name: 'Reason',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    type: 'string',
    description: 'Why it does, or does not.',
  },
];

export const immutable = (kind: string): Rule => ({
  rule: 'self == oldSelf',
  message: `the spec of a ${kind} cannot change`,
  remedy: `make another ${kind}`,
  reason: 'FieldValueForbidden',
});
