import type { Core, Feature } from '../core.js';
import { VERSION } from '../version.js';
import { exportRoutes } from './export-routes.js';
import { importRoutes } from './import-routes.js';
import { exportJob, importJob } from './jobs.js';
import { deleteOldFiles } from './parts.js';

const HOUSEKEEPING_MS = 3_600_000;

export const createTransferFeature = (core: Core): Feature => {
  const deps = { ...core.memories, tenant: core.tenant, version: VERSION };
  core.jobs.register(exportJob(core, deps));
  core.jobs.register(importJob(core));
  const timer = setInterval(() => {
    deleteOldFiles(core.db).catch((err: unknown) => core.log.warn({ err }, 'old transfer files are still there'));
  }, HOUSEKEEPING_MS);
  timer.unref();
  return {
    routes: [...exportRoutes(core, deps), ...importRoutes(core, core.memories)],
    stop: async () => clearInterval(timer),
  };
};
