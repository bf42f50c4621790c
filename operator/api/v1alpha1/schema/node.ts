import type { Rule } from './field.js';

/** What the schemas are read as by everything that walks them: plain JSON Schema, with our keywords. */
export interface Node {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly anyOf?: readonly Node[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node;
  readonly items?: Node;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-memplane-acts'?: boolean;
  readonly 'x-memplane-expects'?: string;
}

export const rulesOf = (node: Node): readonly Rule[] => node['x-kubernetes-validations'] ?? [];

/** Required of whoever writes the object: what has a default may be left out. */
export const requiredOf = ({ required = [], properties = {} }: Node): readonly string[] =>
  required.filter((name) => properties[name]?.default === undefined);
