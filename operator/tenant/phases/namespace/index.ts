import { TENANT_LABEL } from '../../../../charts/manifests/names.js';
import { buildNamespaceObjects } from '../../../../charts/manifests/tenant/build.js';
import type { KubeClient, LiveObject, ObjectRef } from '../../../clients/kube.js';
import { RESOURCES } from '../../../clients/kube-resources.js';
import { done, stalled, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase } from '../phase.js';
import { planNamespace } from './plan.js';

/** The namespace with its quota, network policies and rights. It is deleted by teardown, never by an owner reference. */
export const namespacePhase: Phase = {
  name: 'namespace',

  async run({ kube, objects, options }) {
    const plan = planNamespace(options.name, options.namespace, await observe(kube, options.namespace));
    if (plan.kind === 'refuse') return stalled(plan.reason, plan.message);
    if (plan.kind === 'wait') return wait(plan.reason, plan.message, 1_000);
    await objects.apply(buildNamespaceObjects(options));
    return done<Facts>({ namespace: options.namespace });
  },

  async teardown({ kube, record }) {
    const live = await observe(kube, record.namespace);
    if (live === undefined || live.metadata.labels?.[TENANT_LABEL] !== record.name) {
      await deleteRights(kube, record.name);
      return done(undefined);
    }
    if (live.metadata.deletionTimestamp === undefined) {
      await kube.delete(namespaceRef(record.namespace), { uid: live.metadata.uid });
    }
    return wait('Terminating', `Namespace ${record.namespace} is being deleted`, 500);
  },
};

const namespaceRef = (name: string): ObjectRef => ({ resource: RESOURCES.namespaces, name });

const observe = (kube: KubeClient, name: string): Promise<LiveObject | undefined> => kube.get(namespaceRef(name));

/** What a tenant has outside its namespace: who may edit its MemoryTenant. */
async function deleteRights(kube: KubeClient, tenant: string): Promise<void> {
  for (const resource of [RESOURCES.clusterRoleBindings, RESOURCES.clusterRoles]) {
    const { items } = await kube.list(resource, { labelSelector: `${TENANT_LABEL}=${tenant}` });
    for (const { metadata } of items) await kube.delete({ resource, name: metadata.name }, { uid: metadata.uid });
  }
}
