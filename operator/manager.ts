import { FIELD_MANAGER } from '../charts/manifests/names.js';
import { MEMORY_PLANES, MEMORY_TENANTS } from './api/v1alpha1/resources.js';
import type { LiveObject, Resource } from './clients/kube.js';
import { KubeError } from './clients/kube.js';
import type { KubeHttpClient } from './clients/kube-http.js';
import type { OperatorConfig } from './config.js';
import { createMirrors, type Mirrors } from './mirrors.js';
import { reconcilePlane } from './plane/reconcile.js';
import { PlaneStores } from './plane/stores.js';
import { type Controller, createController, isMeaningful, type Source, watching } from './runtime/controller.js';
import { createEventRecorder } from './runtime/events.js';
import type { Log } from './runtime/log.js';
import type { OperatorMetrics } from './runtime/metrics.js';
import { stopInOrder } from './runtime/stop.js';
import { createStatusWriter } from './status-writer.js';
import { createArchiveSchedule } from './tenant/archive-schedule.js';
import { createArchiveWatch } from './tenant/archive-watch.js';
import type { TenantDependencies } from './tenant/dependencies.js';
import { createTenantObjects, type TenantObjects } from './tenant/objects.js';
import { reconcileTenant } from './tenant/reconcile.js';
import { createSweeper } from './tenant/sweeper.js';
import { tenantsOfChild, tenantsOfClass, tenantsOfHold, tenantsOfPlane } from './tenant/triggers.js';
import { createUsageWatch } from './tenant/usage.js';

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
  stop(): Promise<void>;
}

const STOP_DEADLINE_MS = 20_000;

/** Everything that reconciles, wired once: what is watched, what that triggers, and who does it. */
export function createManager(options: ManagerOptions): Manager {
  const { config, kube, log } = options;
  const mirrors = createMirrors(options);
  const cloud = { identity: config.cloudIdentity ?? {}, endpoint: config.cloudEndpoint };
  const stores = new PlaneStores(kube, config.namespace, cloud);
  const objects = createTenantObjects(kube, mirrors.children, options.served);
  const events = createEventRecorder({ client: kube, component: FIELD_MANAGER, instance: config.identity, log });
  const shared = { ...mirrors, kube, stores, objects, log, now: () => new Date() };
  const tenantDeps = { ...shared, patchStatus: createStatusWriter(kube, MEMORY_TENANTS, events) };
  const planeDeps = { ...shared, patchStatus: createStatusWriter(kube, MEMORY_PLANES, events) };
  const controllers = [
    makeController(options, {
      name: 'tenant',
      sources: tenantSources(mirrors, objects),
      keys: () => mirrors.tenants.keys(),
      reconcile: (name, signal) => reconcileTenant(tenantDeps, name, signal),
    }),
    makeController(options, {
      name: 'plane',
      sources: planeSources(mirrors),
      keys: () => mirrors.planes.keys(),
      reconcile: (name) => reconcilePlane(planeDeps, name),
    }),
  ];
  const last = [
    { name: 'events', stop: () => events.flush() },
    { name: 'stores', stop: () => stores.close() },
  ];
  return runnable(controllers, mirrors, last, tenantDeps);
}

const tenantSources = (
  { tenants, planes, classes, holds, children }: Mirrors,
  { isEcho }: TenantObjects,
): readonly Source[] => [
  watching(tenants, (change) => (isMeaningful(change) ? [change.key] : [])),
  watching(planes, (change) => (isMeaningful(change) ? tenantsOfPlane(tenants.list(), change.key) : [])),
  watching(classes, (change) => (isMeaningful(change) ? tenantsOfClass(tenants.list(), change.key) : [])),
  watching(holds, tenantsOfHold),
  ...children.reflectors.map((reflector) =>
    watching<LiveObject>(reflector, (change) => tenantsOfChild(change, isEcho)),
  ),
];

/** A plane that is deleted waits for its last tenant. */
const planeSources = ({ tenants, planes }: Mirrors): readonly Source[] => [
  watching(planes, (change) => (isMeaningful(change) ? [change.key] : [])),
  watching(tenants, (change) => (change.type === 'delete' ? [change.object.spec.planeRef.name] : [])),
];

interface Reconciler {
  readonly name: string;
  readonly sources: readonly Source[];
  readonly keys: () => readonly string[];
  readonly reconcile: Parameters<typeof createController>[0]['reconcile'];
}

function makeController({ config, metrics, log }: ManagerOptions, reconciler: Reconciler): Controller {
  const { name, sources, keys } = reconciler;
  const controller = createController({
    name,
    sources,
    reconcile: yielding(reconciler.reconcile),
    workers: config.workers,
    resync: { everyMs: config.resyncSeconds * 1_000, keys },
    log,
    observer: metrics.queueObserver(name),
  });
  metrics.watchQueue(name, controller.queue);
  return controller;
}

/** Longer than a watch event takes to arrive, shorter than anybody would notice. */
const CONFLICT_MS = 50;

/** Somebody else was faster: what the watch brings next is looked at instead. Nothing went wrong. */
const yielding =
  (reconcile: Reconciler['reconcile']): Reconciler['reconcile'] =>
  async (key, signal) => {
    try {
      return await reconcile(key, signal);
    } catch (error) {
      if (error instanceof KubeError && error.reason === 'Conflict') return { requeueAfterMs: CONFLICT_MS };
      throw error;
    }
  };

function runnable(
  controllers: readonly Controller[],
  mirrors: Mirrors,
  last: readonly { readonly name: string; stop(): Promise<void> }[],
  deps: TenantDependencies,
): Manager {
  const beside = [
    { name: 'sweeper', rounds: createSweeper(deps) },
    { name: 'usage', rounds: createUsageWatch(deps) },
    { name: 'archives', rounds: createArchiveSchedule(deps) },
    { name: 'archive results', rounds: createArchiveWatch(deps) },
  ];
  let stopped = false;
  return {
    async start() {
      try {
        await Promise.all(controllers.map((controller) => controller.start()));
      } catch (error) {
        // The watches ended before their first list: that is how a start ends that is stopped half-way.
        if (!stopped) throw error;
      }
      for (const { rounds } of beside) rounds.start();
    },
    async stop() {
      stopped = true;
      const rows = [
        [
          ...beside.map(({ name, rounds }) => ({ name, stop: () => rounds.stop() })),
          ...controllers.map(({ name, stop }) => ({ name, stop: () => stop(STOP_DEADLINE_MS) })),
        ],
        [{ name: 'watches', stop: () => mirrors.stop() }],
        last,
      ];
      await stopInOrder(rows, { deadlineMs: STOP_DEADLINE_MS + 1_000, log: deps.log });
    },
  };
}
