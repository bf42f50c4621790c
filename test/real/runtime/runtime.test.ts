import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeError, type LiveObject, type ObjectRef, type Resource } from '../../../operator/clients/kube.js';
import { createKubeClient, type KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { createResourceLookup, RESOURCES } from '../../../operator/clients/kube-resources.js';
import { type Applier, createApplier } from '../../../operator/runtime/apply.js';
import { createEventRecorder } from '../../../operator/runtime/events.js';
import { createLeaderElection } from '../../../operator/runtime/leader.js';
import { silentLog } from '../../../operator/runtime/log.js';
import { keepOwnedFields } from '../../../operator/runtime/owned-fields.js';
import { mergeConditions, patchStatus } from '../../../operator/runtime/patch-status.js';
import { prune } from '../../../operator/runtime/prune.js';
import { createReflector, type Reflector } from '../../../operator/runtime/watch.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { until } from '../../support/scripted-server.js';
import { FULL_PLANE, FULL_SPEC, tenantObjects } from '../../support/tenant-objects.js';

const MANAGER = 'memplane-operator';
const { resourceFor } = createResourceLookup();
const missing = controlPlaneMissing();
const describeReal = missing === undefined ? describe : describe.skip;
if (missing !== undefined) it.skip(missing, () => undefined);

/** A plain API server has no Gateway API. */
const known = (objects: ReturnType<typeof tenantObjects>) => objects.filter(({ kind }) => kind !== 'HTTPRoute');

describeReal('on a real API server', () => {
  let plane: ControlPlane;
  let client: KubeHttpClient;
  /** Whose lists and watches are not counted: a mirror may begin anew at any time. */
  let mirror: KubeHttpClient;
  let other: KubeHttpClient;
  let writes = 0;
  let reads = 0;

  beforeAll(async () => {
    plane = await startControlPlane();
    client = await createKubeClient({
      kubeconfigPath: plane.kubeconfig,
      fieldManager: MANAGER,
      metrics: ({ verb }) => {
        if (verb === 'get' || verb === 'list') reads += 1;
        else if (verb !== 'watch') writes += 1;
      },
    });
    mirror = await createKubeClient({ kubeconfigPath: plane.kubeconfig, fieldManager: MANAGER });
    other = await createKubeClient({ kubeconfigPath: plane.kubeconfig, fieldManager: 'somebody-else', pageSize: 7 });
    await other.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
  }, 240_000);
  afterAll(async () => {
    await client.close();
    await mirror.close();
    await other.close();
    await plane.stop();
  });

  const configMap = (name: string, data: Readonly<Record<string, string>> = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'ns' },
    data,
  });
  const configMapRef = (name: string): ObjectRef => ({ resource: RESOURCES.configMaps, name, namespace: 'ns' });
  const rejection = async (promise: Promise<unknown>): Promise<KubeError> =>
    await promise.then(
      () => {
        throw new Error('it did not fail');
      },
      (error: KubeError) => error,
    );

  describe('the client', () => {
    it('refuses a field that the kind does not have, naming it', async () => {
      const error = await rejection(client.apply(RESOURCES.configMaps, { ...configMap('strict'), dta: {} }));
      expect(error).toBeInstanceOf(KubeError);
      expect(error.message).toContain('.dta: field not declared in schema');
      const created = await rejection(client.create(RESOURCES.configMaps, { ...configMap('strict'), dta: {} }));
      expect(created.message).toContain('unknown field "dta"');
    });

    it('takes back fields that somebody else has changed', async () => {
      await client.apply(RESOURCES.configMaps, configMap('forced', { a: 'ours' }));
      await other.apply(RESOURCES.configMaps, configMap('forced', { a: 'theirs' }));
      const live = await client.apply(RESOURCES.configMaps, configMap('forced', { a: 'ours' }));
      expect(live.data).toEqual({ a: 'ours' });
    });

    it('pages through a list and gets the same as at once', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => client.apply(RESOURCES.configMaps, configMap(`page-${i}`))),
      );
      const names = async (from: KubeHttpClient) =>
        (await from.list(RESOURCES.configMaps, { namespace: 'ns' })).items.map(
          ({ kind, metadata }) => `${kind} ${metadata.name}`,
        );
      expect(await names(other)).toEqual(await names(client));
    });

    it('deletes only what it meant: uid and version must be those that were read', async () => {
      const live = await client.apply(RESOURCES.configMaps, configMap('precious', { a: '1' }));
      const { uid, resourceVersion } = live.metadata;
      const wrongUid = await rejection(client.delete(configMapRef('precious'), { uid: 'another' }));
      expect(wrongUid).toMatchObject({ status: 409, reason: 'Conflict' });
      await client.apply(RESOURCES.configMaps, configMap('precious', { a: '2' }));
      const wrongVersion = await rejection(client.delete(configMapRef('precious'), { uid, resourceVersion }));
      expect(wrongVersion).toMatchObject({ status: 409, reason: 'Conflict' });
      await client.delete(configMapRef('precious'), { uid });
      expect(await client.get(configMapRef('precious'))).toBeUndefined();
      await client.delete(configMapRef('precious'), { uid });
    });

    it('says Expired for a version of long ago', async () => {
      const watching = async () => {
        const signal = AbortSignal.timeout(60_000);
        for await (const _event of client.watch(RESOURCES.configMaps, { resourceVersion: '1' }, signal));
      };
      expect(await rejection(watching())).toMatchObject({ status: 410, reason: 'Expired' });
    });

    it('says who is not let in, and whose certificate it does not trust', async () => {
      const text = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: plane.url } }],
        users: [{ name: 'u', user: { token: 'wrong' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      });
      const path = join(plane.kubeconfig, '..', 'untrusted');
      writeFileSync(path, text);
      const untrusting = await createKubeClient({ kubeconfigPath: path, fieldManager: 'x' });
      expect((await rejection(untrusting.get(configMapRef('a')))).message).toContain(
        'its certificate is not signed by the CA in the kubeconfig',
      );
      await untrusting.close();
      const ca = Buffer.from(plane.ca).toString('base64');
      writeFileSync(path, text.replace('"server"', `"certificate-authority-data":"${ca}","server"`));
      const stranger = await createKubeClient({ kubeconfigPath: path, fieldManager: 'x' });
      expect(await rejection(stranger.get(configMapRef('a')))).toMatchObject({ status: 401, reason: 'Unauthorized' });
      await stranger.close();
    });
  });

  describe('a tenant', () => {
    const objects = known(tenantObjects('acme', FULL_SPEC, FULL_PLANE));
    const resources = [...new Map(objects.map((object) => [object.kind, resourceFor(object)])).values()];
    let reflectors: ReadonlyMap<Resource, Reflector<LiveObject>>;
    let applier: Applier;

    const openApplier = async (): Promise<void> => {
      reflectors = new Map(
        resources.map((resource) => [
          resource,
          createReflector({ client: mirror, resource, log: silentLog, trim: keepOwnedFields(MANAGER) }),
        ]),
      );
      for (const reflector of reflectors.values()) reflector.start();
      await Promise.all([...reflectors.values()].map((reflector) => reflector.synced()));
      applier = createApplier({
        client,
        resourceFor,
        fieldManager: MANAGER,
        cached: ({ resource, name, namespace }) => {
          const reflector = reflectors.get(resource);
          return reflector === undefined
            ? 'unknown'
            : reflector.get(namespace === undefined ? name : `${namespace}/${name}`);
        },
      });
    };
    const closeReflectors = async (): Promise<void> => {
      await Promise.all([...reflectors.values()].map((reflector) => reflector.stop()));
    };
    const caughtUp = async (ref: ObjectRef): Promise<void> => {
      const live = await other.get(ref);
      const key = ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
      const seen = () => reflectors.get(ref.resource)?.get(key)?.metadata.resourceVersion;
      await until(`the cache has ${key}`, () => seen() === live?.metadata.resourceVersion);
    };

    beforeAll(openApplier, 240_000);
    afterAll(closeReflectors);

    it('is made with one write an object and no read, all of them accepted by strict validation', async () => {
      const before = { writes, reads };
      const applied = await applier.apply(objects);
      expect(applied.every(({ result }) => result === 'applied')).toBe(true);
      expect(writes - before.writes).toBe(objects.length);
      expect(reads).toBe(before.reads);
    });

    it('costs no write at rest', async () => {
      for (const object of objects) {
        const { name, namespace } = object.metadata;
        await caughtUp({ resource: resourceFor(object), name, ...(namespace === undefined ? {} : { namespace }) });
      }
      const before = { writes, reads };
      const again = await applier.apply(objects);
      expect(again.filter(({ result }) => result === 'applied')).toEqual([]);
      expect({ writes, reads }).toEqual(before);
    });

    it('costs no write after a restart of the operator either', async () => {
      await closeReflectors();
      await openApplier();
      const before = writes;
      const applied = await applier.apply(objects);
      expect(
        applied.filter(({ result }) => result === 'applied').map(({ ref, because }) => [ref.resource.kind, because]),
      ).toEqual([]);
      expect(writes).toBe(before);
    });

    it('is corrected where somebody edited it, with one write, and left alone where the field is not ours', async () => {
      const deployment = { resource: RESOURCES.deployments, name: 'memory', namespace: 'mem-acme' };
      const policy = { resource: RESOURCES.networkPolicies, name: 'default-deny', namespace: 'mem-acme' };
      await other.mergePatch(deployment, { metadata: { annotations: { theirs: 'x' } } });
      await other.mergePatch(policy, { spec: { policyTypes: ['Egress'] } });
      await caughtUp(deployment);
      await caughtUp(policy);
      const before = writes;
      const applied = (await applier.apply(objects)).filter(({ result }) => result === 'applied');
      expect(applied.map(({ ref, because }) => [ref.name, because])).toEqual([
        ['default-deny', 'spec.policyTypes has 1 items instead of 2'],
      ]);
      expect(writes - before).toBe(1);
      expect((await other.get(policy))?.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
      expect((await other.get(deployment))?.metadata.annotations?.theirs).toBe('x');
    });

    it('closes a door that somebody opened in a list which we want empty', async () => {
      const closed = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'closed', namespace: 'mem-acme' },
        spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [] },
      };
      const ref = { resource: RESOURCES.networkPolicies, name: 'closed', namespace: 'mem-acme' };
      await applier.apply([closed]);
      await caughtUp(ref);
      expect(await applier.apply([closed])).toMatchObject([{ result: 'unchanged' }]);
      await other.mergePatch(ref, { spec: { ingress: [{}] } });
      await caughtUp(ref);
      expect(await applier.apply([closed])).toMatchObject([{ because: 'spec.ingress has 1 items instead of 0' }]);
      expect((await other.get(ref))?.spec).not.toHaveProperty('ingress');
    });

    it('loses what is no longer wanted, but never its Secrets', async () => {
      const labels = { 'memplane.dev/tenant': 'acme' };
      const metadata = { name: 'memory-keys', namespace: 'mem-acme', labels };
      await client.apply(RESOURCES.secrets, { apiVersion: 'v1', kind: 'Secret', metadata });
      const fewer = known(tenantObjects('acme', {}, FULL_PLANE));
      const applied = await applier.apply(fewer);
      const scope = {
        resources: [
          RESOURCES.networkPolicies,
          RESOURCES.roles,
          RESOURCES.roleBindings,
          RESOURCES.secrets,
          RESOURCES.horizontalPodAutoscalers,
        ],
        namespace: 'mem-acme',
        labels,
      };
      const deleted = await prune(
        { client },
        scope,
        applied.map(({ ref }) => ref),
      );
      const wanted = new Set(fewer.map(({ kind, metadata: { name } }) => `${kind} ${name}`));
      const gone = objects.filter(({ kind, metadata: { name } }) => !wanted.has(`${kind} ${name}`));
      expect(deleted.length).toBeGreaterThan(0);
      for (const { resource, name } of deleted)
        expect(gone.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toContain(`${resource.kind} ${name}`);
      expect(
        await client.get({ resource: RESOURCES.secrets, name: 'memory-keys', namespace: 'mem-acme' }),
      ).toBeDefined();
      expect(
        await prune(
          { client },
          scope,
          applied.map(({ ref }) => ref),
        ),
      ).toEqual([]);
    });
  });

  it('status is one patch, none when equal, and a stale writer loses', async () => {
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'budget', namespace: 'ns' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { a: 'b' } } },
    };
    const ref = { resource: RESOURCES.podDisruptionBudgets, name: 'budget', namespace: 'ns' };
    const counts = { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1 };
    const allowed = { type: 'DisruptionAllowed', status: 'False', reason: 'TooFew', message: 'm' } as const;
    const live = await client.apply(RESOURCES.podDisruptionBudgets, budget);
    const first = { ...counts, conditions: mergeConditions([], [allowed], new Date()) };
    expect(await patchStatus(client, ref, live, first)).toBe('patched');
    expect(await rejection(patchStatus(client, ref, live, { ...first, expectedPods: 2 }))).toMatchObject({
      reason: 'Conflict',
    });
    const fresh = await client.get(ref);
    if (fresh === undefined) throw new Error('no budget');
    const later = mergeConditions((fresh.status as typeof first).conditions, [allowed], new Date(0));
    expect(await patchStatus(client, ref, fresh, { ...counts, conditions: later })).toBe('unchanged');
  });

  it('takes our Events, counted', async () => {
    const about = await client.get({ resource: RESOURCES.namespaces, name: 'mem-acme' });
    if (about === undefined) throw new Error('no namespace');
    const errors: unknown[] = [];
    const log = { ...silentLog, warn: (fields: unknown) => errors.push(fields) };
    const recorder = createEventRecorder({ client, component: MANAGER, instance: 'test', log });
    const event = { type: 'Warning', reason: 'Tested', message: 'again and again' } as const;
    for (let i = 0; i < 3; i += 1) recorder.record(about, event);
    await recorder.flush();
    expect(errors).toEqual([]);
    const { items } = await client.list(RESOURCES.events, { namespace: 'default', fieldSelector: 'reason=Tested' });
    expect(items).toMatchObject([{ count: 3, message: 'again and again', involvedObject: { name: 'mem-acme' } }]);
  });

  it('lets one of two lead, and the other as soon as the first steps down', async () => {
    const leading: string[] = [];
    const candidate = (identity: string, kube: KubeHttpClient) =>
      createLeaderElection({
        client: kube,
        namespace: 'ns',
        name: 'operator',
        identity,
        onLeading: () => leading.push(identity),
        onLost: (why) => leading.push(`${identity} lost: ${why}`),
        log: silentLog,
        leaseMs: 60_000,
        renewMs: 40_000,
        retryMs: 100,
      });
    const [a, b] = [candidate('a', client), candidate('b', other)];
    a.start();
    await until('a leads', () => a.isLeader);
    b.start();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(leading).toEqual(['a']);
    await a.stop();
    // Long before the lease would be over.
    await until('b leads', () => b.isLeader, 40_000);
    await b.stop();
    expect(leading).toEqual(['a', 'b']);
  });
});
