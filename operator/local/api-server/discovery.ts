import { apiVersionOf, type Dict } from './objects.js';
import type { Registry } from './registry.js';
import type { Resource } from './resources/resource.js';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

const OTHERS: Readonly<
  Record<
    string,
    { readonly verbs: readonly string[]; readonly group: string; readonly version: string; readonly kind: string }
  >
> = {
  log: { verbs: ['get'], group: '', version: 'v1', kind: 'Pod' },
  binding: { verbs: ['create'], group: '', version: 'v1', kind: 'Binding' },
  eviction: { verbs: ['create'], group: 'policy', version: 'v1', kind: 'Eviction' },
  token: { verbs: ['create'], group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  finalize: { verbs: ['update'], group: '', version: 'v1', kind: 'Namespace' },
  scale: { verbs: SUBRESOURCE_VERBS, group: 'autoscaling', version: 'v1', kind: 'Scale' },
};

const verbsOf = (resource: Resource): readonly string[] => (resource.virtual ? ['create'] : VERBS);

interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function subresourcesOf(resource: Resource): readonly Subresource[] {
  const { group, version, kind } = resource;
  const names = [
    ...resource.others,
    ...(resource.scale === undefined ? [] : ['scale']),
    ...(resource.status ? ['status'] : []),
  ];
  return names
    .sort()
    .map((name) => ({ name, ...(OTHERS[name] ?? { verbs: SUBRESOURCE_VERBS, group, version, kind }) }));
}

/** `/api/v1`, `/apis/<group>/<version>`. */
export function buildResourceList(registry: Registry, group: string, version: string): Dict | undefined {
  const resources = registry.all().filter((one) => one.group === group && one.version === version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: resources.flatMap((resource) => [plainResource(resource), ...plainSubresources(resource)]),
  };
}

const plainResource = (resource: Resource): Dict => ({
  name: resource.plural,
  singularName: resource.singular,
  namespaced: resource.namespaced,
  kind: resource.kind,
  verbs: verbsOf(resource),
  ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
  ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
});

const plainSubresources = (resource: Resource): readonly Dict[] =>
  subresourcesOf(resource).map(({ name, verbs, group, version, kind }) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(group === resource.group && version === resource.version ? {} : { group, version }),
    kind,
    verbs,
  }));

function aggregatedResource(resource: Resource): Dict {
  const { group, version, kind } = resource;
  const subresources = subresourcesOf(resource).map((one) => ({
    subresource: one.name,
    responseKind: { group: one.group, version: one.version, kind: one.kind },
    verbs: one.verbs,
  }));
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: verbsOf(resource),
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** Groups and their versions, in the order in which they were registered: built-in first. */
function groupsOf(registry: Registry): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, version } of registry.all()) {
    const versions = groups.get(group);
    if (versions === undefined) groups.set(group, [version]);
    else if (!versions.includes(version)) versions.push(version);
  }
  return groups;
}

/** The form that kubectl asks for first: everything in one answer. */
export function buildAggregated(registry: Registry, core: boolean): Dict {
  const groups = [...groupsOf(registry)].filter(([group]) => (group === '') === core);
  const resources = registry.all();
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        freshness: 'Current',
        resources: resources.filter((one) => one.group === group && one.version === version).map(aggregatedResource),
      })),
    })),
  };
}

function plainGroup(group: string, versions: readonly string[]): Dict {
  const list = versions.map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

export const buildGroupList = (registry: Registry): Dict => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [...groupsOf(registry)]
    .filter(([group]) => group !== '')
    .map(([group, versions]) => plainGroup(group, versions)),
});

export function buildGroup(registry: Registry, group: string): Dict | undefined {
  const versions = groupsOf(registry).get(group);
  return versions === undefined || group === ''
    ? undefined
    : { kind: 'APIGroup', apiVersion: 'v1', ...plainGroup(group, versions) };
}

export const buildCoreVersions = (address: string): Dict => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});
