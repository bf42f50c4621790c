import { Ajv, type ValidateFunction } from 'ajv';
import { API_VERSION } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { withKindDefaults } from './defaults.js';
import { duplicateErrors } from './duplicates.js';
import type { FieldError } from './field-error.js';
import { checkRules } from './rules.js';
import type { Kind } from './schema/kind.js';
import { memoryTenant } from './schema/memory-tenant.js';
import { type Node, requiredOf } from './schema/node.js';
import { rootNode } from './schema/root.js';
import { explainError } from './shape-errors.js';

export { describeFieldError, type FieldError } from './field-error.js';

/**
 * Everything that is wrong with a tenant, at once, before any API server is asked: shape, unknown fields, bounds and
 * rules. With `old`, what the change itself breaks too.
 */
export const validateTenant = (object: unknown, old?: unknown): readonly FieldError[] =>
  validateKind(memoryTenant, object, old);

export const validateKind = (kind: Kind, object: unknown, old?: unknown): readonly FieldError[] => {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    return [
      { path: '', value: object, message: `is not a ${kind.kind}`, remedy: `write an object of kind ${kind.kind}` },
    ];
  }
  const root = rootNode(kind);
  const filled = withKindDefaults(kind, object as K8sObject);
  const before = old === undefined ? undefined : withKindDefaults(kind, old as K8sObject);
  const validate = compiled(kind, root);
  const shape = validate(filled) ? [] : (validate.errors ?? []).map((error) => explainError(error));
  return [...shape, ...duplicateErrors(root, filled), ...brokenRules(root, filled, before, shape.length > 0)];
};

/** A rule can't be asked of what has the wrong shape; then the shape's own errors stand alone. */
const brokenRules = (root: Node, value: unknown, old: unknown, misshapen: boolean): readonly FieldError[] => {
  try {
    return checkRules(root, value, old);
  } catch (error) {
    if (misshapen) return [];
    throw error;
  }
};

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
const RFC3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
ajv.addFormat('date-time', RFC3339);
ajv.addFormat('int32', true);
ajv.addFormat('int64', true);

const validators = new Map<string, ValidateFunction>();

const compiled = (kind: Kind, root: Node): ValidateFunction => {
  const known = validators.get(kind.kind);
  if (known !== undefined) return known;
  const schema = closedSchema({ ...root, required: ['apiVersion', 'kind', 'metadata', 'spec'] });
  const properties = schema.properties as Record<string, unknown>;
  const validate = ajv.compile({
    ...schema,
    properties: {
      ...properties,
      apiVersion: { const: API_VERSION },
      kind: { const: kind.kind },
      metadata: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    },
  });
  validators.set(kind.kind, validate);
  return validate;
};

/** The same schema with nothing else allowed beside what it names: a misspelt field is an error, not a wish unheard. */
const closedSchema = (node: Node): Record<string, unknown> => {
  const { properties, items, additionalProperties, required: _, anyOf: __, default: ___, ...plain } = node;
  return {
    ...plain,
    ...(node['x-kubernetes-int-or-string'] === true ? { type: ['integer', 'string'] } : {}),
    ...(items === undefined ? {} : { items: closedSchema(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: closedSchema(additionalProperties) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, child]) => [name, closedSchema(child)]),
          ),
          required: requiredOf(node),
          additionalProperties: false,
        }),
  };
};
