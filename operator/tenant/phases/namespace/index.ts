import { TENANT_LABEL } from '../../../../charts/manifests/names.js';
import { buildNamespaceObjects } from '../../../../charts/manifests/tenant/build.js';
import { done, stalled, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase } from '../phase.js';
import { deleteNamespace, deleteRights } from './apply.js';
import { observeNamespace } from './observe.js';
import { planNamespace } from './plan.js';

/** The namespace with its quota, network policies and rights. It is deleted by teardown, never by an owner reference. */
export const namespacePhase: Phase = {
  name: 'namespace',

  async run({ kube, objects, options }) {
    const plan = planNamespace(options.name, options.namespace, await observeNamespace(kube, options.namespace));
    if (plan.kind === 'refuse') return stalled(plan.reason, plan.message);
    if (plan.kind === 'wait') return wait(plan.reason, plan.message, 1_000);
    await objects.apply(buildNamespaceObjects(options));
    return done<Facts>({ namespace: options.namespace });
  },

  async teardown({ kube, record }) {
    const live = await observeNamespace(kube, record.namespace);
    if (live === undefined || live.metadata.labels?.[TENANT_LABEL] !== record.name) {
      await deleteRights(kube, record.name);
      return done(undefined);
    }
    await deleteNamespace(kube, live);
    return wait('Terminating', `Namespace ${record.namespace} is being deleted`, 500);
  },
};
