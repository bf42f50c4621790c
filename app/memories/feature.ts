import type { Core, Feature } from '../core.js';
import { writeJob } from './later.js';
import { memoryRoutes } from './routes.js';

export const createMemoryFeature = (core: Core): Feature => {
  core.jobs.register(writeJob(core.memories));
  return { routes: memoryRoutes(core.memories, core.jobs) };
};
