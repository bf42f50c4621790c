import type { Core, Feature } from '../core.js';
import { openBucket } from '../keys/index.js';
import { finalizeErasures } from './final.js';
import { erasureJob } from './job.js';
import { deleteDeadReplicas, startReplica } from './replicas.js';
import { erasureRoutes } from './routes.js';
import { signWaiting } from './sign-waiting.js';

const HOUSEKEEPING_MS = 600_000;

export const createErasureFeature = (core: Core): Feature => {
  const url = core.config.ARTIFACTS_BUCKET_URL;
  const replica = startReplica(core);
  const deps = { core, replica, bucket: url === undefined ? undefined : openBucket(url, { identity: core.config }) };
  core.jobs.register(erasureJob(deps));
  const tidy = async (): Promise<void> => {
    await deleteDeadReplicas(core.db);
    await finalizeErasures(deps);
    await signWaiting(core);
  };
  const attempt = (): void => {
    tidy().catch((err: unknown) => core.log.warn({ err }, 'erasures are not made final yet'));
  };
  attempt();
  const timer = setInterval(attempt, HOUSEKEEPING_MS);
  timer.unref();
  return {
    routes: erasureRoutes(core),
    stop: async () => {
      clearInterval(timer);
      await replica.stop();
    },
  };
};
