import { KubeError } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { RunResult } from '../../runtime/queue.js';
import { type LiveDeployment, type LivePod, type LiveReplicaSet, namespaceOf } from '../kinds.js';
import { buildDeploymentStatus, type DeploymentSets, progressDeadlineInMs } from './deployment-status.js';
import { buildOwnerReference, controllerOf, isControlledBy, splitKey } from './ownership.js';
import { isTerminal } from './pod-state.js';
import {
  planRecreate,
  planRollout,
  type RolloutState,
  resolveBounds,
  type ScaleStep,
  type SetScale,
} from './rollout.js';
import { isSameStatus } from './status-equality.js';
import { HASH_LABEL, hashTemplate, isSameTemplate, withHash } from './template-hash.js';
import type { WorkloadContext } from './workload-context.js';

const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY_LIMIT = 10;

/** One step towards the spec: the right ReplicaSet, the next scales, old history away, status last. */
export const reconcileDeployment =
  (context: WorkloadContext) =>
  async (key: string): Promise<RunResult> => {
    const { client, now } = context;
    const { name, namespace } = splitKey(key);
    const deployment = await client.get<LiveDeployment>({ resource: RESOURCES.deployments, name, namespace });
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return {};
    const observed = await observeSets(context, deployment);
    const sets = deployment.spec.paused === true ? observed : await ensureCurrent(context, deployment, observed);
    for (const step of await planSteps(context, deployment, sets)) await scale(context, deployment, step);
    await removeHistory(context, deployment, sets);
    const status = buildDeploymentStatus(deployment, sets, now());
    if (!isSameStatus(status, deployment.status)) {
      await client.mergePatch(
        { resource: RESOURCES.deployments, name, namespace },
        { status },
        { subresource: 'status' },
      );
    }
    return { requeueAfterMs: progressDeadlineInMs(deployment, status, now()) };
  };

async function observeSets({ client }: WorkloadContext, deployment: LiveDeployment): Promise<DeploymentSets> {
  const namespace = namespaceOf(deployment);
  const owned = (await client.list<LiveReplicaSet>(RESOURCES.replicaSets, { namespace })).items
    .filter((set) => isControlledBy(set, deployment))
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const current = owned.findLast((set) => isSameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: owned.filter((set) => set !== current) };
}

const revisionOf = (object: LiveReplicaSet | LiveDeployment): number =>
  Number(object.metadata.annotations?.[REVISION] ?? 0);

/** The ReplicaSet of today's template with the highest revision: made when new, raised again after a rollback. */
async function ensureCurrent(
  { client }: WorkloadContext,
  deployment: LiveDeployment,
  { current, old }: DeploymentSets,
): Promise<DeploymentSets> {
  const revision = Math.max(0, ...old.map(revisionOf)) + 1;
  const ref = { resource: RESOURCES.replicaSets, namespace: namespaceOf(deployment) };
  const set =
    current === undefined
      ? await createSet({ client }, deployment, revision)
      : revisionOf(current) >= revision
        ? current
        : await client.mergePatch<LiveReplicaSet>({ ...ref, name: current.metadata.name }, annotateRevision(revision));
  if (revisionOf(deployment) !== revisionOf(set)) {
    const own = { resource: RESOURCES.deployments, name: deployment.metadata.name, namespace: namespaceOf(deployment) };
    await client.mergePatch(own, annotateRevision(revisionOf(set)));
  }
  return { current: set, old };
}

const annotateRevision = (revision: number) => ({ metadata: { annotations: { [REVISION]: String(revision) } } });

async function createSet(
  { client }: Pick<WorkloadContext, 'client'>,
  deployment: LiveDeployment,
  revision: number,
): Promise<LiveReplicaSet> {
  const hash = hashTemplate(deployment.spec.template);
  const template = withHash(deployment.spec.template, hash);
  const { selector, minReadySeconds } = deployment.spec;
  const name = `${deployment.metadata.name}-${hash}`;
  const namespace = namespaceOf(deployment);
  try {
    return await client.create<LiveReplicaSet>(RESOURCES.replicaSets, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name,
        namespace,
        labels: { ...template.metadata?.labels },
        annotations: { [REVISION]: String(revision) },
        ...{ ownerReferences: [buildOwnerReference(deployment)] },
      },
      spec: {
        replicas: 0,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
        template,
        ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      },
    });
  } catch (error) {
    if (!(error instanceof KubeError) || error.reason !== 'AlreadyExists') throw error;
    throw new Error(`ReplicaSet ${namespace}/${name} exists and is not of Deployment ${deployment.metadata.name}`, {
      cause: error,
    });
  }
}

async function planSteps(
  context: WorkloadContext,
  deployment: LiveDeployment,
  { current, old }: DeploymentSets,
): Promise<readonly ScaleStep[]> {
  const desired = deployment.spec.replicas ?? 1;
  if (current === undefined || deployment.spec.paused === true) return planPaused({ current, old }, desired);
  const state: RolloutState = {
    desired,
    ...resolveBounds(deployment.spec),
    current: scaleOf(current),
    old: old.map(scaleOf),
  };
  if (deployment.spec.strategy?.type !== 'Recreate') return planRollout(state);
  return planRecreate(state, await countPodsOf(context, deployment, old));
}

/** A paused deployment still follows its replica count, as long as one ReplicaSet alone holds the pods. */
function planPaused({ current, old }: DeploymentSets, desired: number): readonly ScaleStep[] {
  const active = [...old, ...(current === undefined ? [] : [current])].filter((set) => (set.spec.replicas ?? 0) > 0);
  const only = active.length === 1 ? active[0] : undefined;
  if (only === undefined || only.spec.replicas === desired) return [];
  return [{ name: only.metadata.name, replicas: desired, because: `${desired} desired while paused` }];
}

const scaleOf = (set: LiveReplicaSet): SetScale => ({
  name: set.metadata.name,
  replicas: set.spec.replicas ?? 0,
  available: set.status?.availableReplicas ?? 0,
});

/** Also those that are ending: Recreate waits for the last of them. */
async function countPodsOf(
  { client }: WorkloadContext,
  deployment: LiveDeployment,
  sets: readonly LiveReplicaSet[],
): Promise<number> {
  const owners = new Set(sets.map((set) => set.metadata.uid));
  const { items } = await client.list<LivePod>(RESOURCES.pods, { namespace: namespaceOf(deployment) });
  return items.filter((pod) => owners.has(controllerOf(pod)?.uid ?? '') && !isTerminal(pod)).length;
}

async function scale({ client, log }: WorkloadContext, deployment: LiveDeployment, step: ScaleStep): Promise<void> {
  const ref = { resource: RESOURCES.replicaSets, name: step.name, namespace: namespaceOf(deployment) };
  await client.mergePatch(ref, { spec: { replicas: step.replicas } });
  log.debug({ replicaSet: step.name, replicas: step.replicas, because: step.because }, 'scaled');
}

async function removeHistory(
  { client }: WorkloadContext,
  deployment: LiveDeployment,
  { old }: DeploymentSets,
): Promise<void> {
  const idle = old.filter((set) => set.spec.replicas === 0 && (set.status?.replicas ?? 0) === 0);
  const excess = idle.length - (deployment.spec.revisionHistoryLimit ?? HISTORY_LIMIT);
  for (const set of idle.slice(0, Math.max(0, excess))) {
    const ref = { resource: RESOURCES.replicaSets, name: set.metadata.name, namespace: namespaceOf(set) };
    await client.delete(ref, { uid: set.metadata.uid, propagationPolicy: 'Background' });
  }
}
