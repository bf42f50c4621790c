import { CONDITIONS, REASONS } from './api/v1alpha1/conditions.js';
import type { Condition } from './api/v1alpha1/types.js';
import { type KubeClient, KubeError, type LiveObject, type Resource } from './clients/kube.js';
import type { EventRecorder } from './runtime/events.js';
import { patchStatus } from './runtime/patch-status.js';

interface WithConditions {
  readonly conditions?: readonly Condition[] | undefined;
}

type Live = LiveObject & { readonly status?: WithConditions | undefined };

/** One patch, skipped when nothing changed, and an event when "is it ready, and why not" has another answer; the same of its archive. */
export const createStatusWriter =
  (kube: KubeClient, resource: Resource, events: EventRecorder) =>
  async (live: Live, status: WithConditions): Promise<void> => {
    try {
      await patchStatus(kube, { resource, name: live.metadata.name }, live, status);
    } catch (error) {
      // Gone meanwhile: there is nobody left to tell.
      if (error instanceof KubeError && error.reason === 'NotFound') return;
      throw error;
    }
    for (const told of [CONDITIONS.ready, CONDITIONS.auditReady]) {
      const [before, now] = [conditionOf(live.status, told), conditionOf(status, told)];
      if (now === undefined || (now.reason === before?.reason && now.status === before.status)) continue;
      // That the first archive went well is no news.
      if (told === CONDITIONS.auditReady && before === undefined && now.status === 'True') continue;
      const type = now.status === 'True' || now.reason === REASONS.RolloutInProgress ? 'Normal' : 'Warning';
      events.record(live, { type, reason: now.reason, message: now.message });
    }
  };

const conditionOf = (status: WithConditions | undefined, wanted: string): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === wanted);
