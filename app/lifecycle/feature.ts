import type { Core, Feature } from '../core.js';
import type { Queryable } from '../db/pool.js';
import type { ComponentState } from '../health/component-state.js';
import { holdRoutes } from '../holds/routes.js';
import { lifeRoutes } from '../memories/life-routes.js';
import { personRoutes } from '../memories/person-routes.js';
import { reviewRoutes } from '../reviews/routes.js';
import { lifecycleRoutes } from './routes.js';
import { selectTasks } from './store.js';
import { startLifecycle } from './worker.js';

/** What happens to memories after they were written: by people, and by time. */
export const createLifecycleFeature = ({ db, memories, cache, log }: Core): Feature => {
  const worker = startLifecycle({ deps: memories, log });
  return {
    routes: [
      ...lifeRoutes(memories),
      ...personRoutes(memories, cache),
      ...holdRoutes(memories),
      ...reviewRoutes(memories),
      ...lifecycleRoutes(memories, worker),
    ],
    health: { tasks: () => observeTasks(db) },
    stop: () => worker.stop(),
  };
};

/** Longer than any holder of a task may be gone before another takes it over. */
const OVERDUE_MS = 30 * 60_000;

const observeTasks = async (db: Queryable): Promise<ComponentState> => {
  try {
    const tasks = await selectTasks(db);
    const late = tasks.filter(({ next_run_at }) => Date.now() - next_run_at.getTime() > OVERDUE_MS);
    if (late.length > 0) return { status: 'degraded', detail: `overdue: ${late.map(({ name }) => name).join(', ')}` };
    return { status: 'ok', detail: `${tasks.length} tasks on time` };
  } catch {
    return { status: 'degraded', detail: 'the tasks cannot be read' };
  }
};
