import { compileRule, summaryOf, usesOldSelf, validateRules } from '../cel/rules.js';
import { type FieldError, forbiddenField, invalidField, requiredField } from '../field-errors.js';
import { isDict } from '../objects.js';
import type { Schema } from './schema.js';
import { pruneUnknown } from './unknown-fields.js';
import { validateSchema } from './validate.js';

interface Place {
  readonly path: string;
  /** Below a list whose items have no identity there is no old value to compare with. */
  readonly correlatable: boolean;
  readonly root: boolean;
}

/** What keeps a schema from being served: types missing, list keys that are none, rules that don't compile. */
export function structuralErrors(schema: Schema, path: string): readonly FieldError[] {
  return errorsAt(schema, { path, correlatable: true, root: true });
}

function errorsAt(schema: Schema, place: Place): readonly FieldError[] {
  return [
    ...typeErrors(schema, place),
    ...listErrors(schema, place.path),
    ...ruleErrors(schema, place),
    ...defaultErrors(schema, place.path),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
      place.root && name === 'metadata'
        ? []
        : errorsAt(child, { path: `${place.path}.properties[${name}]`, correlatable: place.correlatable, root: false }),
    ),
    ...(isDict(schema.additionalProperties)
      ? errorsAt(schema.additionalProperties as Schema, {
          path: `${place.path}.additionalProperties`,
          correlatable: place.correlatable,
          root: false,
        })
      : []),
    ...(schema.items === undefined ? [] : errorsAt(schema.items, itemPlace(schema, place))),
  ];
}

const itemPlace = (schema: Schema, { path, correlatable }: Place): Place => ({
  path: `${path}.items`,
  correlatable: correlatable && schema['x-kubernetes-list-type'] === 'map',
  root: false,
});

function typeErrors(schema: Schema, { path, root }: Place): readonly FieldError[] {
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (root && schema.type !== 'object')
    return [invalidField(`${path}.type`, schema.type ?? '', 'must be object at the root')];
  if (schema.type === undefined && !open)
    return [requiredField(`${path}.type`, 'must not be empty for specified object fields')];
  if (schema.type === 'array' && schema.items === undefined)
    return [requiredField(`${path}.items`, 'must be specified')];
  const both = schema.properties !== undefined && schema.additionalProperties !== undefined;
  return both
    ? [forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
    : [];
}

function listErrors(schema: Schema, path: string): readonly FieldError[] {
  if (schema['x-kubernetes-list-type'] !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (keys.length === 0) {
    return [requiredField(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')];
  }
  return keys.flatMap((key) => {
    const property = schema.items?.properties?.[key];
    if (property === undefined) {
      return [invalidField(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties')];
    }
    const named = schema.items?.required?.includes(key) === true || property.default !== undefined;
    if (named) return [];
    return [
      requiredField(
        `${path}.items.properties[${key}].default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    ];
  });
}

function ruleErrors(schema: Schema, { path, correlatable }: Place): readonly FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
    const field = `${path}.x-kubernetes-validations[${index}]`;
    const errors: FieldError[] = [];
    for (const [name, expression] of [
      ['rule', rule.rule],
      ['messageExpression', rule.messageExpression],
    ] as const) {
      const error = expression === undefined ? undefined : compileError(expression);
      if (error !== undefined)
        errors.push(invalidField(`${field}.${name}`, expression, `compilation failed: ${error}`));
    }
    if (!correlatable && usesOldSelf(rule)) {
      errors.push(
        invalidField(`${field}.rule`, rule.rule, 'oldSelf cannot be used on the uncorrelatable portion of the schema'),
      );
    }
    return errors;
  });
}

function compileError(expression: string): string | undefined {
  try {
    compileRule(expression);
    return undefined;
  } catch (cause) {
    return summaryOf(cause);
  }
}

/** A default is held to its own schema as it stands: what it leaves to deeper defaults is missing when its rules run. */
function defaultErrors(schema: Schema, path: string): readonly FieldError[] {
  if (schema.default === undefined) return [];
  const errors: FieldError[] = [];
  pruneUnknown(schema.default, schema, '', (unknown) => {
    errors.push(invalidField(`${path}.default`, schema.default, `must not have unknown field ${unknown}`));
  });
  if (errors.length > 0) return errors;
  const broken = validateSchema(schema.default, schema, `${path}.default`);
  if (broken.length > 0) return broken;
  if (compilable(schema)) return validateRules(schema.default, schema, `${path}.default`, undefined);
  return [];
}

const compilable = (schema: Schema): boolean =>
  (schema['x-kubernetes-validations'] ?? []).every((rule) => compileError(rule.rule) === undefined);
