import { FIELD_MANAGER } from '../charts/manifests/names.js';
import { CONDITIONS, REASONS } from './api/v1alpha1/conditions.js';
import { MEMORY_HOLDS, MEMORY_PLANES, MEMORY_TENANT_CLASSES, MEMORY_TENANTS } from './api/v1alpha1/resources.js';
import type { Condition, MemoryHold, MemoryPlane, MemoryTenant, MemoryTenantClass } from './api/v1alpha1/types.js';
import { KubeError, type LiveObject, type Resource } from './clients/kube.js';
import type { KubeHttpClient } from './clients/kube-http.js';
import type { OperatorConfig } from './config.js';
import { reconcilePlane } from './plane/reconcile.js';
import { PlaneStores } from './plane/stores.js';
import { type Controller, createController, isMeaningful, type Source, watching } from './runtime/controller.js';
import { createEventRecorder, type EventRecorder } from './runtime/events.js';
import type { Log } from './runtime/log.js';
import type { OperatorMetrics } from './runtime/metrics.js';
import { patchStatus } from './runtime/patch-status.js';
import { stopInOrder } from './runtime/stop.js';
import { createReflector, type Reflector } from './runtime/watch.js';
import { mirrorChildren } from './tenant/children.js';
import type { TenantDependencies } from './tenant/dependencies.js';
import { createTenantObjects } from './tenant/objects.js';
import { reconcileTenant } from './tenant/reconcile.js';
import { sweepErasures } from './tenant/sweeper.js';
import { tenantsOfChild, tenantsOfClass, tenantsOfHold, tenantsOfPlane } from './tenant/triggers.js';

export interface ManagerOptions {
  readonly config: OperatorConfig;
  readonly kube: KubeHttpClient;
  readonly metrics: OperatorMetrics;
  readonly log: Log;
  /** Whether the API server has a kind at all (Gateway API is an extension). */
  readonly served: (resource: Resource) => boolean;
}

export interface Manager {
  start(): Promise<void>;
  readonly synced: boolean;
  stop(): Promise<void>;
}

const SWEEP_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;

/** Everything that reconciles, wired once: what is watched, what that triggers, and who does it. */
export function createManager(options: ManagerOptions): Manager {
  const { config, kube, metrics, log } = options;
  const mirror = <T extends LiveObject>(resource: Resource): Reflector<T> =>
    createReflector<T>({ client: kube, resource, log, onRestart: metrics.onRestart });
  const tenants = mirror<MemoryTenant>(MEMORY_TENANTS);
  const planes = mirror<MemoryPlane>(MEMORY_PLANES);
  const classes = mirror<MemoryTenantClass>(MEMORY_TENANT_CLASSES);
  const holds = mirror<MemoryHold>(MEMORY_HOLDS);
  const children = mirrorChildren({ kube, served: options.served, log, onRestart: metrics.onRestart });
  const stores = new PlaneStores(kube, config.namespace);
  const objects = createTenantObjects(kube, children, options.served);
  const views = { kube, tenants, planes, classes, holds, stores, objects, log, now: () => new Date() };
  const events = createEventRecorder({ client: kube, component: FIELD_MANAGER, instance: config.identity, log });
  const tenantDeps: TenantDependencies = { ...views, patchStatus: writeStatus(kube, MEMORY_TENANTS, events) };
  const planeDeps = { ...views, patchStatus: writeStatus(kube, MEMORY_PLANES, events) };

  const controller = (
    name: string,
    sources: readonly Source[],
    keys: () => readonly string[],
    reconcile: Reconcile,
  ) => {
    const resync = { everyMs: config.resyncSeconds * 1_000, keys };
    const observer = metrics.queueObserver(name);
    const made = createController({
      name,
      sources,
      reconcile: yielding(reconcile),
      workers: config.workers,
      resync,
      log,
      observer,
    });
    metrics.watchQueue(name, made.queue);
    return made;
  };
  const controllers: readonly Controller[] = [
    controller(
      'tenant',
      [
        watching(tenants, (change) => (isMeaningful(change) ? [change.key] : [])),
        watching(planes, (change) => (isMeaningful(change) ? tenantsOfPlane(tenants.list(), change.key) : [])),
        watching(classes, (change) => (isMeaningful(change) ? tenantsOfClass(tenants.list(), change.key) : [])),
        watching(holds, tenantsOfHold),
        ...children.reflectors.map((reflector) => watching(reflector, tenantsOfChild)),
      ],
      () => tenants.keys(),
      (name, signal) => reconcileTenant(tenantDeps, name, signal),
    ),
    controller(
      'plane',
      [
        watching(planes, (change) => (isMeaningful(change) ? [change.key] : [])),
        watching(tenants, (change) => (change.type === 'delete' ? [change.object.spec.planeRef.name] : [])),
      ],
      () => planes.keys(),
      (name) => reconcilePlane(planeDeps, name),
    ),
  ];
  const reflectors = [tenants, planes, classes, holds, ...children.reflectors];
  return runnable(controllers, reflectors, [events.flush, () => stores.close()], tenantDeps);
}

