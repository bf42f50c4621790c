import type { K8sObject } from '../../../charts/manifests/object.js';
import { KubeError, type LiveObject, type ObjectRef } from '../../../operator/clients/kube.js';
import { createResourceLookup, RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type Applier, type ApplierOptions, createApplier } from '../../../operator/runtime/apply.js';
import { KubeMemory } from '../../support/kube-memory.js';

const { resourceFor } = createResourceLookup();
const configMap = (data: Readonly<Record<string, string>>, name = 'a'): K8sObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns' },
  data,
});

let kube: KubeMemory;
/** What a reflector would know; a test moves it on with `catchUp`. */
let cache: Map<string, LiveObject>;
let applier: Applier;

const keyOf = ({ resource, name }: ObjectRef): string => `${resource.kind}/ns/${name}`;
const catchUp = (): void => {
  cache = new Map(kube.objects);
};
const open = (options: Partial<ApplierOptions> = {}): Applier =>
  createApplier({ client: kube, resourceFor, fieldManager: 'us', cached: (ref) => cache.get(keyOf(ref)), ...options });
const results = async (...desired: readonly K8sObject[]): Promise<readonly string[]> =>
  (await applier.apply(desired)).map(({ result }) => result);

beforeEach(() => {
  kube = new KubeMemory();
  cache = new Map();
  applier = open();
});

