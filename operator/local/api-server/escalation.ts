import { forbidden } from './errors.js';
import { type DraftObject, type KubeObject, sameJson, stringAt } from './objects.js';
import { firstUncovered, rulesOf } from './rbac.js';
import type { Api } from './rest/api.js';
import type { ResourceRequest } from './rest/request.js';
import { subjectOf } from './rest/subject.js';

const GROUP = 'rbac.authorization.k8s.io';

/** Nobody hands out what they don't hold, unless they may `escalate` roles or `bind` this one. */
export function guardEscalation(
  api: Api,
  request: ResourceRequest,
  draft: DraftObject,
  live: KubeObject | undefined,
): void {
  const { resource } = request;
  if (resource.group !== GROUP) return;
  const binding = resource.plural.endsWith('bindings');
  if (live !== undefined && sameJson(live.rules, draft.rules) && sameJson(live.subjects, draft.subjects)) return;
  if (mayGrant(api, request, draft, binding)) return;
  const namespace = draft.metadata.namespace ?? '';
  const wanted = binding ? api.authorizer.rulesOfRoleRef(draft, namespace) : rulesOf(draft);
  const missing = firstUncovered(api.authorizer.rulesFor(request.user, namespace), wanted);
  if (missing === undefined) return;
  const groups = request.user.groups.map((group) => JSON.stringify(group)).join(' ');
  throw forbidden(
    subjectOf(resource, draft.metadata.name),
    `user "${request.user.name}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing}`,
  );
}

function mayGrant(api: Api, request: ResourceRequest, draft: DraftObject, binding: boolean): boolean {
  const clusterRole = stringAt(draft, 'roleRef', 'kind') === 'ClusterRole';
  return api.authorizer.allows({
    user: request.user,
    verb: binding ? 'bind' : 'escalate',
    group: GROUP,
    resource: binding ? (clusterRole ? 'clusterroles' : 'roles') : request.resource.plural,
    subresource: '',
    namespace: draft.metadata.namespace ?? '',
    name: binding ? (stringAt(draft, 'roleRef', 'name') ?? '') : (draft.metadata.name ?? ''),
    path: '',
  });
}
