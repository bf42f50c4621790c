import {
  buildSites,
  findRule,
  findSite,
  hostOf,
  type LiveHttpRoute,
} from '../../../../operator/local/router/route-table.js';

const route = (name: string, spec: LiveHttpRoute['spec'], labels = {}): LiveHttpRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: `mem-${name}`, labels, uid: name, resourceVersion: '1' },
  spec: spec ?? {},
});
const ingress = (name: string, host: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name,
    namespace: `mem-${name}`,
    labels: { 'memplane.dev/tenant': name },
    uid: `i-${name}`,
    resourceVersion: '1',
  },
  spec: {
    rules: [
      {
        host,
        http: {
          paths: [{ pathType: 'Prefix', path: '/', backend: { service: { name: 'memory', port: { name: 'http' } } } }],
        },
      },
    ],
  },
});
const paths = (...values: readonly (readonly [string, string, string])[]) =>
  values.map(([type, value, service]) => ({
    matches: [{ path: { type, value } }],
    backendRefs: [{ name: service, port: 80 }],
  }));

describe('the route table', () => {
  const acme = route(
    'memory',
    {
      hostnames: ['Acme.example.com'],
      rules: paths(
        ['PathPrefix', '/', 'memory'],
        ['PathPrefix', '/v1/graph', 'knowledge'],
        ['Exact', '/v1/graph', 'exact'],
        ['RegularExpression', '/x.*', 'no'],
      ),
    },
    { 'memplane.dev/tenant': 'acme' },
  );

  it('knows a tenant by its label, and adds <tenant>.localhost to its hosts', () => {
    const [site] = buildSites([acme], []);
    expect(site).toMatchObject({
      tenant: 'acme',
      namespace: 'mem-memory',
      hosts: ['acme.localhost', 'acme.example.com'],
    });
  });

  it.each([
    ['/', 'memory'],
    ['/v1/memories', 'memory'],
    ['/v1/graph', 'exact'],
    ['/v1/graph/x', 'knowledge'],
    ['/v1/graphs', 'memory'],
    ['/xyz', 'memory'],
  ])('leads %s to %s: the most specific rule it understands', (path, service) => {
    const [site] = buildSites([acme], []);
    if (site === undefined) throw new Error('no site');
    expect(findRule(site, path)?.backends).toMatchObject([{ namespace: 'mem-memory', service, port: 80 }]);
  });

  it('prefers an HTTPRoute to the Ingress of the same tenant, and takes the Ingress of others', () => {
    const sites = buildSites([acme], [ingress('acme', 'acme.example.org'), ingress('globex', 'globex.example.org')]);
    expect(sites.map(({ tenant, key }) => `${tenant} ${key.split('/')[0]}`)).toEqual([
      'acme HTTPRoute',
      'globex Ingress',
    ]);
    expect(sites[1]?.rules).toMatchObject([{ backends: [{ service: 'memory', port: 'http' }] }]);
  });

  it('finds exact hosts before wildcards, and longer wildcards before shorter', () => {
    const sites = buildSites(
      [
        route('a', { hostnames: ['*.example.com'] }),
        route('b', { hostnames: ['*.eu.example.com'] }),
        route('c', { hostnames: ['x.eu.example.com'] }),
      ],
      [],
    );
    const found = ['x.eu.example.com', 'y.eu.example.com', 'y.example.com', 'example.com'].map(
      (host) => findSite(sites, host)?.namespace,
    );
    expect(found).toEqual(['mem-c', 'mem-b', 'mem-a', undefined]);
  });

  it('ignores a route without hosts and a backend of weight 0', () => {
    expect(buildSites([route('a', { rules: [] })], [])).toEqual([]);
    const [site] = buildSites(
      [
        route('a', {
          hostnames: ['a.b'],
          rules: [
            {
              backendRefs: [
                { name: 'off', port: 1, weight: 0 },
                { name: 'on', port: 1 },
              ],
            },
          ],
        }),
      ],
      [],
    );
    expect(site?.rules[0]?.backends.map(({ service }) => service)).toEqual(['on']);
  });

  it.each([
    ['ACME.localhost:8080', 'acme.localhost'],
    ['[::1]:80', '[::1]'],
    [undefined, ''],
  ])('reads the host of %s as %s', (header, host) => {
    expect(hostOf(header)).toBe(host);
  });
});
