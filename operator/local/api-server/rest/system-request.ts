import { ADMIN, type User } from '../authentication.js';
import type { Api } from './api.js';
import type { ResourceRequest } from './request.js';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A request as the system itself makes it: policies see who it is, roles are not asked. */
export function systemRequest(
  api: Api,
  verb: ResourceRequest['verb'],
  object: Named,
  user: User = ADMIN,
): ResourceRequest {
  const resource = api.registry.findKind(object.apiVersion, object.kind);
  if (resource === undefined) throw new TypeError(`${object.kind} of ${object.apiVersion} is not served`);
  return {
    verb,
    resource,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    subresource: '',
    query: new URLSearchParams(),
    user,
    userAgent: user === ADMIN ? 'kube-apiserver' : 'kube-controller-manager',
    accept: '',
    contentType: 'application/json',
    body: Buffer.alloc(0),
    warnings: [],
  };
}
