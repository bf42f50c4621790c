import type { Core, Feature } from '../core.js';
import { jobRoutes } from './routes.js';
import { startJobRunner } from './runner.js';

/** The last of the list: what others register must be there before the first job is taken. */
export const createJobsFeature = (core: Core): Feature => {
  const runner = startJobRunner(core);
  return { routes: jobRoutes(core), stop: () => runner.stop() };
};
