import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Resource } from '../clients/kube.js';
import type { RequestSample } from '../clients/kube-caller.js';
import type { QueueObserver, WorkQueue } from './queue.js';
import type { Restart } from './watch.js';

export interface OperatorMetrics {
  readonly registry: Registry;
  /** For `createKubeClient({ metrics })`. */
  readonly onRequest: (sample: RequestSample) => void;
  /** For `createReflector({ onRestart })`. */
  readonly onRestart: (resource: Resource, why: Restart) => void;
  /** For `createController({ observer })`. */
  queueObserver(controller: string): QueueObserver;
  /** Depth and age are read from the queue when somebody scrapes. */
  watchQueue(controller: string, queue: WorkQueue): void;
  setLeader(isLeader: boolean): void;
}

/** From a cached no-op (sub-millisecond) to a provisioning that waits for a database. */
const RECONCILE_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];
const WAIT_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

const queueMetrics = (registry: Registry): Pick<OperatorMetrics, 'queueObserver' | 'watchQueue'> => {
  const registers = [registry];
  const runs = new Counter({
    name: 'memplane_reconciles_total',
    help: 'Reconciles by controller and result (done, requeued, failed)',
    labelNames: ['controller', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'memplane_reconcile_duration_seconds',
    help: 'How long a reconcile ran',
    labelNames: ['controller'],
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  const waited = new Histogram({
    name: 'memplane_queue_wait_seconds',
    help: 'From the wish for a reconcile to its start',
    labelNames: ['controller'],
    buckets: WAIT_BUCKETS,
    registers,
  });
  return {
    ...queueGauges(registry),
    queueObserver: (controller) => ({
      onStart: (_key, waitedMs) => waited.observe({ controller }, waitedMs / 1000),
      onEnd: (_key, result, ranMs) => {
        runs.inc({ controller, result });
        seconds.observe({ controller }, ranMs / 1000);
      },
    }),
  };
};

const queueGauges = (registry: Registry): Pick<OperatorMetrics, 'watchQueue'> => {
  const queues = new Map<string, WorkQueue>();
  const gauge = (name: string, help: string, read: (queue: WorkQueue) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['controller'],
      registers: [registry],
      collect() {
        for (const [controller, queue] of queues) this.set({ controller }, read(queue));
      },
    });
  };
  gauge('memplane_queue_depth', 'Objects waiting for a worker', (queue) => queue.depth);
  gauge('memplane_queue_running', 'Objects being reconciled', (queue) => queue.running);
  gauge('memplane_queue_scheduled', 'Objects that come back by themselves', (queue) => queue.scheduled);
  gauge('memplane_queue_oldest_seconds', 'Age of the object that waits longest', (queue) => queue.oldestMs / 1000);
  return {
    watchQueue: (controller, queue) => {
      queues.set(controller, queue);
    },
  };
};

export const createMetrics = (): OperatorMetrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'memplane_kube_requests_total',
    help: 'Requests to the API server by verb, resource and status (0: no answer)',
    labelNames: ['verb', 'resource', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'memplane_kube_request_duration_seconds',
    help: 'Until the headers of the answer',
    labelNames: ['verb'],
    registers,
  });
  const restarts = new Counter({
    name: 'memplane_watch_restarts_total',
    help: 'Watches opened again, by resource and cause',
    labelNames: ['resource', 'why'],
    registers,
  });
  const leader = new Gauge({ name: 'memplane_leader', help: '1 while this replica leads', registers });
  return {
    registry,
    ...queueMetrics(registry),
    onRequest({ verb, resource, status, seconds }) {
      // A raw request names a path: too many values for a label.
      requests.inc({ verb, resource: verb === 'raw' ? 'raw' : resource, status: String(status) });
      requestSeconds.observe({ verb }, seconds);
    },
    onRestart: (resource, why) => restarts.inc({ resource: resource.plural, why }),
    setLeader: (isLeader) => leader.set(isLeader ? 1 : 0),
  };
};