describe('applying', () => {
  it('writes what is missing, without reading it first, and nothing the second time', async () => {
    expect(await results(configMap({ a: '1' }))).toEqual(['applied']);
    catchUp();
    expect(await results(configMap({ a: '1' }))).toEqual(['unchanged']);
    expect([kube.writes, kube.reads]).toEqual([['apply ConfigMap a'], 0]);
  });

  it('writes nothing after a restart either', async () => {
    await results(configMap({ a: '1' }));
    catchUp();
    applier = open();
    expect(await results(configMap({ a: '1' }))).toEqual(['unchanged']);
  });

  it('knows the echo of its own write from what somebody else wrote', async () => {
    const [applied] = await applier.apply([configMap({ a: '1' })]);
    const ref = { resource: RESOURCES.configMaps, name: 'a', namespace: 'ns' };
    const ours = applied?.live.metadata.resourceVersion ?? '';
    expect(applier.wrote(ref, ours)).toBe(true);
    await kube.mergePatch(ref, { data: { a: 'edited' } });
    const theirs = (await kube.get(ref))?.metadata.resourceVersion ?? '';
    expect(applier.wrote(ref, theirs)).toBe(false);
    applier.forget(ref);
    expect(applier.wrote(ref, ours)).toBe(false);
  });

  it('corrects drift, and says where it was', async () => {
    await results(configMap({ a: '1' }));
    const ref = { resource: RESOURCES.configMaps, name: 'a', namespace: 'ns' };
    await kube.mergePatch(ref, { data: { a: 'edited' } });
    catchUp();
    const [applied] = await applier.apply([configMap({ a: '1' })]);
    expect(applied).toMatchObject({ result: 'applied', because: 'data.a differs' });
  });

  it('takes back a field that it no longer wants, also after a restart', async () => {
    await results(configMap({ a: '1', b: '2' }));
    catchUp();
    applier = open();
    const [applied] = await applier.apply([configMap({ a: '1' })]);
    expect(applied).toMatchObject({ result: 'applied', because: 'data.b is ours and no longer wanted' });
  });

  it("leaves other people's fields alone", async () => {
    await results(configMap({ a: '1' }));
    const ref = { resource: RESOURCES.configMaps, name: 'a', namespace: 'ns' };
    await kube.mergePatch(ref, { metadata: { annotations: { theirs: 'x' } }, data: { extra: 'y' } });
    catchUp();
    expect(await results(configMap({ a: '1' }))).toEqual(['unchanged']);
  });

  it('does not write again while the cache has not seen the write, but does for another wish', async () => {
    await results(configMap({ a: '1' }));
    catchUp();
    await results(configMap({ a: '2' }));
    expect(await results(configMap({ a: '2' }))).toEqual(['unchanged']);
    expect(await results(configMap({ a: '3' }))).toEqual(['applied']);
    expect(kube.writes).toHaveLength(3);
  });

  it('asks the server when the cache lacks what it wrote: late, or deleted by somebody?', async () => {
    await results(configMap({ a: '1' }));
    expect(await results(configMap({ a: '1' }))).toEqual(['unchanged']);
    expect(kube.reads).toBe(1);
    kube.objects.clear();
    expect(await results(configMap({ a: '1' }))).toEqual(['applied']);
  });

  it('does not fight a server that rewrites what it is sent, until somebody changes it', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'ns' },
      stringData: { k: 'v' },
    };
    kube.normalise = ({ stringData: _stringData, ...rest }) => ({ ...rest, data: { k: 'dg==' } });
    expect(await results(secret)).toEqual(['applied']);
    catchUp();
    expect(await results(secret)).toEqual(['unchanged']);
    expect(await results(secret)).toEqual(['unchanged']);
    await kube.mergePatch({ resource: RESOURCES.secrets, name: 's', namespace: 'ns' }, { data: { k: 'eA==' } });
    catchUp();
    expect(await results(secret)).toEqual(['applied']);
  });

  it('ends such a fight after one more write when status never rests', async () => {
    const desired = { ...configMap({}), spec: { cpu: '1' } };
    kube.normalise = ({ spec: _spec, ...rest }) => ({ ...rest, spec: { cpu: 'one' } });
    const ref = { resource: RESOURCES.configMaps, name: 'a', namespace: 'ns' };
    const all: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      all.push(...(await results(desired)));
      await kube.mergePatch(ref, { status: { beat: i } });
      catchUp();
    }
    expect(all).toEqual(['applied', 'applied', 'unchanged', 'unchanged', 'unchanged', 'unchanged']);
  });

  it('takes over an object that somebody else made, although it looks the same', async () => {
    await kube.create(RESOURCES.configMaps, configMap({ a: '1' }));
    catchUp();
    const [applied] = await applier.apply([configMap({ a: '1' })]);
    expect(applied).toMatchObject({ result: 'applied', because: 'not applied by us yet' });
  });

  it('stops after the first row that fails, names the object, and leaves the error readable', async () => {
    kube.before = (_verb, name) => {
      if (name === 'bad') {
        throw new KubeError({ status: 403, reason: 'Forbidden', message: 'exceeded quota', retryAfterSeconds: 3 });
      }
    };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'late', namespace: 'ns' } };
    const applying = applier.apply([deployment, configMap({}, 'bad'), configMap({}, 'good')]);
    await expect(applying).rejects.toMatchObject({
      reason: 'Forbidden',
      retryAfterSeconds: 3,
      message: 'applying ConfigMap ns/bad: exceeded quota',
    });
    expect(kube.writes).toEqual(['apply ConfigMap good']);
  });

  it('plans without writing', async () => {
    const [planned] = await applier.plan([configMap({ a: '1' })]);
    expect(planned?.because).toBe('it does not exist');
    expect(kube.writes).toEqual([]);
  });

  it('asks the server for kinds that no cache covers', async () => {
    applier = open({ cached: () => 'unknown' });
    await results(configMap({ a: '1' }));
    expect(await results(configMap({ a: '1' }))).toEqual(['unchanged']);
    expect(kube.reads).toBe(2);
  });

  it('forgets an object, or a whole namespace', async () => {
    await results(configMap({ a: '1' }), configMap({ a: '1' }, 'b'));
    applier.forget({ resource: RESOURCES.configMaps, name: 'a', namespace: 'ns' });
    applier.forget({ namespaceName: 'ns' });
    // Nothing is remembered, so the empty cache is believed and nothing is read.
    await results(configMap({ a: '1' }), configMap({ a: '1' }, 'b'));
    expect(kube.reads).toBe(0);
  });
});
