import * as models from '@kubernetes/client-node';
import {
  ATOMIC_CONDITIONS,
  ATOMIC_FIELDS,
  ATOMIC_MODELS,
  isQuantityField,
  KEY_DEFAULTS,
  LIST_MAP_KEYS,
  PATCH_MERGE_KEYS,
  REQUIRED,
  SETS,
} from './model-overlays.js';
import type { Schema } from './schema.js';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

interface ModelClass {
  getAttributeTypeMap(): readonly Attribute[];
}

type Building = { -readonly [K in keyof Schema]: Schema[K] };

const catalogue = models as unknown as Readonly<Record<string, Partial<ModelClass> | undefined>>;
const built = new Map<string, Building>();

/**
 * The schema of a built-in model, by client-node's name for it (`V1Pod`). client-node is read for its metadata alone:
 * `baseName` is the field on the wire, whatever the typed models call it. Models that contain themselves refer back.
 */
export function modelSchema(model: string): Schema {
  const known = built.get(model);
  if (known !== undefined) return known;
  const attributes = catalogue[model]?.getAttributeTypeMap?.();
  if (attributes === undefined) throw new TypeError(`client-node has no model ${model}`);
  const schema: Building = { model, type: 'object' };
  built.set(model, schema);
  if (ATOMIC_MODELS.has(model)) schema['x-kubernetes-map-type'] = 'atomic';
  const required = REQUIRED[model];
  if (required !== undefined) schema.required = required;
  schema.properties = Object.fromEntries(
    attributes.map((attribute) => [attribute.baseName, attributeSchema(model, attribute)]),
  );
  return schema;
}

function attributeSchema(model: string, { baseName, type, format }: Attribute): Schema {
  const field = `${model}.${baseName}`;
  const schema = overlaid(field, model, baseName, typeSchema(type, format, isQuantityField(field)));
  return Object.hasOwn(KEY_DEFAULTS, field) ? { ...schema, default: KEY_DEFAULTS[field] } : schema;
}

function overlaid(field: string, model: string, name: string, schema: Schema): Schema {
  if (ATOMIC_FIELDS.has(field)) return { ...schema, 'x-kubernetes-map-type': 'atomic' };
  if (schema.type !== 'array') return schema;
  if (SETS.has(field)) return { ...schema, 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
  const conditions = name === 'conditions' && model.endsWith('Status') && !ATOMIC_CONDITIONS.has(model);
  const keys = LIST_MAP_KEYS[field] ?? (conditions ? ['type'] : undefined);
  const mergeKey = PATCH_MERGE_KEYS[field] ?? keys?.[0];
  return {
    ...schema,
    ...(keys === undefined ? {} : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }),
    ...(mergeKey === undefined
      ? {}
      : { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}

const ANY: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const QUANTITY: Schema = { type: 'string', format: 'quantity', 'x-kubernetes-int-or-string': true };

function typeSchema(type: string, format: string, quantity: boolean): Schema {
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) return { type: 'array', items: typeSchema(list, format, false) };
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (map !== undefined) return { type: 'object', additionalProperties: typeSchema(map, format, quantity) };
  switch (type) {
    case 'string':
      if (quantity) return QUANTITY;
      return format === '' ? { type: 'string' } : { type: 'string', format };
    case 'boolean':
      return { type: 'boolean' };
    case 'number':
      return format === 'double' ? { type: 'number', format } : { type: 'integer', format };
    case 'Date':
    case 'V1MicroTime':
      return { type: 'string', format: 'date-time', nullable: true };
    case 'IntOrString':
      return { 'x-kubernetes-int-or-string': true };
    case 'any':
    case 'object':
      return ANY;
    default:
      return modelSchema(type);
  }
}
