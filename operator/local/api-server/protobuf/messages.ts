/** How a field is read. A message's name in angle brackets is a list or map of it: `Name[]`, `map`. */
export type FieldType =
  | 'string'
  | 'bool'
  | 'int'
  | 'bytes'
  | 'string[]'
  | 'map'
  | 'bytes-map'
  | 'time'
  | { readonly message: string; readonly list?: boolean };

export type Message = Readonly<Record<number, readonly [name: string, type: FieldType]>>;

const META: readonly [string, FieldType] = ['metadata', { message: 'ObjectMeta' }];

/** The few kinds that kubectl sends as protobuf when people make them by hand, and what they contain. */
export const MESSAGES: Readonly<Record<string, Message>> = {
  ObjectMeta: {
    1: ['name', 'string'],
    2: ['generateName', 'string'],
    3: ['namespace', 'string'],
    5: ['uid', 'string'],
    6: ['resourceVersion', 'string'],
    7: ['generation', 'int'],
    8: ['creationTimestamp', 'time'],
    11: ['labels', 'map'],
    12: ['annotations', 'map'],
    14: ['finalizers', 'string[]'],
  },
  Namespace: { 1: META, 2: ['spec', { message: 'NamespaceSpec' }] },
  NamespaceSpec: { 1: ['finalizers', 'string[]'] },
  ConfigMap: { 1: META, 2: ['data', 'map'], 3: ['binaryData', 'bytes-map'], 4: ['immutable', 'bool'] },
  Secret: {
    1: META,
    2: ['data', 'bytes-map'],
    3: ['type', 'string'],
    4: ['stringData', 'map'],
    5: ['immutable', 'bool'],
  },
  ServiceAccount: { 1: META, 4: ['automountServiceAccountToken', 'bool'] },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', { message: 'Preconditions' }],
    3: ['orphanDependents', 'bool'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', 'string[]'],
  },
  Preconditions: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] },
  TokenRequest: { 1: META, 2: ['spec', { message: 'TokenRequestSpec' }] },
  TokenRequestSpec: { 1: ['audiences', 'string[]'], 4: ['expirationSeconds', 'int'] },
  SelfSubjectAccessReview: { 1: META, 2: ['spec', { message: 'SelfSubjectAccessReviewSpec' }] },
  SelfSubjectAccessReviewSpec: {
    1: ['resourceAttributes', { message: 'ResourceAttributes' }],
    2: ['nonResourceAttributes', { message: 'NonResourceAttributes' }],
  },
  ResourceAttributes: {
    1: ['namespace', 'string'],
    2: ['verb', 'string'],
    3: ['group', 'string'],
    4: ['version', 'string'],
    5: ['resource', 'string'],
    6: ['subresource', 'string'],
    7: ['name', 'string'],
  },
  NonResourceAttributes: { 1: ['path', 'string'], 2: ['verb', 'string'] },
  SelfSubjectReview: { 1: META },
  SelfSubjectRulesReview: { 1: META, 2: ['spec', { message: 'SelfSubjectRulesReviewSpec' }] },
  SelfSubjectRulesReviewSpec: { 1: ['namespace', 'string'] },
  Role: { 1: META, 2: ['rules', { message: 'PolicyRule', list: true }] },
  ClusterRole: { 1: META, 2: ['rules', { message: 'PolicyRule', list: true }] },
  PolicyRule: {
    1: ['verbs', 'string[]'],
    2: ['apiGroups', 'string[]'],
    3: ['resources', 'string[]'],
    4: ['resourceNames', 'string[]'],
    5: ['nonResourceURLs', 'string[]'],
  },
  RoleBinding: { 1: META, 2: ['subjects', { message: 'Subject', list: true }], 3: ['roleRef', { message: 'RoleRef' }] },
  ClusterRoleBinding: {
    1: META,
    2: ['subjects', { message: 'Subject', list: true }],
    3: ['roleRef', { message: 'RoleRef' }],
  },
  Subject: { 1: ['kind', 'string'], 2: ['apiGroup', 'string'], 3: ['name', 'string'], 4: ['namespace', 'string'] },
  RoleRef: { 1: ['apiGroup', 'string'], 2: ['kind', 'string'], 3: ['name', 'string'] },
};
