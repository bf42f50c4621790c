import type { K8sObject } from '../../charts/manifests/object.js';
import { createKubeClient, type KubeHttpClient } from '../../operator/clients/kube-http.js';
import { createResourceLookup } from '../../operator/clients/kube-resources.js';
import { createApplier } from '../../operator/runtime/apply.js';
import { type ScriptedServer, sendJson, startScriptedServer, statusOf } from '../support/scripted-server.js';
import { FULL_PLANE, FULL_SPEC, tenantObjects } from '../support/tenant-objects.js';

const { resourceFor } = createResourceLookup();

/** The object that clients with typed models turn into `"ingress":[{}]`, which lets everybody in. */
const policy: K8sObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'memory-from-gateway', namespace: 'mem-acme' },
  spec: {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateway' } } }] }],
    egress: [],
  },
};

/** Field names that generators of clients rename because they are words of a language. */
const words: K8sObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'words', namespace: 'mem-acme', annotations: { 'x-kubernetes-y': 'z' } },
  data: { default: 'a', enum: 'b', from: 'c', _from: 'd', 'not-a-name': 'e', empty: '' },
};

describe('between a builder and the API server', () => {
  let server: ScriptedServer;
  let client: KubeHttpClient;

  beforeEach(async () => {
    server = await startScriptedServer(({ method, body }, response) => {
      if (method === 'GET') sendJson(response, 404, statusOf(404, 'NotFound', 'not found'));
      else
        sendJson(response, 201, {
          ...JSON.parse(body),
          metadata: { ...JSON.parse(body).metadata, uid: 'u', resourceVersion: '1' },
        });
    });
    client = await createKubeClient({ kubeconfigPath: server.kubeconfig, fieldManager: 'memplane-operator' });
  });
  afterEach(async () => {
    await client.close();
    await server.close();
  });

  const bodies = (): readonly string[] =>
    server.received.filter(({ method }) => method === 'PATCH').map(({ body }) => body);

  it.each([
    ['a NetworkPolicy with a source', policy],
    ['names that are words of a language', words],
  ])('nothing changes a byte of %s', async (_what, object) => {
    await client.apply(resourceFor(object), object);
    expect(bodies()).toEqual([JSON.stringify(object)]);
  });

  it('nothing changes a byte of any object of a tenant', async () => {
    const objects = tenantObjects('acme', FULL_SPEC, FULL_PLANE);
    const kinds = new Set(objects.map(({ kind }) => kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining(['Namespace', 'NetworkPolicy', 'Deployment', 'HTTPRoute', 'Ingress']),
    );
    for (const object of objects) await client.apply(resourceFor(object), object);
    expect(bodies()).toEqual(objects.map((object) => JSON.stringify(object)));
  });

  it('nor does the applier', async () => {
    const applier = createApplier({ client, resourceFor, fieldManager: 'memplane-operator' });
    await applier.apply([policy, words]);
    expect([...bodies()].sort()).toEqual([JSON.stringify(policy), JSON.stringify(words)].sort());
    expect(bodies().join()).toContain('"from":[{"namespaceSelector"');
  });
});
