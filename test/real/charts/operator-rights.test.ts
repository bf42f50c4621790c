import { FIELD_MANAGER, OPERATOR, OPERATOR_NAMESPACE, SECRETS } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildPlatform } from '../../../charts/manifests/platform/build.js';
import { buildTenant } from '../../../charts/manifests/tenant/build.js';
import {
  MEMORY_HOLDS,
  MEMORY_PLANES,
  MEMORY_TENANT_CLASSES,
  MEMORY_TENANTS,
} from '../../../operator/api/v1alpha1/resources.js';
import type { ObjectRef } from '../../../operator/clients/kube.js';
import type { KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { planRows } from '../../../operator/runtime/apply-order.js';
import { PRUNED } from '../../../operator/tenant/children.js';
import { openAs } from '../../support/asker.js';
import { openChartCluster, resourceFor } from '../../support/chart-cluster.js';
import { type ControlPlane, controlPlaneMissing, startControlPlane } from '../../support/control-plane.js';
import { MAXIMAL } from '../../support/tenant-options.js';

const missing = controlPlaneMissing();
const account = { namespace: OPERATOR_NAMESPACE, name: OPERATOR.serviceAccount };
const secret = (namespace: string, name: string): K8sObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  type: 'Opaque',
  data: {},
});
const refOf = (object: K8sObject): ObjectRef => ({ resource: resourceFor(object), ...object.metadata });

