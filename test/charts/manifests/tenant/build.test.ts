import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { stringify } from 'yaml';
import { SECRETS } from '../../../../charts/manifests/names.js';
import type { K8sObject } from '../../../../charts/manifests/object.js';
import { buildNamespaceObjects, buildTenant, buildWorkloadObjects } from '../../../../charts/manifests/tenant/build.js';
import { expectGolden } from '../../../support/golden.js';
import { identityOf, literalSecrets, only, podOf, walk } from '../../../support/manifests.js';
import { FIXTURES, MAXIMAL, MINIMAL, tenantOptions } from '../../../support/tenant-options.js';

const WALLS = [
  'Namespace mem-tiny',
  'LimitRange tenant',
  'NetworkPolicy default-deny',
  'NetworkPolicy egress-dns',
  'ServiceAccount memory',
  'ServiceAccount backup',
  'ServiceAccount restore',
  'ServiceAccount audit',
  'Role tenant-admin',
  'ClusterRole memplane-tenant-tiny',
];

describe('what a tenant is made of', () => {
  it('with the least options', () => {
    expect(buildTenant(MINIMAL).map(identityOf)).toEqual([
      ...WALLS,
      'ConfigMap memory-config',
      'Deployment memory',
      'Service memory',
    ]);
  });

  it('with all the options', () => {
    expect(buildTenant(MAXIMAL).map(identityOf)).toEqual([
      'Namespace mem-acme',
      'ResourceQuota tenant',
      'LimitRange tenant',
      'NetworkPolicy default-deny',
      'NetworkPolicy egress-dns',
      'NetworkPolicy ingress-acme-apps',
      'NetworkPolicy ingress-gateway-system',
      'NetworkPolicy ingress-monitoring',
      'NetworkPolicy egress-store-postgres-pg-a',
      'NetworkPolicy egress-store-qdrant-q-a',
      'NetworkPolicy egress-store-redis-r-a',
      'NetworkPolicy egress-cloud',
      'NetworkPolicy egress-identity',
      'NetworkPolicy egress-archive-postgres-pg-a',
      'NetworkPolicy egress-archive-identity',
      'NetworkPolicy egress-archive-bucket',
      'NetworkPolicy egress-declared-llm',
      'ServiceAccount memory',
      'ServiceAccount backup',
      'ServiceAccount restore',
      'ServiceAccount audit',
      'Role tenant-admin',
      'RoleBinding tenant-admin',
      'ClusterRole memplane-tenant-acme',
      'ClusterRoleBinding memplane-tenant-acme',
      'ConfigMap memory-config',
      'Deployment memory',
      'Service memory',
      'PodDisruptionBudget memory',
      'HorizontalPodAutoscaler memory',
      'HTTPRoute memory',
      'Ingress memory',
    ]);
  });

  it.each(FIXTURES)('%s is what was reviewed; UPDATE_GOLDEN=1 accepts a change', (name, options) => {
    const documents = buildTenant(options).map((object) =>
      stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 }),
    );
    expectGolden(`tenants/${name}.yaml`, documents.join('---\n'));
  });

  it('is walls and workload, nothing beside', () => {
    expect(buildTenant(MAXIMAL)).toEqual([...buildNamespaceObjects(MAXIMAL), ...buildWorkloadObjects(MAXIMAL)]);
  });
});

describe.each(FIXTURES)('of the %s tenant', (_, options) => {
  const objects = buildTenant(options);
  const deployment = only<Deployment>(objects, 'Deployment');
  const podLabels = deployment.spec?.template.metadata?.labels ?? {};
  const selects = (selector: Readonly<Record<string, string>> | undefined): boolean =>
    Object.entries(selector ?? { none: 'given' }).every(([key, value]) => podLabels[key] === value);

  it('every object is told apart, and carries the tenant in its labels', () => {
    expect(new Set(objects.map(identityOf)).size).toBe(objects.length);
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'memplane',
        'app.kubernetes.io/instance': options.name,
        'app.kubernetes.io/part-of': 'memplane',
        'app.kubernetes.io/managed-by': 'memplane-operator',
        'memplane.dev/tenant': options.name,
        'memplane.dev/tenant-id': options.tenantId,
      });
    }
  });

  it('everything that has a namespace is in the one of the tenant', () => {
    const clusterWide = ['Namespace', 'ClusterRole', 'ClusterRoleBinding'];
    for (const { kind, metadata } of objects) {
      expect([kind, metadata.namespace]).toEqual([kind, clusterWide.includes(kind) ? undefined : options.namespace]);
    }
  });

  it('nothing hangs on an owner reference, and no Secret is made', () => {
    expect(objects.flatMap((object) => [...walk(object)]).filter((part) => 'ownerReferences' in part)).toEqual([]);
    expect(literalSecrets(objects)).toEqual([]);
  });

  it('every selector finds the pods of the Deployment', () => {
    expect(selects(deployment.spec?.selector.matchLabels)).toBe(true);
    expect(selects(only<Service>(objects, 'Service').spec?.selector)).toBe(true);
    for (const budget of objects.filter(
      ({ kind }) => kind === 'PodDisruptionBudget',
    ) as unknown as PodDisruptionBudget[]) {
      expect(selects(budget.spec?.selector?.matchLabels)).toBe(true);
    }
  });

  it('pods refer only to accounts, configuration and Secrets that are there', () => {
    const pod = podOf(objects);
    const named = (kind: string): readonly string[] =>
      objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
    const parts = [...walk(pod)];
    expect(named('ServiceAccount')).toContain(pod.serviceAccountName);
    const secrets = parts.flatMap(({ secretKeyRef }) => (secretKeyRef as { name: string } | undefined)?.name ?? []);
    // The keys of providers are the tenant's own.
    const { embedding, extraction, memoryKeeper } = options;
    const own = [embedding, extraction, memoryKeeper].flatMap((provider) => provider?.secret?.name ?? []);
    expect([...Object.values(SECRETS), ...own]).toEqual(expect.arrayContaining(secrets));
    const maps = parts.flatMap(({ configMapRef }) => (configMapRef as { name: string } | undefined)?.name ?? []);
    expect(named('ConfigMap')).toEqual(expect.arrayContaining(maps));
  });

  it('goes over the wire as it stands: plain values, nothing undefined', () => {
    expect(JSON.parse(JSON.stringify(objects))).toEqual(objects);
    expect(objects.flatMap((object) => [...walk(object)]).flatMap(Object.values)).not.toContain(undefined);
  });

  it('is the same each time', () => {
    expect(JSON.stringify(buildTenant(options))).toBe(JSON.stringify(objects));
  });
});

describe('the check for secrets in clear', () => {
  it.each<[string, K8sObject]>([
    ['a Secret', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'b' } }],
    [
      'a variable',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, env: [{ name: 'DB_PASSWORD', value: 'x' }] },
    ],
    ['a configuration', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { DATABASE_URL: 'x' } }],
  ])('finds a planted one: %s', (_, object) => {
    expect(literalSecrets([...buildTenant(tenantOptions()), object])).toHaveLength(1);
  });
});
