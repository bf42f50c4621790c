import { type FieldError, invalidField } from '../field-errors.js';
import { isDict, sameJson } from '../objects.js';
import { itemsByElementOf } from '../schema/list-items.js';
import { fieldSchema, type Schema, type ValidationRule } from '../schema/schema.js';
import { joinPath, ROOT } from '../schema/validate.js';
import { typeName } from '../schema/validate-scalar.js';
import { createEnvironment } from './environment.js';
import { toCel } from './values.js';

type Program = (context: Readonly<Record<string, unknown>>) => unknown;

const environment = createEnvironment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');
const programs = new Map<string, Program>();

/** A compiled expression; throws when it doesn't parse, or names what there is not. */
export function compileRule(expression: string): Program {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const parsed = environment.parse(expression);
  const checked = parsed.check();
  if (!checked.valid) throw checked.error ?? new Error(`${expression} does not type-check`);
  const program: Program = (context) => parsed({ ...context });
  programs.set(expression, program);
  return program;
}

export const usesOldSelf = (rule: ValidationRule): boolean => /\boldSelf\b/.test(rule.rule);

const ruled = new WeakMap<Schema, boolean>();

/** Whether there is any rule below: most branches have none, and are not walked. */
export function hasRules(schema: Schema | undefined): boolean {
  if (schema === undefined) return false;
  const known = ruled.get(schema);
  if (known !== undefined) return known;
  ruled.set(schema, false);
  const own = (schema['x-kubernetes-validations']?.length ?? 0) > 0;
  const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const found = own || below.some((child) => isDict(child) && hasRules(child as Schema));
  ruled.set(schema, found);
  return found;
}

/** Every rule that a value breaks. A rule that cannot be evaluated refuses, with the reason. */
export function validateRules(
  value: unknown,
  schema: Schema | undefined,
  path: string,
  old: unknown,
): readonly FieldError[] {
  if (schema === undefined || value === undefined || value === null || !hasRules(schema)) return [];
  return [...ownRules(value, schema, path, old), ...rulesBelow(value, schema, path, old)];
}

function ownRules(value: unknown, schema: Schema, path: string, old: unknown): readonly FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return [];
  const unchanged = old !== undefined && sameJson(value, old);
  const applicable = rules.filter((rule) =>
    usesOldSelf(rule) ? old !== undefined || rule.optionalOldSelf : !unchanged,
  );
  if (applicable.length === 0) return [];
  const self = toCel(value, schema);
  const context = old === undefined ? { self } : { self, oldSelf: toCel(old, schema) };
  const report: Report = { field: path === '' ? ROOT : path, type: schema.type ?? typeName(value) };
  return applicable.flatMap((rule) => checkRule(rule, context, report));
}

interface Report {
  readonly field: string;
  readonly type: string;
}

function checkRule(
  rule: ValidationRule,
  context: Readonly<Record<string, unknown>>,
  report: Report,
): readonly FieldError[] {
  try {
    if (compileRule(rule.rule)(context) === true) return [];
  } catch (cause) {
    const text = `${summaryOf(cause)} evaluating rule: ${rule.message ?? rule.rule.trim()}`;
    return [invalidField(report.field, report.type, text)];
  }
  const message = messageOf(rule, context);
  const field = rule.fieldPath === undefined ? report.field : appendPath(report.field, rule.fieldPath);
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return [{ reason: rule.reason, field, message: `Forbidden: ${message}` }];
    case 'FieldValueRequired':
      return [{ reason: rule.reason, field, message: `Required value: ${message}` }];
    case 'FieldValueDuplicate':
      return [{ reason: rule.reason, field, message: `Duplicate value: "${report.type}"` }];
    default:
      return [invalidField(field, report.type, message)];
  }
}

const appendPath = (field: string, relative: string): string =>
  field === ROOT ? relative.replace(/^\./, '') : `${field}${relative}`;

function messageOf(rule: ValidationRule, context: Readonly<Record<string, unknown>>): string {
  const fallback = rule.message ?? `failed rule: ${rule.rule.trim()}`;
  if (rule.messageExpression === undefined) return fallback;
  try {
    const message = compileRule(rule.messageExpression)(context);
    return typeof message === 'string' && message.trim() !== '' && !message.includes('\n') ? message : fallback;
  } catch {
    return fallback;
  }
}

/** cel-js appends the source with a marker to its messages; its summary is the sentence alone. */
export function summaryOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const summary = 'summary' in cause && typeof cause.summary === 'string' ? cause.summary : cause.message;
  return summary
    .replace(/^No such key: /, 'no such key: ')
    .replace(/^Invalid duration string: .*/s, "type conversion error from 'string' to 'google.protobuf.Duration'")
    .replace(/^found no matching overload/, 'no such overload: found no matching overload');
}

function rulesBelow(value: unknown, schema: Schema, path: string, old: unknown): readonly FieldError[] {
  if (Array.isArray(value)) {
    const previous = itemsByElementOf(schema, old);
    return value.flatMap((item, index) => validateRules(item, schema.items, `${path}[${index}]`, previous?.(item)));
  }
  if (!isDict(value)) return [];
  return Object.entries(value).flatMap(([name, entry]) =>
    validateRules(entry, fieldSchema(schema, name), joinPath(path, name), isDict(old) ? old[name] : undefined),
  );
}
