import type { ObjectRef, Resource } from './kube.js';

const groupPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** `namespace` undefined on a namespaced kind means: of all namespaces. */
export const collectionPath = (resource: Resource, namespace: string | undefined): string => {
  if (namespace !== undefined && !resource.namespaced) {
    throw new TypeError(`${resource.kind} is cluster-scoped, but namespace "${namespace}" was given`);
  }
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${groupPath(resource.apiVersion)}${scope}/${resource.plural}`;
};

export const objectPath = ({ resource, name, namespace }: ObjectRef, subresource?: string): string => {
  if (name === '') throw new TypeError(`a ${resource.kind} without a name has no path`);
  if (resource.namespaced && namespace === undefined) {
    throw new TypeError(`${resource.kind} "${name}" is namespaced, but no namespace was given`);
  }
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
};

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** On the path of every request, so without intermediate arrays. */
export const withQuery = (path: string, query: Query): string => {
  let text = path;
  let separator = '?';
  for (const key in query) {
    const value = query[key];
    if (value === undefined) continue;
    text += `${separator}${key}=${typeof value === 'string' ? encodeURIComponent(value) : value}`;
    separator = '&';
  }
  return text;
};
