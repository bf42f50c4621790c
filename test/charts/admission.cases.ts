import { OPERATOR, OPERATOR_NAMESPACE } from '../../charts/manifests/names.js';
import type { K8sObject } from '../../charts/manifests/object.js';

/** Who asks. Each is a service account; `RIGHTS` is all that editor and eraser may do. */
export type Asker = 'admin' | 'editor' | 'eraser' | 'operator';

export type AdmissionRequest =
  | { readonly verb: 'create' | 'apply' | 'delete'; readonly object: K8sObject }
  | { readonly verb: 'patch'; readonly object: K8sObject; readonly patch: unknown };

export interface AdmissionCase {
  readonly policy: string;
  readonly title: string;
  /** There before, made by an admin. */
  readonly given: readonly K8sObject[];
  readonly as: Asker;
  readonly request: AdmissionRequest;
  /** What the answer says; undefined = it passes. */
  readonly refused: RegExp | undefined;
}

const RBAC = 'rbac.authorization.k8s.io';
export const ASKERS_NAMESPACE = 'askers';

export const ACCOUNTS: Readonly<
  Record<Exclude<Asker, 'admin'>, { readonly namespace: string; readonly name: string }>
> = {
  editor: { namespace: ASKERS_NAMESPACE, name: 'editor' },
  eraser: { namespace: ASKERS_NAMESPACE, name: 'eraser' },
  operator: { namespace: OPERATOR_NAMESPACE, name: OPERATOR.serviceAccount },
};

const grant = (asker: 'editor' | 'eraser', tenantVerbs: readonly string[]): readonly K8sObject[] => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: ACCOUNTS[asker] },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: `test-${asker}` },
    rules: [
      { apiGroups: ['memplane.dev'], resources: ['memorytenants'], verbs: tenantVerbs },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', 'update', 'patch', 'delete'] },
    ],
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `test-${asker}` },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: `test-${asker}` },
    subjects: [{ kind: 'ServiceAccount', ...ACCOUNTS[asker] }],
  },
];

const EDIT = ['get', 'create', 'update', 'patch', 'delete'];

/** Applied before any case. */
export const RIGHTS: readonly K8sObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ASKERS_NAMESPACE } },
  ...grant('editor', EDIT),
  ...grant('eraser', [...EDIT, 'erase']),
];

const tenant = (name: string, spec: Readonly<Record<string, unknown>> = {}): K8sObject => ({
  apiVersion: 'memplane.dev/v1alpha1',
  kind: 'MemoryTenant',
  metadata: { name },
  spec,
});
const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): K8sObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const tenantNamespace = (tenantName: string): K8sObject =>
  namespace(`mem-${tenantName}`, { 'memplane.dev/tenant': tenantName });
const configMap = (inNamespace: string): K8sObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'memory-config', namespace: inNamespace },
  data: { LOG_LEVEL: 'info' },
});
const clusterRole = (name: string): K8sObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules: [{ apiGroups: ['memplane.dev'], resources: ['memorytenants'], resourceNames: ['acme'], verbs: ['get'] }],
});

const claim = (inNamespace: string, name: string, storageClassName?: string): K8sObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: inNamespace },
  spec: {
    ...(storageClassName === undefined ? {} : { storageClassName }),
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  },
});
const claims = (title: string, given: K8sObject, object: K8sObject, refused: RegExp | undefined): Titled => ({
  ...{ title, as: 'admin', given: [given], request: { verb: 'create', object }, refused },
});

type Titled = Omit<AdmissionCase, 'policy'>;
const of = (policy: string, cases: readonly Titled[]): readonly AdmissionCase[] =>
  cases.map((one) => ({ policy, ...one }));

const deletion = (title: string, as: Asker, object: K8sObject, refused: RegExp | undefined): Titled => ({
  title,
  as,
  given: [object],
  request: { verb: 'delete', object },
  refused,
});