(missing === undefined ? describe : describe.skip)(missing ?? "the operator's rights on a real API server", () => {
  let plane: ControlPlane;
  let admin: KubeHttpClient;
  let operator: KubeHttpClient;

  const may = async (attributes: Readonly<Record<string, string>>): Promise<boolean> => {
    const answer = await operator.request<{ readonly status: { readonly allowed: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: attributes },
      },
    });
    return answer.status.allowed;
  };

  beforeAll(async () => {
    plane = await startControlPlane();
    admin = await openChartCluster(plane.kubeconfig);
    for (const object of buildPlatform({ image: 'memplane/operator', version: '1.4.0' })) {
      await admin.apply(resourceFor(object), object);
    }
    operator = await openAs(admin, plane.kubeconfig, account, FIELD_MANAGER);
    // Rights are followed by watch, those of the cluster and those of a namespace each by their own.
    const deadline = Date.now() + 60_000;
    for (const right of [
      { verb: 'get', resource: 'secrets', namespace: OPERATOR_NAMESPACE },
      { verb: 'create', resource: 'namespaces' },
    ]) {
      while (!(await may(right)) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }, 240_000);
  afterAll(async () => {
    await operator?.close();
    await admin?.close();
    await plane?.stop();
  });

  it('suffice for everything that a tenant is, in the order in which it is applied', async () => {
    for (const object of planRows(buildTenant(MAXIMAL)).flat()) {
      const { kind } = await operator.apply(resourceFor(object), object);
      expect(kind).toBe(object.kind);
    }
  });

  it('suffice to write it again when nothing is new, and to read it back', async () => {
    for (const object of buildTenant(MAXIMAL)) {
      await operator.apply(resourceFor(object), object);
      expect(await operator.get(refOf(object))).toBeDefined();
    }
  });

  it('suffice for the Secrets of a tenant, one by one', async () => {
    for (const name of Object.values(SECRETS)) {
      await operator.apply(RESOURCES.secrets, secret('mem-acme', name));
      const ref = { resource: RESOURCES.secrets, namespace: 'mem-acme', name };
      expect(await operator.get(ref)).toBeDefined();
      await operator.delete(ref);
    }
  });

  it('do not reach another Secret, nor list any', async () => {
    await admin.apply(RESOURCES.secrets, secret('mem-acme', 'llm'));
    const ref = { resource: RESOURCES.secrets, namespace: 'mem-acme', name: 'llm' };
    await expect(operator.get(ref)).rejects.toMatchObject({ status: 403 });
    await expect(operator.apply(RESOURCES.secrets, secret('mem-acme', 'own'))).rejects.toMatchObject({ status: 403 });
    await expect(operator.list(RESOURCES.secrets, { namespace: 'mem-acme' })).rejects.toMatchObject({ status: 403 });
    await expect(operator.list(RESOURCES.secrets)).rejects.toMatchObject({ status: 403 });
  });

  it("suffice for the plane's credentials in its own namespace, by name", async () => {
    await admin.apply(RESOURCES.secrets, secret(OPERATOR_NAMESPACE, 'plane-postgres'));
    const ref = { resource: RESOURCES.secrets, namespace: OPERATOR_NAMESPACE, name: 'plane-postgres' };
    expect(await operator.get(ref)).toBeDefined();
    await expect(operator.mergePatch(ref, { data: {} })).rejects.toMatchObject({ status: 403 });
  });

  it('suffice for mirrors of all that it watches', async () => {
    const watched = [...PRUNED, MEMORY_TENANTS, MEMORY_PLANES, MEMORY_TENANT_CLASSES, MEMORY_HOLDS];
    for (const resource of [
      ...watched,
      RESOURCES.namespaces,
      RESOURCES.serviceAccounts,
      RESOURCES.resourceQuotas,
      RESOURCES.limitRanges,
      RESOURCES.clusterRoles,
      RESOURCES.clusterRoleBindings,
    ]) {
      const { resourceVersion } = await operator.list(resource);
      const events = operator.watch(resource, { resourceVersion }, AbortSignal.timeout(200));
      // Nothing comes: what matters is that the server opens the stream at all.
      await events[Symbol.asyncIterator]()
        .next()
        .catch((error: unknown) => expect(error).not.toMatchObject({ status: 403 }));
    }
    await operator.list(RESOURCES.pods, { namespace: 'mem-acme' });
  });

  it('suffice for status, finalizers, events and the lease', async () => {
    const metadata = { name: 'rights' };
    await admin.apply(MEMORY_TENANTS, { apiVersion: 'memplane.dev/v1alpha1', kind: 'MemoryTenant', metadata });
    const ref = { resource: MEMORY_TENANTS, name: 'rights' };
    await operator.mergePatch(ref, { metadata: { finalizers: ['memplane.dev/teardown'] } });
    await operator.mergePatch(ref, { status: { namespace: 'mem-rights' } }, { subresource: 'status' });
    await operator.mergePatch(ref, { metadata: { finalizers: [] } });
    const inDefault = { name: 'rights.1', namespace: 'default' };
    const event = { apiVersion: 'v1', kind: 'Event', metadata: inDefault, involvedObject: { namespace: 'default' } };
    await operator.create(RESOURCES.events, event);
    await operator.mergePatch({ resource: RESOURCES.events, ...inDefault }, { count: 2 });
    const lease = { resource: RESOURCES.leases, name: OPERATOR.lease, namespace: OPERATOR_NAMESPACE };
    const { apiVersion, kind } = RESOURCES.leases;
    expect(await operator.get(lease)).toBeUndefined();
    const of = { name: lease.name, namespace: lease.namespace };
    await operator.create(RESOURCES.leases, { apiVersion, kind, metadata: of });
    await operator.mergePatch(lease, { spec: { holderIdentity: 'a' } });
    await expect(operator.get({ ...lease, name: 'of-another' })).rejects.toMatchObject({ status: 403 });
  });

  it('suffice to remove what a tenant no longer needs, and at last its namespace and cluster roles', async () => {
    const removable = new Set([...PRUNED.map(({ kind }) => kind), 'ClusterRole', 'ClusterRoleBinding', 'Namespace']);
    const removed = [...buildTenant(MAXIMAL)].reverse().filter(({ kind }) => removable.has(kind));
    for (const object of removed) await operator.delete(refOf(object));
    expect(
      await operator.get(
        refOf({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'memory', namespace: 'mem-acme' } }),
      ),
    ).toBeUndefined();
  });

  it.each([
    [{ verb: 'create', resource: 'pods', subresource: 'exec', namespace: 'mem-acme' }],
    [{ verb: 'create', resource: 'pods', namespace: 'mem-acme' }],
    [{ verb: 'escalate', resource: 'clusterroles', group: 'rbac.authorization.k8s.io' }],
    [{ verb: 'bind', resource: 'clusterroles', group: 'rbac.authorization.k8s.io' }],
    [{ verb: 'impersonate', resource: 'users' }],
    [{ verb: 'erase', resource: 'memorytenants', group: 'memplane.dev' }],
    [{ verb: 'delete', resource: 'memorytenants', group: 'memplane.dev' }],
    [{ verb: 'delete', resource: 'memoryholds', group: 'memplane.dev' }],
    [{ verb: 'delete', resource: 'validatingadmissionpolicies', group: 'admissionregistration.k8s.io' }],
    [{ verb: 'create', resource: 'serviceaccounts', subresource: 'token', namespace: 'mem-acme' }],
  ])('do not include %j', async (attributes) => {
    expect(await may(attributes)).toBe(false);
  });

  it('cannot be widened by itself: granting what it lacks is refused', async () => {
    const role: K8sObject = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'wider', namespace: 'mem-wider' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }],
    };
    await admin.apply(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mem-wider' } });
    await expect(operator.apply(RESOURCES.roles, role)).rejects.toThrow(
      /attempting to grant RBAC permissions not currently held/,
    );
  });
});
