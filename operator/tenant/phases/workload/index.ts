import { DEPLOYMENTS, SECRETS } from '../../../../charts/manifests/names.js';
import { buildTenant, buildWorkloadObjects } from '../../../../charts/manifests/tenant/build.js';
import { RESOURCES } from '../../../clients/kube-resources.js';
import { readSecret } from '../../../clients/secrets.js';
import { done, wait } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase, PhaseContext } from '../phase.js';
import { endpointOf, ensureBootstrapKey } from './bootstrap-key.js';
import { findTrouble, observeDeployment, observePods } from './observe.js';
import { judgeRollout } from './rollout.js';

/** The memory service itself: configuration, Deployment, Service, routes. Done when every pod is current and ready. */
export const workloadPhase: Phase = {
  name: 'workload',

  async run(context) {
    const { kube, objects, options } = context;
    await ensureBootstrapKey(context);
    const current = { ...options, credentialsVersion: await credentialsVersion(context) };
    await objects.apply(buildWorkloadObjects(current));
    await objects.prune(options, buildTenant(current));
    const deployment = await observeDeployment(kube, options.namespace);
    const suspended = options.mode === 'Suspended';
    const judged = judgeRollout(deployment, suspended, { pods: 0, trouble: undefined });
    // A Deployment does not count pods that are ending, and does not say why one does not start.
    const asked = suspended || judged.kind === 'wait';
    const pods = asked ? await observePods(kube, options.namespace, options.name) : [];
    const outcome = judgeRollout(deployment, suspended, { pods: pods.length, trouble: findTrouble(pods) });
    return { ...outcome, facts: { ...facts(options), ...outcome.facts } };
  },

  async teardown({ kube, record }) {
    await kube.delete(
      { resource: RESOURCES.deployments, namespace: record.namespace, name: DEPLOYMENTS.memory },
      { propagationPolicy: 'Foreground' },
    );
    const pods = await observePods(kube, record.namespace, record.name);
    if (pods.length === 0) return done(undefined);
    return wait('Terminating', `${pods.length} pods of ${record.namespace} are still ending`, 500);
  },
};

const facts = (options: PhaseContext['options']): Facts => ({
  endpoint: endpointOf(options),
  version: options.version,
  apiKeySecret: SECRETS.adminKey,
  binding: { name: SECRETS.adminKey },
});

/** Moves when a credential's Secret is written anew, and so do the pods; says nothing of the value. */
async function credentialsVersion({ kube, options }: PhaseContext): Promise<string> {
  const secret = await readSecret(kube, options.namespace, SECRETS.database);
  return secret?.resourceVersion ?? 'none';
}
