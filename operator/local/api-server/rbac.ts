import { MASTERS, type User } from './authentication.js';
import { type Dict, dictsAt, type KubeObject, stringAt, stringsAt } from './objects.js';
import { storageOf } from './resources/resource.js';
import type { Storage } from './storage.js';

export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a request for no resource, such as `/version`. */
  readonly path: string;
}

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

interface Grant {
  /** undefined grants everywhere. */
  readonly namespace: string | undefined;
  readonly rules: readonly PolicyRule[];
}

const GROUP = 'rbac.authorization.k8s.io';
const ROLES = storageOf(GROUP, 'roles');
const CLUSTER_ROLES = storageOf(GROUP, 'clusterroles');
const BINDINGS = storageOf(GROUP, 'rolebindings');
const CLUSTER_BINDINGS = storageOf(GROUP, 'clusterrolebindings');
const WATCHED = new Set([ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS]);

const ruleOf = (rule: Dict): PolicyRule => ({
  verbs: stringsAt(rule, 'verbs'),
  apiGroups: stringsAt(rule, 'apiGroups'),
  resources: stringsAt(rule, 'resources'),
  resourceNames: stringsAt(rule, 'resourceNames'),
  nonResourceURLs: stringsAt(rule, 'nonResourceURLs'),
});

export const rulesOf = (role: KubeObject | Dict | undefined): readonly PolicyRule[] =>
  dictsAt(role, 'rules').map(ruleOf);

const includes = (list: readonly string[], wanted: string): boolean => list.includes('*') || list.includes(wanted);

function coversUrl(patterns: readonly string[], path: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))),
  );
}

function coversResource(rule: PolicyRule, resource: string, subresource: string): boolean {
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return includes(rule.resources, full) || (subresource !== '' && rule.resources.includes(`*/${subresource}`));
}

export function ruleAllows(rule: PolicyRule, asked: Attributes): boolean {
  if (!includes(rule.verbs, asked.verb)) return false;
  if (asked.resource === '') return coversUrl(rule.nonResourceURLs, asked.path);
  return (
    includes(rule.apiGroups, asked.group) &&
    coversResource(rule, asked.resource, asked.subresource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(asked.name))
  );
}

/** Role-based access as Kubernetes evaluates it: nothing is allowed but by a rule that is bound to the user. */
export class Authorizer {
  readonly #storage: Storage;
  #grants: Map<string, Grant[]> | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
    storage.subscribe((resource) => {
      if (WATCHED.has(resource)) this.#grants = undefined;
    });
  }

  allows(asked: Attributes): boolean {
    if (asked.user.groups.includes(MASTERS)) return true;
    return this.#grantsOf(asked.user).some(
      ({ namespace, rules }) =>
        (namespace === undefined || (asked.resource !== '' && namespace === asked.namespace)) &&
        rules.some((rule) => ruleAllows(rule, asked)),
    );
  }

  /** What the user holds in a namespace, cluster-wide grants included. */
  rulesFor(user: User, namespace: string): readonly PolicyRule[] {
    const everything = { verbs: ['*'], resourceNames: [] };
    if (user.groups.includes(MASTERS)) {
      return [
        { ...everything, apiGroups: ['*'], resources: ['*'], nonResourceURLs: [] },
        { ...everything, apiGroups: [], resources: [], nonResourceURLs: ['*'] },
      ];
    }
    return this.#grantsOf(user)
      .filter((grant) => grant.namespace === undefined || grant.namespace === namespace)
      .flatMap(({ rules }) => rules);
  }

  /** The rules that a binding would hand out. */
  rulesOfRoleRef(binding: Dict, namespace: string): readonly PolicyRule[] {
    const name = stringAt(binding, 'roleRef', 'name') ?? '';
    const role =
      stringAt(binding, 'roleRef', 'kind') === 'ClusterRole'
        ? this.#storage.get(CLUSTER_ROLES, '', name)
        : this.#storage.get(ROLES, namespace, name);
    return rulesOf(role);
  }

  #grantsOf(user: User): readonly Grant[] {
    const grants = this.#index();
    return [`user:${user.name}`, ...user.groups.map((group) => `group:${group}`)].flatMap(
      (key) => grants.get(key) ?? [],
    );
  }

  #index(): Map<string, Grant[]> {
    if (this.#grants !== undefined) return this.#grants;
    const grants = new Map<string, Grant[]>();
    for (const storage of [CLUSTER_BINDINGS, BINDINGS]) {
      for (const { object } of this.#storage.collection(storage).list()) this.#grant(grants, object);
    }
    this.#grants = grants;
    return grants;
  }

  #grant(grants: Map<string, Grant[]>, binding: KubeObject): void {
    const { namespace } = binding.metadata;
    const rules = this.rulesOfRoleRef(binding, namespace ?? '');
    for (const subject of dictsAt(binding, 'subjects')) {
      const key = subjectKey(subject, namespace);
      const known = grants.get(key);
      if (known === undefined) grants.set(key, [{ namespace, rules }]);
      else known.push({ namespace, rules });
    }
  }
}

function subjectKey(subject: Dict, namespace: string | undefined): string {
  const name = stringAt(subject, 'name') ?? '';
  switch (subject.kind) {
    case 'ServiceAccount':
      return `user:system:serviceaccount:${stringAt(subject, 'namespace') ?? namespace ?? ''}:${name}`;
    case 'Group':
      return `group:${name}`;
    default:
      return `user:${name}`;
  }
}

/** The first combination of a rule that the holder's rules don't cover, in words; undefined when all are covered. */
export function firstUncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string | undefined {
  for (const rule of wanted) {
    for (const single of singles(rule)) {
      if (!held.some((own) => covers(own, single))) return describeRule(single);
    }
  }
  return undefined;
}

function* singles(rule: PolicyRule): Generator<PolicyRule> {
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs) {
      yield { verbs: [verb], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [url] };
    }
    for (const group of rule.apiGroups) {
      for (const resource of rule.resources) {
        for (const name of rule.resourceNames.length === 0 ? [undefined] : rule.resourceNames) {
          const resourceNames = name === undefined ? [] : [name];
          yield { verbs: [verb], apiGroups: [group], resources: [resource], resourceNames, nonResourceURLs: [] };
        }
      }
    }
  }
}

function covers(own: PolicyRule, single: PolicyRule): boolean {
  const [verb = ''] = single.verbs;
  if (!includes(own.verbs, verb)) return false;
  const [url] = single.nonResourceURLs;
  if (url !== undefined) return coversUrl(own.nonResourceURLs, url);
  const [resource = '', subresource = ''] = (single.resources[0] ?? '').split('/');
  const [name] = single.resourceNames;
  return (
    includes(own.apiGroups, single.apiGroups[0] ?? '') &&
    coversResource(own, resource, subresource) &&
    (own.resourceNames.length === 0 || (name !== undefined && own.resourceNames.includes(name)))
  );
}

function describeRule(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[]): string =>
    values.length === 0 ? '' : `${name}:[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
  const parts = [
    list('APIGroups', rule.apiGroups),
    list('Resources', rule.resources),
    list('ResourceNames', rule.resourceNames),
    list('NonResourceURLs', rule.nonResourceURLs),
    list('Verbs', rule.verbs),
  ];
  return `{${parts.filter((part) => part !== '').join(', ')}}`;
}

export const describeScope = ({ user, verb, group, resource, subresource, namespace, path }: Attributes): string => {
  if (resource === '') return `User "${user.name}" cannot ${verb} path "${path}"`;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${where}`;
};
