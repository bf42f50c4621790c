import type { Registry } from '../registry.js';
import type { Resource } from '../resources/resource.js';

export interface ResourcePath {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** A URL's resource; undefined when it is none that is served. */
export function parsePath(pathname: string, registry: Registry): ResourcePath | undefined {
  const parts = pathname.split('/').slice(1).map(decodeURIComponent);
  if (parts.at(-1) === '') parts.pop();
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group = '', version = '', ...rest] = core ? ['', ...parts.slice(1)] : parts.slice(1);
  return parseRest(rest, (plural) => registry.find(group, version, plural));
}

function parseRest(rest: readonly string[], find: (plural: string) => Resource | undefined): ResourcePath | undefined {
  const [first = '', second = '', third = '', ...deeper] = rest;
  if (first === 'namespaces' && rest.length >= 3) {
    const namespaces = find('namespaces');
    const own = namespaces !== undefined && (third === 'status' || namespaces.others.includes(third));
    if (own && deeper.length === 0)
      return { resource: namespaces, namespace: second, name: second, subresource: third };
    return inNamespace(second, [third, ...deeper], find);
  }
  const resource = find(first);
  if (resource === undefined || rest.length > 3) return undefined;
  if (resource.namespaced && second !== '') return undefined;
  return {
    resource,
    // Kubernetes authorises a namespace's own object in that namespace.
    namespace: resource.storage === '/namespaces' ? second : '',
    name: second,
    subresource: subresourceOf(resource, third),
  };
}

function inNamespace(
  namespace: string,
  [plural = '', name = '', subresource = '', ...deeper]: readonly string[],
  find: (plural: string) => Resource | undefined,
): ResourcePath | undefined {
  const resource = find(plural);
  if (resource === undefined || !resource.namespaced || deeper.length > 0) return undefined;
  return { resource, namespace, name, subresource: subresourceOf(resource, subresource) };
}

const UNKNOWN = '?';

/** A subresource that the kind lacks is kept apart: it is authorised by its name, then not found. */
function subresourceOf(resource: Resource, name: string): string {
  const known =
    name === '' ||
    (name === 'status' && resource.status) ||
    (name === 'scale' && resource.scale !== undefined) ||
    resource.others.includes(name);
  return known ? name : `${UNKNOWN}${name}`;
}

export const isUnknownSubresource = (subresource: string): boolean => subresource.startsWith(UNKNOWN);
