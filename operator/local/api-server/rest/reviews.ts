import type { User } from '../authentication.js';
import { badRequest, methodNotAllowed } from '../errors.js';
import { type Dict, dictAt, isDict, stringAt, stringsAt } from '../objects.js';
import type { Api } from './api.js';
import { decodeBody } from './decode.js';
import type { Answer, ResourceRequest } from './request.js';

/** Reviews are questions: answered, never stored. */
export function answerReview(api: Api, request: ResourceRequest): Answer {
  if (request.verb !== 'create') throw methodNotAllowed();
  const body = decodeBody(request);
  if (!isDict(body)) throw badRequest('a review is an object with a spec');
  const { kind, group, version } = request.resource;
  const review = {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: { creationTimestamp: null },
    spec: body.spec ?? {},
  };
  return { status: 201, json: JSON.stringify({ ...review, status: statusFor(api, request, body) }) };
}

function statusFor(api: Api, request: ResourceRequest, body: Dict): Dict {
  const { user } = request;
  switch (request.resource.kind) {
    case 'SelfSubjectAccessReview':
      return { allowed: isAllowed(api, user, body) };
    case 'SubjectAccessReview':
      return { allowed: isAllowed(api, subjectOfReview(body), body) };
    case 'SelfSubjectRulesReview':
      return rulesStatus(api, user, stringAt(body, 'spec', 'namespace') ?? 'default');
    case 'SelfSubjectReview':
      return { userInfo: describe(user) };
    default:
      return tokenStatus(api, stringAt(body, 'spec', 'token') ?? '');
  }
}

const describe = ({ name, uid, groups }: User): Dict => ({ username: name, uid, groups });

const subjectOfReview = (body: Dict): User => ({
  name: stringAt(body, 'spec', 'user') ?? '',
  uid: stringAt(body, 'spec', 'uid') ?? '',
  groups: stringsAt(body, 'spec', 'groups'),
  extra: {},
});

function isAllowed(api: Api, user: User, body: Dict): boolean {
  const resource = dictAt(body, 'spec', 'resourceAttributes');
  const text = (field: string): string => stringAt(resource, field) ?? '';
  return api.authorizer.allows({
    user,
    verb: resource === undefined ? (stringAt(body, 'spec', 'nonResourceAttributes', 'verb') ?? '') : text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
    path: stringAt(body, 'spec', 'nonResourceAttributes', 'path') ?? '',
  });
}

function rulesStatus(api: Api, user: User, namespace: string): Dict {
  const rules = api.authorizer.rulesFor(user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}

function tokenStatus(api: Api, token: string): Dict {
  const user = api.authenticator.verifyToken(token);
  return user === undefined
    ? { authenticated: false, error: '[invalid bearer token]', user: {} }
    : { authenticated: true, user: describe(user), audiences: ['https://kubernetes.default.svc'] };
}
