import { MASTERS } from './authentication.js';
import { HTTP_ROUTES } from './http-routes.js';
import { isDict, type KubeObject } from './objects.js';
import type { Api } from './rest/api.js';
import { decodeObject } from './rest/decode.js';
import { systemRequest } from './rest/system-request.js';
import { createObject } from './rest/write.js';

const RBAC = 'rbac.authorization.k8s.io/v1';

const role = (name: string, rules: readonly unknown[]): Manifest => ({
  apiVersion: RBAC,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
});

const binding = (name: string, group: string): Manifest => ({
  apiVersion: RBAC,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
});

const namespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

const REVIEWS = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'];
const DISCOVERY = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];

/** What every cluster has from its first moment. Kinds without a definition of their own come first, HTTPRoute as one. */
const OBJECTS: readonly Manifest[] = [
  namespace('default'),
  namespace('kube-system'),
  namespace('kube-public'),
  role('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]),
  role('system:discovery', [{ nonResourceURLs: DISCOVERY, verbs: ['get'] }]),
  role('system:basic-user', [
    { apiGroups: ['authorization.k8s.io'], resources: REVIEWS, verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  binding('cluster-admin', MASTERS),
  binding('system:discovery', 'system:authenticated'),
  binding('system:basic-user', 'system:authenticated'),
  HTTP_ROUTES,
];

function ensure(api: Api, object: Manifest): void {
  const request = systemRequest(api, 'create', object);
  const known = api.storage.get(request.resource.storage, object.metadata.namespace ?? '', object.metadata.name);
  if (known !== undefined) return;
  const copy: unknown = JSON.parse(JSON.stringify(object));
  if (isDict(copy)) createObject(api, request, decodeObject(request, copy));
}

const SERVICE_ACCOUNTS = '/serviceaccounts';

/** Makes what is missing, and from then on the `default` service account of every namespace. */
export function bootstrap(api: Api): void {
  for (const object of OBJECTS) ensure(api, object);
  const account = (within: KubeObject): void => {
    if (within.metadata.deletionTimestamp !== undefined) return;
    ensure(api, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: within.metadata.name },
    });
  };
  for (const { object } of api.storage.collection('/namespaces').list()) account(object);
  api.storage.subscribe((resource, { type, entry, previous }) => {
    if (resource === '/namespaces' && type === 'ADDED') account(entry.object);
    if (resource !== SERVICE_ACCOUNTS || type !== 'DELETED' || entry.object.metadata.name !== 'default') return;
    const owner = api.storage.get('/namespaces', '', previous?.object.metadata.namespace ?? '');
    if (owner !== undefined) account(owner);
  });
}
