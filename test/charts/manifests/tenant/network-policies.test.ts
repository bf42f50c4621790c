import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import { buildSelectorLabels } from '../../../../charts/manifests/tenant/labels.js';
import { buildNetworkPolicies } from '../../../../charts/manifests/tenant/network-policies.js';
import type { TenantOptions } from '../../../../charts/manifests/tenant/options.js';
import { only } from '../../../support/manifests.js';
import { FIXTURES, MAXIMAL, MINIMAL, tenantOptions } from '../../../support/tenant-options.js';

const build = (options: TenantOptions): readonly NetworkPolicy[] =>
  buildNetworkPolicies(options) as unknown as readonly NetworkPolicy[];
const policy = (options: TenantOptions, name: string): NonNullable<NetworkPolicy['spec']> => {
  const { spec } = only<NetworkPolicy>(buildNetworkPolicies(options), 'NetworkPolicy', name);
  if (spec === undefined) throw new Error(`${name} has no spec`);
  return spec;
};
const names = (options: TenantOptions): readonly string[] =>
  build(options).flatMap(({ metadata }) => metadata?.name ?? []);

describe('who may talk to whom', () => {
  it('nobody to nobody, before anything is allowed', () => {
    const both = ['Ingress', 'Egress'];
    const want = { podSelector: {}, policyTypes: both, ingress: [], egress: [] };
    expect(policy(MINIMAL, 'default-deny')).toEqual(want);
  });

  it.each(FIXTURES)(
    'every rule of the %s tenant names peers and ports: an empty one would allow everything',
    (_, options) => {
      for (const { spec } of build(options)) {
        for (const { from, ports } of spec?.ingress ?? []) expect([from?.length, ports?.length]).not.toContain(0);
        for (const { to, ports } of spec?.egress ?? []) expect([to?.length, ports?.length]).not.toContain(0);
        const rules = [...(spec?.ingress ?? []), ...(spec?.egress ?? [])];
        for (const rule of rules) expect(Object.values(rule)).not.toContain(undefined);
      }
    },
  );

  it('every pod asks the DNS of the cluster, over UDP and TCP', () => {
    expect(policy(MINIMAL, 'egress-dns')).toMatchObject({
      podSelector: {},
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
            { ipBlock: { cidr: '169.254.20.10/32' } },
          ],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    });
  });

  it.each(['gateway-system', 'acme-apps', 'monitoring'])('%s reaches the service and nothing else', (namespace) => {
    expect(policy(MAXIMAL, `ingress-${namespace}`)).toEqual({
      podSelector: { matchLabels: buildSelectorLabels(MAXIMAL, 'memory') },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }],
          ports: [{ protocol: 'TCP', port: 8283 }],
        },
      ],
    });
  });

  it.each([
    ['egress-store-postgres-pg-a', '10.20.0.10/32', [5432]],
    ['egress-store-qdrant-q-a', '10.20.1.0/24', [6334]],
    ['egress-store-redis-r-a', '10.20.2.10/32', [6379]],
    ['egress-declared-llm', '203.0.113.0/24', [443, 8443]],
    ['egress-identity', '169.254.170.23/32', [80]],
  ])('the service reaches %s at %s on %j', (name, cidr, ports) => {
    const { egress, policyTypes } = policy(MAXIMAL, name);
    expect(policyTypes).toEqual(['Egress']);
    expect(egress).toEqual([{ to: [{ ipBlock: { cidr } }], ports: ports.map((port) => ({ protocol: 'TCP', port })) }]);
  });

  it('a store that has only a name is open by its port, but not where clouds serve credentials', () => {
    const options = tenantOptions({ storePeers: [{ name: 'pg', cidr: undefined, port: 5432 }] });
    expect(policy(options, 'egress-store-pg').egress).toEqual([
      {
        to: [
          { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } },
          { ipBlock: { cidr: '::/0', except: ['fe80::/10'] } },
        ],
        ports: [{ protocol: 'TCP', port: 5432 }],
      },
    ]);
  });

  it.each([
    ['file', 'file:///srv/keys', undefined, undefined],
    ['aws', 's3://keys?region=eu-central-1', 's3://files?region=eu-central-1', [443]],
    ['gcp', 'gs://keys', undefined, [443]],
    ['azure', 'azure://keys?endpoint=https%3A%2F%2Facct.blob.core.windows.net', undefined, [443]],
    ['aws', 's3://keys?endpoint=https%3A%2F%2Fstore.internal%3A9000', undefined, [443, 9000]],
  ])('the service with keys of %s in %s reaches them by name', (provider, keysBucketUrl, artifactsBucketUrl, ports) => {
    const options = tenantOptions({ kms: { provider, keyId: 'k' }, keysBucketUrl, artifactsBucketUrl });
    expect(names(options).includes('egress-cloud')).toBe(ports !== undefined);
    const found = ports && policy(options, 'egress-cloud').egress?.[0]?.ports?.map(({ port }) => port);
    expect(found).toEqual(ports);
  });

  it('names do not depend on the order of the spec', () => {
    const reordered = {
      ...MAXIMAL,
      storePeers: [...MAXIMAL.storePeers].reverse(),
      egress: [...MAXIMAL.egress].reverse(),
    };
    expect([...names(reordered)].sort()).toEqual([...names(MAXIMAL)].sort());
  });

  it('a namespace that is named twice is one arrow', () => {
    const twice = tenantOptions({
      consumers: [{ namespace: 'apps', roles: ['user'] }],
      ingressFrom: [{ namespace: 'apps' }],
    });
    expect(names(twice).filter((name) => name === 'ingress-apps')).toHaveLength(1);
  });

  it("a gateway without a namespace is in the tenant's own", () => {
    const gateway = { ...MINIMAL.gateway, parentRefs: [{ name: 'own' }] };
    expect(names(tenantOptions({ gateway }))).toContain('ingress-mem-tiny');
  });
});
