import type { Facts } from '../../facts.js';
import type { PhaseOutcome } from '../phase.js';
import type { ContainerTrouble, DeploymentObject } from './observe.js';

type Available = NonNullable<Facts['available']>;

/** An event of the Deployment brings us back before this; it is for events that were lost. */
const LOOK_AGAIN_MS = 10_000;
/** The end of a pod is no event of its Deployment. */
const ENDING_MS = 500;

/** How far the service is, from what its Deployment says of itself. */
export function judgeRollout(
  deployment: DeploymentObject | undefined,
  suspended: boolean,
  seen: { readonly pods: number; readonly trouble: ContainerTrouble | undefined },
): PhaseOutcome & { readonly facts: Facts } {
  const status = deployment?.status ?? {};
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  const wanted = suspended ? 0 : (deployment?.spec?.replicas ?? 1);
  const current = (status.observedGeneration ?? 0) >= (deployment?.metadata.generation ?? 1);
  const available = judgeAvailability(availableReplicas, suspended);
  if (suspended && current && replicas === 0 && seen.pods === 0) return { kind: 'done', facts: { available } };
  if (
    !suspended &&
    current &&
    updatedReplicas >= wanted &&
    availableReplicas >= wanted &&
    replicas === updatedReplicas
  ) {
    return { kind: 'done', facts: { available } };
  }
  if (seen.trouble !== undefined) return { ...troubled(deployment, seen.trouble), facts: { available } };
  const message = suspended
    ? `${Math.max(replicas, seen.pods)} pods are still ending`
    : `${Math.min(updatedReplicas, availableReplicas)} of ${wanted} pods of Deployment memory are up to date and ready`;
  const afterMs = suspended ? ENDING_MS : LOOK_AGAIN_MS;
  return { kind: 'wait', reason: 'RolloutInProgress', message, afterMs, facts: { available } };
}

function judgeAvailability(availableReplicas: number, suspended: boolean): Available {
  if (availableReplicas > 0) {
    const message = availableReplicas === 1 ? '1 pod answers' : `${availableReplicas} pods answer`;
    return { yes: true, reason: 'Serving', message };
  }
  return suspended
    ? { yes: false, reason: 'Suspended', message: 'scaled to zero as spec.mode asks' }
    : { yes: false, reason: 'NoReadyPod', message: 'no pod answers' };
}

function troubled(deployment: DeploymentObject | undefined, trouble: ContainerTrouble) {
  const namespace = deployment?.metadata.namespace ?? '';
  return {
    kind: 'wait' as const,
    reason: trouble.reason,
    message:
      `container ${trouble.container} of Pod ${trouble.pod} does not start (${trouble.message || trouble.reason}); ` +
      `see kubectl -n ${namespace} logs ${trouble.pod} -c ${trouble.container} --previous`,
    afterMs: LOOK_AGAIN_MS,
  };
}
