import type { ErrorObject } from 'ajv';
import { distance } from '../../runtime/nearest.js';
import type { FieldError } from './field-error.js';
import type { Node } from './schema/node.js';

/** What ajv found, in words that name the field, the value and what to write in its place. */
export const explainError = (error: ErrorObject): FieldError => {
  const path = fieldPath(error.instancePath);
  const node = (error.parentSchema ?? {}) as Node;
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'additionalProperties')
    return unknownField(path, String(params.additionalProperty), error, node);
  if (error.keyword === 'required') return missingField(path, String(params.missingProperty), node);
  return { path, value: error.data, ...wordsFor(error.keyword, params, node) };
};

type Words = Pick<FieldError, 'message' | 'remedy'>;

const wordsFor = (keyword: string, params: Readonly<Record<string, unknown>>, node: Node): Words => {
  const { limit } = params;
  switch (keyword) {
    case 'type':
      return { message: `is not of type ${[params.type].flat().join(' or ')}`, remedy: shapeRemedy(node) };
    case 'enum':
      return { message: 'is not one of the choices', remedy: `use ${(node.enum ?? []).join(', ')}` };
    case 'const':
      return { message: 'is not the expected value', remedy: `write ${String(params.allowedValue)}` };
    case 'minimum':
    case 'maximum':
      return { message: `is out of range (${keyword} ${limit})`, remedy: shapeRemedy(node) };
    case 'minLength':
      return { message: 'is empty', remedy: 'write a value, or leave the field out' };
    case 'maxLength':
      return { message: `is longer than ${limit} characters`, remedy: `shorten it to ${limit}` };
    case 'minItems':
      return { message: `has fewer than ${limit} items`, remedy: 'list at least so many, or leave the field out' };
    case 'maxItems':
    case 'maxProperties':
      return { message: `has more than ${limit} items`, remedy: `keep at most ${limit}` };
    default:
      return {
        message: 'is not written as it should be',
        remedy: `write ${node['x-memplane-expects'] ?? 'it as described'}`,
      };
  }
};

const shapeRemedy = (node: Node): string => {
  if (node['x-memplane-expects'] !== undefined) return `write ${node['x-memplane-expects']}`;
  if (node.type === 'integer') return `give a whole number from ${node.minimum} to ${node.maximum}`;
  if (node.type === 'boolean') return 'write true or false';
  if (node.enum !== undefined) return `use ${node.enum.join(', ')}`;
  if (node.properties !== undefined) return `write an object with ${Object.keys(node.properties).join(', ')}`;
  return node.type === 'array' ? 'write a list' : `write a value of type ${node.type ?? 'described'}`;
};

const missingField = (path: string, name: string, node: Node): FieldError => ({
  path: join(path, name),
  value: undefined,
  message: 'is missing',
  remedy: `set it. ${node.properties?.[name]?.description ?? ''}`.trim(),
});

const unknownField = (path: string, name: string, error: ErrorObject, node: Node): FieldError => {
  const known = Object.keys(node.properties ?? {});
  const meant = known.find((candidate) => distance(candidate.toLowerCase(), name.toLowerCase()) <= 2);
  return {
    path: join(path, name),
    value: (error.data as Readonly<Record<string, unknown>>)[name],
    message: 'is not a field that exists',
    remedy: meant === undefined ? `remove it; there are ${known.join(', ')}` : `write ${meant}`,
  };
};

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** `/spec/access/corsOrigins/0` → `spec.access.corsOrigins[0]`. */
const fieldPath = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : join(path, part)), '');