export const admissionCases: readonly AdmissionCase[] = [
  ...of('memplane-prevent-deletion', [
    deletion('a tenant without the flag may be deleted', 'editor', tenant('plain'), undefined),
    deletion(
      'a tenant whose flag is false may be deleted',
      'editor',
      tenant('released', { preventDeletion: false }),
      undefined,
    ),
    deletion(
      'a protected tenant may not, and the answer names the way',
      'editor',
      tenant('guarded', { preventDeletion: true }),
      /guarded is protected: spec\.preventDeletion is true; set it to false, then delete again/,
    ),
    deletion('not even by an admin', 'admin', tenant('guarded-too', { preventDeletion: true }), /is protected/),
  ]),
  ...of('memplane-erase-right', [
    {
      title: 'who may erase may ask for it',
      as: 'eraser',
      given: [],
      request: { verb: 'create', object: tenant('erase-new', { deletionPolicy: 'Erase' }) },
      refused: undefined,
    },
    {
      title: 'who may only edit may not create a tenant that will be erased',
      as: 'editor',
      given: [],
      request: { verb: 'create', object: tenant('erase-sneaked', { deletionPolicy: 'Erase' }) },
      refused: /editor lacks the verb "erase" on MemoryTenant erase-sneaked; use Retain or Archive/,
    },
    {
      title: 'nor turn one into that',
      as: 'editor',
      given: [tenant('erase-turned')],
      request: { verb: 'patch', object: tenant('erase-turned'), patch: { spec: { deletionPolicy: 'Erase' } } },
      refused: /lacks the verb "erase" on MemoryTenant erase-turned/,
    },
    {
      title: 'but may edit one that somebody else decided about',
      as: 'editor',
      given: [tenant('erase-decided', { deletionPolicy: 'Erase' })],
      request: { verb: 'patch', object: tenant('erase-decided'), patch: { spec: { mode: 'ReadOnly' } } },
      refused: undefined,
    },
    {
      title: 'and may take the decision back',
      as: 'editor',
      given: [tenant('erase-taken-back', { deletionPolicy: 'Erase' })],
      request: { verb: 'patch', object: tenant('erase-taken-back'), patch: { spec: { deletionPolicy: 'Retain' } } },
      refused: undefined,
    },
    {
      title: 'any other policy needs no more than editing',
      as: 'editor',
      given: [],
      request: { verb: 'create', object: tenant('archived', { deletionPolicy: 'Archive' }) },
      refused: undefined,
    },
  ]),
  ...of('memplane-namespace-guard', [
    deletion("anybody with the right deletes a namespace that is nobody's", 'editor', namespace('plain'), undefined),
    deletion("the operator deletes a tenant's namespace", 'operator', tenantNamespace('teardown'), undefined),
    deletion(
      'nobody else does, and the answer names the tenant',
      'editor',
      tenantNamespace('kept'),
      /mem-kept .*belong to MemoryTenant kept; delete the MemoryTenant/,
    ),
    deletion('not even an admin', 'admin', tenantNamespace('kept-too'), /belong to MemoryTenant kept-too/),
    {
      title: 'nor does anybody take the label away first',
      as: 'editor',
      given: [tenantNamespace('stripped')],
      request: {
        verb: 'patch',
        object: tenantNamespace('stripped'),
        patch: { metadata: { labels: { 'memplane.dev/tenant': null } } },
      },
      refused: /belong to MemoryTenant stripped/,
    },
    {
      title: 'other labels are free',
      as: 'editor',
      given: [tenantNamespace('labelled')],
      request: {
        verb: 'patch',
        object: tenantNamespace('labelled'),
        patch: { metadata: { labels: { 'example.com/cost-centre': '4711' } } },
      },
      refused: undefined,
    },
  ]),
  ...of('memplane-operator-boundary', [
    {
      title: "the operator writes in a tenant's namespace",
      as: 'operator',
      given: [tenantNamespace('inside')],
      request: { verb: 'apply', object: configMap('mem-inside') },
      refused: undefined,
    },
    {
      title: 'and nowhere else',
      as: 'operator',
      given: [namespace('elsewhere')],
      request: { verb: 'apply', object: configMap('elsewhere') },
      refused: /only in namespaces that begin with mem-/,
    },
    {
      title: 'it makes namespaces of tenants',
      as: 'operator',
      given: [],
      request: { verb: 'apply', object: tenantNamespace('made') },
      refused: undefined,
    },
    {
      title: 'and no others',
      as: 'operator',
      given: [],
      request: { verb: 'apply', object: namespace('kube-backdoor') },
      refused: /only in namespaces that begin with mem-/,
    },
    deletion(
      'nor does it delete others',
      'operator',
      namespace('somebody-elses'),
      /only in namespaces that begin with mem-/,
    ),
    {
      title: 'it makes the cluster role of a tenant',
      as: 'operator',
      given: [],
      request: { verb: 'apply', object: clusterRole('memplane-tenant-acme') },
      refused: undefined,
    },
    {
      title: 'and changes no other',
      as: 'operator',
      given: [clusterRole('view-of-somebody')],
      request: { verb: 'apply', object: clusterRole('view-of-somebody') },
      refused: /only cluster roles that begin with memplane-tenant-/,
    },
    {
      title: 'others are none of its business',
      as: 'admin',
      given: [namespace('elsewhere')],
      request: { verb: 'apply', object: configMap('elsewhere') },
      refused: undefined,
    },
  ]),
  ...of('memplane-encrypted-volumes', [
    claims(
      'a store takes an encrypted volume',
      namespace('memplane-data'),
      claim('memplane-data', 'q-0', 'memplane-encrypted'),
      undefined,
    ),
    claims(
      'and no other, and the answer says which',
      namespace('memplane-data'),
      claim('memplane-data', 'q-1', 'fast'),
      /PersistentVolumeClaim q-1 would not be encrypted .*set spec\.storageClassName to memplane-encrypted/,
    ),
    claims(
      'nor whichever class is the default',
      namespace('memplane-data'),
      claim('memplane-data', 'q-2'),
      /set spec\.storageClassName to memplane-encrypted/,
    ),
    claims(
      'nor does anything in a namespace of a tenant',
      tenantNamespace('volumes'),
      claim('mem-volumes', 'cache', 'fast'),
      /set spec\.storageClassName to memplane-encrypted/,
    ),
    claims(
      'volumes of others are their own business',
      namespace('elsewhere'),
      claim('elsewhere', 'v', 'fast'),
      undefined,
    ),
  ]),
];
