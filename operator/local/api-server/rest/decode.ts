import { parse as parseYaml } from 'yaml';
import { ApiError, badRequest, unsupportedMediaType } from '../errors.js';
import { apiVersionOf, type DraftObject, isDict, isMutableDict, type MutableDict } from '../objects.js';
import { decodeProtobuf } from '../protobuf/decode.js';
import { isCustom, type Resource } from '../resources/resource.js';
import { type Nulls, withDefaults } from '../schema/defaults.js';
import { firstMismatch, normalized } from '../schema/strict-types.js';
import { pruneUnknown } from '../schema/unknown-fields.js';
import type { ResourceRequest } from './request.js';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** The body as a JSON value, whatever it was written in. */
export function decodeBody(request: ResourceRequest): unknown {
  const type = request.contentType.split(';')[0]?.trim() ?? '';
  switch (type) {
    case '':
    case 'application/json':
      return parseJson(request.body);
    case 'application/yaml':
    case 'application/apply-patch+yaml':
      return parseYamlBody(request.body);
    case PROTOBUF:
      return decodeProtobuf(request.body);
    default:
      throw unsupportedMediaType(
        `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${PROTOBUF}`,
      );
  }
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ApiError(
      400,
      'BadRequest',
      `couldn't get version/kind; json parse error: ${String(cause)}`,
      undefined,
      cause,
    );
  }
}

function parseYamlBody(body: Buffer): unknown {
  const text = body.toString('utf8');
  // Most appliers send JSON, which YAML contains and JSON.parse reads fifty times as fast.
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
    }
  }
  try {
    return parseYaml(text, { version: '1.1', maxAliasCount: 100 });
  } catch (cause) {
    throw new ApiError(400, 'BadRequest', `error decoding YAML: ${String(cause)}`, undefined, cause);
  }
}

const typeName = (resource: Resource): string =>
  `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}`;

/** The body as an object of this kind: its type checked, unknown fields refused, warned of or dropped. */
export function decodeObject(request: ResourceRequest, value: unknown): DraftObject {
  const { resource } = request;
  if (!isMutableDict(value)) throw badRequest(`${typeName(resource)}: json: the body is not an object`);
  checkKind(resource, value);
  return conform(request, value);
}

function checkKind(resource: Resource, value: MutableDict): void {
  const expected = apiVersionOf(resource.group, resource.version);
  value.apiVersion ??= expected;
  value.kind ??= resource.kind;
  if (value.apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(value.apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (value.kind !== resource.kind) {
    throw badRequest(`${String(value.kind)} in version "${resource.version}" cannot be handled as a ${resource.kind}`);
  }
}

/** What both new bodies and patched objects go through before anybody looks at them. */
export function conform(request: ResourceRequest, value: MutableDict, nulls: Nulls = 'drop'): DraftObject {
  const { resource } = request;
  const unknown: string[] = [];
  const known = pruneUnknown(value, resource.schema, '', (path) => unknown.push(`unknown field "${path}"`));
  refuseUnknown(request, unknown);
  const metadata = isDict(value.metadata) ? value.metadata : {};
  const scoped = isCustom(resource)
    ? { schema: resource.schema.properties?.metadata, at: 'metadata' }
    : { schema: resource.schema, at: '' };
  const mismatch = firstMismatch(isCustom(resource) ? metadata : known, scoped.schema, scoped.at);
  if (mismatch !== undefined) throw badRequest(`${typeName(resource)}: json: ${mismatch(resource.kind)}`);
  const cleaned = isCustom(resource) ? withDefaults(known, resource.schema, nulls) : normalized(known, resource.schema);
  const draft = { ...(cleaned as MutableDict) } as DraftObject;
  draft.metadata = { ...(normalized(draft.metadata ?? {}, resource.schema.properties?.metadata) as object) };
  return draft;
}

function refuseUnknown(request: ResourceRequest, unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  const validation = request.query.get('fieldValidation') ?? 'Warn';
  if (validation === 'Strict')
    throw badRequest(`${typeName(request.resource)}: strict decoding error: ${unknown.join(', ')}`);
  if (validation === 'Warn') request.warnings.push(...unknown);
}
