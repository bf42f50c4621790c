import { TENANT_LABEL } from '../../../../charts/manifests/names.js';
import { buildNamespaceObjects } from '../../../../charts/manifests/tenant/build.js';
import type { TenantOptions } from '../../../../charts/manifests/tenant/options.js';
import { type AccountAnnotations, PodRolesError } from '../../../clients/pod-roles.js';
import { done, type Outcome, stalled, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase } from '../phase.js';
import { bindRoles, deleteNamespace, deleteRights, unbindRoles } from './apply.js';
import { observeNamespace } from './observe.js';
import { planNamespace } from './plan.js';

/** The namespace with its quota, network policies and rights. It is deleted by teardown, never by an owner reference. */
export const namespacePhase: Phase = {
  name: 'namespace',

  async run({ kube, objects, options, stores }) {
    const plan = planNamespace(options.name, options.namespace, await observeNamespace(kube, options.namespace));
    if (plan.kind === 'refuse') return stalled(plan.reason, plan.message);
    if (plan.kind === 'wait') return wait(plan.reason, plan.message, 1_000);
    // What the cloud answers stands on the service account, so it is asked first; the namespace may come later than its rights.
    const bound = await speaking(() => bindRoles(stores, options));
    if (bound.kind !== 'done') return bound;
    await objects.apply(buildNamespaceObjects(annotated(options, bound.facts)));
    return done<Facts>({ namespace: options.namespace });
  },

  async teardown({ kube, record, stores }) {
    const live = await observeNamespace(kube, record.namespace);
    if (live === undefined || live.metadata.labels?.[TENANT_LABEL] !== record.name) {
      await deleteRights(kube, record.name);
      // A namespace of this name that is somebody else's has roles of its own.
      return live === undefined ? await speaking(() => unbindRoles(stores, record)) : done(undefined);
    }
    await deleteNamespace(kube, live);
    return wait('Terminating', `Namespace ${record.namespace} is being deleted`, 500);
  },
};

/** The plane's own annotations, and those by which the cloud knows the accounts. */
const annotated = (options: TenantOptions, { memory, audit }: AccountAnnotations): TenantOptions => ({
  ...options,
  serviceAccountAnnotations: { ...options.serviceAccountAnnotations, ...memory },
  archive: options.archive && {
    ...options.archive,
    serviceAccountAnnotations: { ...options.archive.serviceAccountAnnotations, ...audit },
  },
});

/** What the cloud refuses carries a remedy of its own: it becomes the condition's message. */
async function speaking<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await work());
  } catch (error) {
    if (error instanceof PodRolesError) return wait(error.code, error.message, 15_000);
    throw error;
  }
}
