import type { Core, Feature } from '../core.js';
import { holdRoutes } from '../holds/routes.js';
import { lifeRoutes } from '../memories/life-routes.js';
import { personRoutes } from '../memories/person-routes.js';
import { reviewRoutes } from '../reviews/routes.js';
import { lifecycleRoutes } from './routes.js';
import { startLifecycle } from './worker.js';

/** What happens to memories after they were written: by people, and by time. */
export const createLifecycleFeature = ({ memories, cache, log }: Core): Feature => {
  const worker = startLifecycle({ deps: memories, log });
  return {
    routes: [
      ...lifeRoutes(memories),
      ...personRoutes(memories, cache),
      ...holdRoutes(memories),
      ...reviewRoutes(memories),
      ...lifecycleRoutes(memories, worker),
    ],
    stop: () => worker.stop(),
  };
};
