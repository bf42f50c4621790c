import type { KubeClient } from '../../clients/kube.js';
import type { Log } from '../../runtime/log.js';

/** What the workload controllers share. */
export interface WorkloadContext {
  readonly client: KubeClient;
  readonly log: Log;
  readonly now: () => Date;
  /** Pause after a Job's first failed pod; it doubles with each further one. @default 1 s (a real cluster takes 10 s) */
  readonly jobBackoffMs: number;
}
