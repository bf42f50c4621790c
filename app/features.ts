import { accessRoutes } from './access/routes.js';
import { createArtifactFeature } from './artifacts/feature.js';
import { createAuditFeature } from './audit/feature.js';
import type { Core, Feature } from './core.js';
import { createErasureFeature } from './erasure/feature.js';
import { eventRoutes } from './events/routes.js';
import { createIngestDeps, createIngestFeature } from './ingest/feature.js';
import { createJobsFeature } from './jobs/feature.js';
import { storeRoutes } from './langgraph/routes.js';
import { createLifecycleFeature } from './lifecycle/feature.js';
import { createMcpFeature } from './mcp/feature.js';
import { createMem0Feature } from './mem0/feature.js';
import { memoryRoutes } from './memories/routes.js';
import { createQualityFeature } from './quality/feature.js';
import { createSearchFeature } from './search/feature.js';
import { createTransferFeature } from './transfer/feature.js';
import { createWebhooksFeature } from './webhooks/feature.js';

/** All that the service can do, a line a feature. They stop in reverse order. */
export const createFeatures = (core: Core, ingest = createIngestDeps(core)): readonly Feature[] => [
  { routes: memoryRoutes(core.memories) },
  createSearchFeature(core),
  createLifecycleFeature(core),
  createArtifactFeature(core),
  { routes: accessRoutes(core) },
  createAuditFeature(core),
  { routes: eventRoutes(core) },
  createWebhooksFeature(core),
  createIngestFeature(core, ingest),
  createMem0Feature(core, ingest),
  createMcpFeature(core),
  { routes: storeRoutes(core.memories) },
  createTransferFeature(core),
  createErasureFeature(core),
  createQualityFeature(core),
  createJobsFeature(core),
];
