import type { User } from '../authentication.js';
import { ApiError, forbidden } from '../errors.js';
import { type Attributes, describeScope } from '../rbac.js';
import type { Api } from './api.js';
import type { ResourceRequest } from './request.js';
import { parseFieldSelector } from './selectors.js';
import { subjectOf } from './subject.js';

/** A list of one object by name counts as that object's, so that a role may name it. */
function nameFor({ verb, name, query }: ResourceRequest): string {
  if (name !== '' || (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection')) return name;
  const requirement = parseFieldSelector(query.get('fieldSelector')).find(
    ({ path, equal }) => path === 'metadata.name' && equal,
  );
  return requirement?.value ?? '';
}

export function authorizeResource(api: Api, request: ResourceRequest): void {
  const { user, verb, resource, namespace } = request;
  const attributes: Attributes = {
    user,
    verb,
    group: resource.group,
    resource: resource.plural,
    subresource: request.subresource.replace(/^\?/, ''),
    namespace,
    name: nameFor(request),
    path: '',
  };
  if (api.authorizer.allows(attributes)) return;
  throw forbidden(subjectOf(resource, attributes.name === '' ? undefined : attributes.name), describeScope(attributes));
}

export function authorize(
  api: Api,
  { user, method, pathname }: { readonly user: User; readonly method: string; readonly pathname: string },
): void {
  const verb = method.toLowerCase();
  const attributes: Attributes = {
    user,
    verb,
    group: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    path: pathname,
  };
  if (api.authorizer.allows(attributes)) return;
  throw new ApiError(403, 'Forbidden', `forbidden: ${describeScope(attributes)}`, {});
}
