import { accessRoutes } from './access/routes.js';
import { createArtifactFeature } from './artifacts/feature.js';
import { createAuditFeature } from './audit/feature.js';
import type { Core, Feature } from './core.js';
import { createErasureFeature } from './erasure/feature.js';
import { eventRoutes } from './events/routes.js';
import { createIngestDeps, createIngestFeature } from './ingest/feature.js';
import type { IngestDeps } from './ingest/ingest.js';
import { createJobsFeature } from './jobs/feature.js';
import { storeRoutes } from './langgraph/routes.js';
import { createLifecycleFeature } from './lifecycle/feature.js';
import { createMcpFeature } from './mcp/feature.js';
import { createMem0Feature } from './mem0/feature.js';
import { createMemoryFeature } from './memories/feature.js';
import { requireEnabled } from './policies/features.js';
import { createQualityFeature } from './quality/feature.js';
import { keepWhereConfigured } from './remote/feature.js';
import { createSearchFeature } from './search/feature.js';
import { createTransferFeature } from './transfer/feature.js';
import { createWebhooksFeature } from './webhooks/feature.js';

/** All that the service can do, a line a feature. They stop in reverse order. */
export const createFeatures = (core: Core, ingest = createIngestDeps(core)): readonly Feature[] =>
  keepWhereConfigured(core, (keep) => buildFeatures(core, keep === undefined ? ingest : { ...ingest, keep }));

const buildFeatures = (core: Core, ingest: IngestDeps): readonly Feature[] => [
  createMemoryFeature(core),
  createSearchFeature(core),
  createLifecycleFeature(core),
  switchable(core, 'artifacts', createArtifactFeature(core)),
  { routes: accessRoutes(core) },
  createAuditFeature(core),
  switchable(core, 'events', { routes: eventRoutes(core) }),
  switchable(core, 'webhooks', createWebhooksFeature(core)),
  switchable(core, 'ingest', createIngestFeature(core, ingest)),
  switchable(core, 'mem0', createMem0Feature(core, ingest)),
  switchable(core, 'mcp', createMcpFeature(core), ['/mcp']),
  switchable(core, 'langgraph', { routes: storeRoutes(core.memories) }),
  switchable(core, 'transfer', createTransferFeature(core)),
  createErasureFeature(core),
  createQualityFeature(core),
  createJobsFeature(core),
];

/** A part that `spec.features` can turn off for a tenant while the service runs: its routes, and the paths that it mounts. */
const switchable = (core: Core, flag: string, feature: Feature, paths: readonly string[] = []): Feature => ({
  ...feature,
  routes: (feature.routes ?? []).map((route) => ({ ...route, flag })),
  mount: (app) => {
    for (const path of paths) {
      app.use(path, (_request, _response, next) => {
        requireEnabled(core.policies(), flag);
        next();
      });
    }
    feature.mount?.(app);
  },
});
