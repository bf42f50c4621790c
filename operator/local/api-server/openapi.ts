import { createHash } from 'node:crypto';
import { type Dict, isDict, type MutableDict } from './objects.js';
import type { Registry } from './registry.js';
import { isCustom, type Resource } from './resources/resource.js';
import { modelSchema } from './schema/models.js';
import type { Schema } from './schema/schema.js';

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const pathOf = ({ group, version }: GroupVersion): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

/** The published name of a built-in model: its own, under one roof, since nobody but us resolves it. */
const modelName = (model: string): string => `io.k8s.${model}`;

const resourceName = ({ group, version, kind }: Resource): string =>
  `${group.split('.').toReversed().join('.')}.${version}.${kind}`;

/** A schema as OpenAPI: models become references, which ends recursion. */
function publish(schema: Schema, models: Set<string>, root = false): Dict {
  if (schema.model !== undefined && !root) {
    models.add(schema.model);
    return { allOf: [{ $ref: `#/components/schemas/${modelName(schema.model)}` }] };
  }
  const published: MutableDict = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'model') continue;
    if (name === 'properties' && isDict(value)) {
      published.properties = Object.fromEntries(
        Object.entries(value).map(([field, child]) => [field, publish(child as Schema, models)]),
      );
    } else if ((name === 'items' || name === 'additionalProperties') && isDict(value)) {
      published[name] = publish(value as Schema, models);
    } else published[name] = value;
  }
  if (schema['x-kubernetes-int-or-string'] === true) published.oneOf ??= [{ type: 'integer' }, { type: 'string' }];
  return published;
}

function operations(resource: Resource): Dict {
  const { group, version, kind } = resource;
  const gvk = { group, version, kind };
  const base = `/${pathOf(resource)}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  const reference = { $ref: `#/components/schemas/${schemaName(resource)}` };
  const content = { 'application/json': { schema: reference } };
  const responses = { 200: { description: 'OK', content } };
  const query = (name: string): Dict => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
  const write = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
  const operation = (action: string, parameters: readonly Dict[], body = false): Dict => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters,
    ...(body ? { requestBody: { content } } : {}),
    responses,
  });
  if (resource.virtual) return { [base]: { post: operation('post', write, true) } };
  return {
    [base]: { get: operation('list', [query('limit')]), post: operation('post', write, true) },
    [`${base}/{name}`]: {
      get: operation('get', []),
      put: operation('put', write, true),
      patch: operation('patch', [...write, query('force')], true),
      delete: operation('delete', [query('dryRun')]),
    },
  };
}

const schemaName = (resource: Resource): string =>
  isCustom(resource) ? resourceName(resource) : modelName(resource.schema.model ?? resource.kind);

function withKind(resource: Resource, schema: Dict): Dict {
  const { group, version, kind } = resource;
  return { ...schema, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}

function buildDocument(registry: Registry, wanted: GroupVersion): Dict | undefined {
  const resources = registry.all().filter((one) => one.group === wanted.group && one.version === wanted.version);
  if (resources.length === 0) return undefined;
  const models = new Set<string>(['V1DeleteOptions', 'V1Status']);
  const schemas: MutableDict = {};
  for (const resource of resources)
    schemas[schemaName(resource)] = withKind(resource, publish(resource.schema, models, true));
  // A set grows while it is walked: each model's own references are published in their turn.
  for (const model of models) schemas[modelName(model)] ??= publish(modelSchema(model), models, true);
  return {
    openapi: '3.0.0',
    info: { title: 'Memplane local cluster', version: 'v1.33' },
    paths: Object.assign({}, ...resources.map(operations)),
    components: { schemas },
  };
}

interface Published {
  readonly json: string;
  readonly hash: string;
}

/** Documents are built when somebody asks, and kept until the kinds change. */
export class OpenApi {
  readonly #registry: Registry;
  readonly #documents = new Map<string, Published | undefined>();
  #generation = -1;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  #publish(wanted: GroupVersion): Published | undefined {
    if (this.#generation !== this.#registry.generation) {
      this.#documents.clear();
      this.#generation = this.#registry.generation;
    }
    const path = pathOf(wanted);
    if (!this.#documents.has(path)) {
      const document = buildDocument(this.#registry, wanted);
      const json = JSON.stringify(document);
      const hash = document === undefined ? '' : createHash('sha256').update(json).digest('hex').toUpperCase();
      this.#documents.set(path, document === undefined ? undefined : { json, hash });
    }
    return this.#documents.get(path);
  }

  index(): string {
    const paths: MutableDict = {};
    for (const { group, version } of this.#registry.all()) {
      const path = pathOf({ group, version });
      paths[path] ??= {
        serverRelativeURL: `/openapi/v3/${path}?hash=${this.#publish({ group, version })?.hash ?? ''}`,
      };
    }
    return JSON.stringify({ paths });
  }

  document(path: string): string | undefined {
    const found = this.#registry.all().find(({ group, version }) => pathOf({ group, version }) === path);
    return found === undefined ? undefined : this.#publish(found)?.json;
  }
}
