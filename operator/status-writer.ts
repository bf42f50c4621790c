import { CONDITIONS, REASONS } from './api/v1alpha1/conditions.js';
import type { Condition } from './api/v1alpha1/types.js';
import { type KubeClient, KubeError, type LiveObject, type Resource } from './clients/kube.js';
import type { EventRecorder } from './runtime/events.js';
import { patchStatus } from './runtime/patch-status.js';

interface WithConditions {
  readonly conditions?: readonly Condition[] | undefined;
}

type Live = LiveObject & { readonly status?: WithConditions | undefined };

/** One patch, skipped when nothing changed, and an event when "is it ready, and why not" has another answer. */
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
    const [before, ready] = [readyOf(live.status), readyOf(status)];
    if (ready === undefined || (ready.reason === before?.reason && ready.status === before.status)) return;
    const type = ready.status === 'True' || ready.reason === REASONS.RolloutInProgress ? 'Normal' : 'Warning';
    events.record(live, { type, reason: ready.reason, message: ready.message });
  };

const readyOf = (status: WithConditions | undefined): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === CONDITIONS.ready);
