import { type KubeClient, KubeError, type LiveObject, type Resource } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { type Controller, createController, isMeaningful, type Source, watching } from '../../runtime/controller.js';
import { type Log, silentLog } from '../../runtime/log.js';
import type { RunResult } from '../../runtime/queue.js';
import { createReflector, type Reflector } from '../../runtime/watch.js';
import type { Change } from '../../runtime/watch-cache.js';
import { keyOf, type LivePod, type LiveService, namespaceOf } from '../kinds.js';
import { reconcileCronJob } from './cronjob.js';
import { reconcileDeployment } from './deployment.js';
import { reconcileEndpointSlices, selects } from './endpoint-slices.js';
import { reconcileJob } from './job.js';
import { controllerKeys } from './ownership.js';
import { reconcileReplicaSet } from './replicaset.js';
import type { WorkloadContext } from './workload-context.js';

export interface WorkloadOptions {
  readonly client: KubeClient;
  /** Stops the controllers, as `stop` does. */
  readonly signal?: AbortSignal;
  /** @default silent */
  readonly log?: Log;
  /** @default the wall clock */
  readonly now?: () => Date;
  /** Pause after a Job's first failed pod; it doubles with each further one. @default 1 s */
  readonly jobBackoffMs?: number;
}

export interface WorkloadControllers {
  stop(): Promise<void>;
}

const WORKERS = 4;
const BACKOFF = { baseMs: 100, maxMs: 10_000 } as const;
const STOP_DEADLINE_MS = 2_000;
const JOB_BACKOFF_MS = 1_000;

/** The part of a controller-manager that runs pods: Deployments, ReplicaSets, Jobs, CronJobs and EndpointSlices. */
export async function startWorkloadControllers(options: WorkloadOptions): Promise<WorkloadControllers> {
  const { client, log = silentLog, now = () => new Date(), jobBackoffMs = JOB_BACKOFF_MS } = options;
  const reflect = <T extends LiveObject>(resource: Resource): Reflector<T> =>
    createReflector<T>({ client, resource, log });
  const reflectors: Reflectors = {
    deployments: reflect(RESOURCES.deployments),
    replicaSets: reflect(RESOURCES.replicaSets),
    pods: reflect<LivePod>(RESOURCES.pods),
    jobs: reflect(RESOURCES.jobs),
    cronJobs: reflect(RESOURCES.cronJobs),
    services: reflect<LiveService>(RESOURCES.services),
  };
  const controllers = buildControllers({ client, log, now, jobBackoffMs }, reflectors);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopAll(controllers, Object.values(reflectors));
    return stopped;
  };
  options.signal?.addEventListener('abort', () => void stop(), { once: true });
  await Promise.all(controllers.map((controller) => controller.start()));
  return { stop };
}

async function stopAll(
  controllers: readonly Controller[],
  reflectors: readonly Pick<Reflector<LiveObject>, 'stop'>[],
): Promise<void> {
  await Promise.all(controllers.map((controller) => controller.stop(STOP_DEADLINE_MS)));
  await Promise.all(reflectors.map((reflector) => reflector.stop()));
}

interface Reflectors {
  readonly deployments: Reflector<LiveObject>;
  readonly replicaSets: Reflector<LiveObject>;
  readonly pods: Reflector<LivePod>;
  readonly jobs: Reflector<LiveObject>;
  readonly cronJobs: Reflector<LiveObject>;
  readonly services: Reflector<LiveService>;
}

type Reconcile = (key: string) => Promise<RunResult>;

/** The table of contents: whose changes wake which controller. */
function buildControllers(context: WorkloadContext, from: Reflectors): readonly Controller[] {
  const controller = (name: string, reconcile: Reconcile, sources: readonly Source[]) =>
    createController({
      name,
      reconcile: again(reconcile),
      sources,
      workers: WORKERS,
      backoff: BACKOFF,
      log: context.log,
    });
  return [
    controller('deployment', reconcileDeployment(context), [
      watching(from.deployments, ownKey),
      watching(from.replicaSets, controllerKeys('Deployment')),
      // Recreate waits for the end of pods, whose ReplicaSet has counted them out already.
      watching(from.pods, deploymentsOfEndedPod(from)),
    ]),
    controller('replicaset', reconcileReplicaSet(context), [
      watching(from.replicaSets, ownKey),
      watching(from.pods, controllerKeys('ReplicaSet')),
    ]),
    controller('job', reconcileJob(context), [watching(from.jobs, ownKey), watching(from.pods, controllerKeys('Job'))]),
    controller('cronjob', reconcileCronJob(context), [
      watching(from.cronJobs, ownKey),
      watching(from.jobs, controllerKeys('CronJob')),
    ]),
    controller('endpointslice', reconcileEndpointSlices(context), [
      watching(from.services, ownKey),
      watching(from.pods, servicesOfPod(from)),
    ]),
  ];
}

const GONE_RETRY_MS = 1_000;

/** Something was deleted between the look and the write: a second look says what is left to do. */
const again =
  (reconcile: Reconcile): Reconcile =>
  async (key) => {
    try {
      return await reconcile(key);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return { requeueAfterMs: GONE_RETRY_MS };
      throw error;
    }
  };

const ownKey = <T extends LiveObject>(change: Change<T>): readonly string[] =>
  isMeaningful(change) ? [change.key] : [];

const deploymentsOfEndedPod =
  (from: Reflectors) =>
  (change: Change<LivePod>): readonly string[] => {
    if (change.type !== 'delete') return [];
    const [setKey] = controllerKeys('ReplicaSet')(change);
    const set = setKey === undefined ? undefined : from.replicaSets.get(setKey);
    return set === undefined
      ? []
      : controllerKeys('Deployment')({ type: 'upsert', key: keyOf(set), object: set, previous: undefined });
  };

const servicesOfPod =
  (from: Reflectors) =>
  ({ object }: Change<LivePod>): readonly string[] =>
    from.services
      .list()
      .filter((service) => namespaceOf(service) === namespaceOf(object) && selects(service, object))
      .map(keyOf);
