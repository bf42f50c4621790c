import { isDict } from '../objects.js';

/**
 * The one description of a kind's fields that everything reads: validation, pruning, defaults, apply, patches and the
 * published OpenAPI. Custom kinds bring it in their definition; for built-in kinds `models.ts` derives it.
 */
export interface Schema {
  /** The name under which a built-in model is published; recursion ends there. */
  readonly model?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly title?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
}

export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/**
 * How a value merges: `scalar` and `atomic` as a whole, `struct` and `map` field by field, `list-map` and `set` item by
 * item, `untyped` by what the value turns out to be.
 */
export type Shape = 'scalar' | 'atomic' | 'struct' | 'map' | 'list-map' | 'set' | 'untyped';

const shapes = new WeakMap<Schema, Shape>();

export function shapeOf(schema: Schema | undefined): Shape {
  if (schema === undefined) return 'untyped';
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = computeShape(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

function computeShape(schema: Schema): Shape {
  if (schema['x-kubernetes-int-or-string'] === true) return 'scalar';
  if (schema['x-kubernetes-map-type'] === 'atomic') return 'atomic';
  if (schema.properties !== undefined) return 'struct';
  if (isDict(schema.additionalProperties)) return 'map';
  if (schema.type === 'array') return listShape(schema);
  if (schema.type === undefined || schema.type === 'object') return 'untyped';
  return 'scalar';
}

function listShape(schema: Schema): Shape {
  switch (schema['x-kubernetes-list-type']) {
    case 'map':
      return 'list-map';
    case 'set':
      return 'set';
    default:
      return 'atomic';
  }
}

/** The shape that counts for this value: without a schema, objects merge by field and lists are whole. */
export function shapeFor(schema: Schema | undefined, value: unknown): Shape {
  const shape = shapeOf(schema);
  if (shape !== 'untyped') return shape;
  if (Array.isArray(value)) return 'atomic';
  return isDict(value) ? 'map' : 'scalar';
}

/** The schema of a field; undefined where any value goes. */
export function fieldSchema(schema: Schema | undefined, field: string): Schema | undefined {
  const own = schema?.properties;
  if (own !== undefined && Object.hasOwn(own, field)) return own[field];
  const additional = schema?.additionalProperties;
  return isDict(additional) ? (additional as Schema) : undefined;
}

export const isNamedField = (schema: Schema | undefined, field: string): boolean =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, field);

/** Whether a field that the schema doesn't name may be there. */
export function allowsUnknown(schema: Schema | undefined): boolean {
  if (schema === undefined) return true;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) return true;
  return schema.properties === undefined && schema.type === undefined;
}
