import type { LiveObject, ObjectRef, Resource } from '../../../operator/clients/kube.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type PruneScope, prune } from '../../../operator/runtime/prune.js';
import { KubeMemory } from '../../support/kube-memory.js';

const labels = { 'app.kubernetes.io/managed-by': 'memplane-operator', 'memplane.dev/tenant': 'acme' };
const scope: PruneScope = {
  resources: [RESOURCES.configMaps, RESOURCES.secrets, RESOURCES.persistentVolumeClaims, RESOURCES.namespaces],
  namespace: 'mem-acme',
  labels,
};
let kube: KubeMemory;

const make = async (resource: Resource, name: string, metadata: object = {}): Promise<LiveObject> =>
  await kube.create(resource, {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    metadata: { name, labels, ...(resource.namespaced ? { namespace: 'mem-acme' } : {}), ...metadata },
  });
const ref = (resource: Resource, name: string): ObjectRef => ({ resource, name, namespace: 'mem-acme' });
const names = (refs: readonly ObjectRef[]): readonly string[] => refs.map(({ name }) => name);

beforeEach(() => {
  kube = new KubeMemory();
});

describe('pruning', () => {
  it('deletes what is ours and no longer wanted, and nothing else', async () => {
    await make(RESOURCES.configMaps, 'wanted');
    await make(RESOURCES.configMaps, 'unwanted');
    await make(RESOURCES.configMaps, 'theirs', { labels: { 'memplane.dev/tenant': 'acme' } });
    await make(RESOURCES.configMaps, 'elsewhere', { namespace: 'mem-globex' });
    await make(RESOURCES.configMaps, 'going', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const deleted = await prune({ client: kube }, scope, [ref(RESOURCES.configMaps, 'wanted')]);
    expect(names(deleted)).toEqual(['unwanted']);
    expect(kube.objects.size).toBe(4);
  });

  it('never deletes a namespace, a claim or a secret, unless its kind is named', async () => {
    await make(RESOURCES.secrets, 'memory-keys');
    await make(RESOURCES.persistentVolumeClaims, 'data');
    await make(RESOURCES.namespaces, 'mem-acme');
    expect(await prune({ client: kube }, scope, [])).toEqual([]);
    expect(names(await prune({ client: kube }, { ...scope, alsoKinds: ['Secret'] }, []))).toEqual(['memory-keys']);
  });

  it('leaves what another controller made from our template, but not what its owner is ours', async () => {
    const ownedBy = (uid: string) => ({ ownerReferences: [{ kind: 'Service', name: 's', uid, controller: true }] });
    await make(RESOURCES.configMaps, 'by-kubernetes', ownedBy('service-uid'));
    await make(RESOURCES.configMaps, 'by-us', ownedBy('tenant-uid'));
    expect(names(await prune({ client: kube }, { ...scope, ownerUid: 'tenant-uid' }, []))).toEqual(['by-us']);
  });

  it('is refused when the object was replaced or changed since it was read', async () => {
    const stale = await make(RESOURCES.configMaps, 'unwanted');
    await kube.mergePatch(ref(RESOURCES.configMaps, 'unwanted'), { data: { now: 'used' } });
    const cached = (resource: Resource) => (resource === RESOURCES.configMaps ? [stale] : []);
    await expect(prune({ client: kube, cached }, scope, [])).rejects.toMatchObject({
      reason: 'Conflict',
      message: 'pruning ConfigMap mem-acme/unwanted: it changed since it was read; it is looked at again',
    });
    expect(kube.objects.size).toBe(1);
  });

  it('refuses to work without a label', async () => {
    await expect(prune({ client: kube }, { ...scope, labels: {} }, [])).rejects.toThrow('at least one label');
  });
});