/** Somebody else was faster: what the watch brings next is looked at instead. Nothing went wrong. */
const yielding =
  (reconcile: Reconcile): Reconcile =>
  async (key, signal) => {
    try {
      return await reconcile(key, signal);
    } catch (error) {
      if (error instanceof KubeError && error.reason === 'Conflict') return { requeueAfterMs: CONFLICT_MS };
      throw error;
    }
  };

/** Longer than a watch event takes to arrive, shorter than anybody would notice. */
const CONFLICT_MS = 50;

type Reconcile = Parameters<typeof createController>[0]['reconcile'];

type WithConditions = { readonly conditions?: readonly Condition[] | undefined };

/** One patch, and an event when the answer to "is it ready, and why not" is another one than before. */
const writeStatus =
  (kube: KubeHttpClient, resource: Resource, events: EventRecorder) =>
  async (
    live: LiveObject & { readonly status?: WithConditions | undefined },
    status: WithConditions,
  ): Promise<void> => {
    try {
      await patchStatus(kube, { resource, name: live.metadata.name }, live, status);
    } catch (error) {
      // Gone meanwhile: there is nobody left to tell.
      if (error instanceof KubeError && error.reason === 'NotFound') return;
      throw error;
    }
    const ready = readyOf(status);
    const before = readyOf(live.status);
    if (ready === undefined || (ready.reason === before?.reason && ready.status === before.status)) return;
    const type = ready.status === 'True' || ready.reason === REASONS.RolloutInProgress ? 'Normal' : 'Warning';
    events.record(live, { type, reason: ready.reason, message: ready.message });
  };

const readyOf = (status: WithConditions | undefined): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === CONDITIONS.ready);

function runnable(
  controllers: readonly Controller[],
  reflectors: readonly Pick<Reflector<LiveObject>, 'hasSynced' | 'stop'>[],
  last: readonly (() => Promise<void>)[],
  deps: TenantDependencies,
): Manager {
  let sweeper: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    sweepErasures(deps).catch((err: unknown) =>
      deps.log.error({ err }, 'erasures that are due were not done; trying again'),
    );
  };
  return {
    get synced() {
      return reflectors.every(({ hasSynced }) => hasSynced);
    },
    async start() {
      await Promise.all(controllers.map((controller) => controller.start()));
      sweeper = setInterval(sweep, SWEEP_MS);
      sweep();
    },
    async stop() {
      clearInterval(sweeper);
      const rows = [
        controllers.map(({ name, stop }) => ({ name, stop: () => stop(STOP_DEADLINE_MS) })),
        reflectors.map((reflector) => ({ name: 'watch', stop: () => reflector.stop() })),
        last.map((stop) => ({ name: 'events and stores', stop })),
      ];
      await stopInOrder(rows, { deadlineMs: STOP_DEADLINE_MS + 1_000, log: deps.log });
    },
  };
}
