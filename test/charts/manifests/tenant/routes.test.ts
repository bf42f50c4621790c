import type { Ingress } from 'kubernetes-types/networking/v1.js';
import { buildHttpRoute } from '../../../../charts/manifests/tenant/http-route.js';
import { buildIngress } from '../../../../charts/manifests/tenant/ingress.js';
import type { TenantOptions } from '../../../../charts/manifests/tenant/options.js';
import { MAXIMAL, MINIMAL, tenantOptions } from '../../../support/tenant-options.js';

const ingress = (gateway: Partial<TenantOptions['gateway']>): Ingress => {
  const built = buildIngress(tenantOptions({ gateway: { ...MINIMAL.gateway, ingressClassName: 'any', ...gateway } }));
  return built as unknown as Ingress;
};

describe('the way in', () => {
  it('is none while the plane names neither gateway nor class', () => {
    expect([buildHttpRoute(MINIMAL), buildIngress(MINIMAL)]).toEqual([undefined, undefined]);
  });

  it('is a route at the gateway, for every hostname', () => {
    expect(buildHttpRoute(MAXIMAL)?.spec).toEqual({
      parentRefs: [{ name: 'public', namespace: 'gateway-system', sectionName: 'https' }],
      hostnames: ['acme.memory.example.com', 'memory.acme.example'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: 'memory', port: 8283 }],
        },
      ],
    });
  });

  it('is an Ingress of whatever class, always with TLS', () => {
    expect(ingress({})).toMatchObject({
      spec: { ingressClassName: 'any', tls: [{ hosts: ['tiny.memory.example.com'] }] },
    });
    expect(ingress({}).metadata?.annotations).toBeUndefined();
  });

  it.each([
    [
      'a ClusterIssuer',
      { name: 'le', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      { 'cert-manager.io/cluster-issuer': 'le' },
    ],
    [
      'an issuer of another group',
      { name: 'pca', kind: 'AWSPCAClusterIssuer', group: 'awspca.cert-manager.io' },
      {
        'cert-manager.io/issuer': 'pca',
        'cert-manager.io/issuer-kind': 'AWSPCAClusterIssuer',
        'cert-manager.io/issuer-group': 'awspca.cert-manager.io',
      },
    ],
  ])('gets its certificate from %s', (_, issuerRef, annotations) => {
    const { metadata, spec } = ingress({ issuerRef });
    expect(metadata?.annotations).toEqual(annotations);
    expect(spec?.tls).toEqual([{ hosts: ['tiny.memory.example.com'], secretName: 'memory-tls' }]);
  });
});
