import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import type { ResultStatus } from '../memories/write-schema.js';
import { createRequestTally, registerDurations } from './request-tally.js';

export interface Metrics {
  requested(operation: string, method: string, status: number, seconds: number): void;
  ingested(status: ResultStatus, count: number): void;
  /** One question, in whichever protocol. */
  searched(): void;
  quotaRefused(): void;
  /** A row that this service did not write as it is. */
  rowRefused(table: string): void;
  /** One request to the provider that keeps the memories, its tries together. */
  provided(provider: string, operation: string, outcome: ProviderOutcome, seconds: number): void;
  readonly contentType: string;
  render(): Promise<string>;
}

export type ProviderOutcome = 'ok' | 'unavailable' | 'refused' | 'invalid';

export interface MetricsOptions {
  /** The tenant by its name: people read it, and write it into queries and alerts. */
  readonly tenant: string;
  /** The label of every metric that keeps those of several environments apart. */
  readonly environment: string;
  /** Lookups in the cache since the start, by kind. */
  readonly cacheCounts?: () => Readonly<Record<string, { readonly hits: number; readonly misses: number }>>;
  /** Told what is metered a day, too. */
  readonly onUse?: (kind: 'memories_written' | 'searches', count: number) => void;
  /** Read when Prometheus asks. */
  readonly vectorsInMemory: () => number;
  readonly outbox: () => Promise<{ readonly waiting: number; readonly failed: number }>;
}

const WRITTEN: ReadonlySet<ResultStatus> = new Set(['created', 'updated', 'merged', 'superseded', 'quarantined']);

const buildRefusals = (registers: Registry[]) => ({
  refused: new Counter({
    name: 'memplane_quota_refused_total',
    help: 'Writes refused by a quota',
    labelNames: ['tenant_id'],
    registers,
  }),
  tampered: new Counter({
    name: 'memplane_rows_refused_total',
    help: 'Reads of rows that were changed behind the service, by table',
    labelNames: ['tenant_id', 'table'],
    registers,
  }),
});

const buildProvided = (registers: Registry[]) => ({
  provided: new Counter({
    name: 'memplane_memory_provider_requests_total',
    help: 'Requests to the provider that keeps the memories, by outcome',
    labelNames: ['tenant_id', 'provider', 'operation', 'outcome'],
    registers,
  }),
  providedIn: new Histogram({
    name: 'memplane_memory_provider_duration_seconds',
    help: 'Time of a request to the provider that keeps the memories, its tries together',
    labelNames: ['tenant_id', 'provider', 'operation'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers,
  }),
});

/** The first four names are the documents'; what is ours begins with memplane_. */
const buildInstruments = (registers: Registry[]) => ({
  requests: new Counter({
    name: 'memory_requests_total',
    help: 'Requests to the API',
    labelNames: ['tenant_id'],
    registers,
  }),
  ingest: new Counter({
    name: 'memory_ingest_total',
    help: 'Memories offered, by what became of them',
    labelNames: ['tenant_id', 'status'],
    registers,
  }),
  operations: new Counter({
    name: 'memory_operations_total',
    help: 'Operations by outcome',
    labelNames: ['operation', 'status'],
    registers,
  }),
  responses: new Counter({
    name: 'memplane_http_responses_total',
    help: 'Responses by class of status',
    labelNames: ['tenant_id', 'method', 'code'],
    registers,
  }),
  ...buildRefusals(registers),
  ...buildProvided(registers),
});

export const createMetrics = (options: MetricsOptions): Metrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ environment: options.environment });
  collectDefaultMetrics({ register: registry });
  registerGauges([registry], options);
  if (options.cacheCounts) registerCacheCounters([registry], options.cacheCounts);
  const instruments = buildInstruments([registry]);
  const tenant_id = options.tenant;
  const tally = createRequestTally();
  registerDurations(registry, 'memory_operation_duration_seconds', 'Time to answer, by operation', tally);
  const settle = (): void => {
    for (const { operation, method, status, count } of tally.take()) {
      instruments.requests.inc({ tenant_id }, count);
      // What is switched off, or not done here, is refused like any other request that cannot be.
      const outcome = status < 400 ? 'ok' : status < 500 || status === 501 ? 'refused' : 'error';
      instruments.operations.inc({ operation, status: outcome }, count);
      instruments.responses.inc({ tenant_id, method, code: `${Math.floor(status / 100)}xx` }, count);
    }
  };
  return {
    requested: tally.count,
    ingested: (status, count) => {
      if (count === 0) return;
      instruments.ingest.inc({ tenant_id, status }, count);
      if (WRITTEN.has(status)) options.onUse?.('memories_written', count);
    },
    searched: () => options.onUse?.('searches', 1),
    quotaRefused: () => instruments.refused.inc({ tenant_id }),
    rowRefused: (table) => instruments.tampered.inc({ tenant_id, table }),
    provided: (provider, operation, outcome, seconds) => {
      instruments.provided.inc({ tenant_id, provider, operation, outcome });
      instruments.providedIn.observe({ tenant_id, provider, operation }, seconds);
    },
    contentType: registry.contentType,
    render: () => {
      settle();
      return registry.metrics();
    },
  };
};

/** Counted where the cache is; read when Prometheus asks. */
const registerCacheCounters = (registers: Registry[], read: NonNullable<MetricsOptions['cacheCounts']>): void => {
  for (const [name, of] of [
    ['cache_hits_total', 'hits'],
    ['cache_misses_total', 'misses'],
  ] as const) {
    new Counter({
      name,
      help: `Cache ${of} by kind of value`,
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const [kind, counts] of Object.entries(read())) this.inc({ kind }, counts[of]);
      },
    });
  }
};

const registerGauges = (registers: Registry[], options: MetricsOptions): void => {
  new Gauge({
    name: 'memplane_vectors_in_memory',
    help: 'Vectors this replica holds in its index',
    registers,
    collect() {
      this.set(options.vectorsInMemory());
    },
  });
  new Gauge({
    name: 'memplane_outbox_depth',
    help: 'Memories that still owe a vector, and those that were given up',
    labelNames: ['state'],
    registers,
    async collect() {
      const { waiting, failed } = await options.outbox();
      this.set({ state: 'waiting' }, waiting);
      this.set({ state: 'failed' }, failed);
    },
  });
};
