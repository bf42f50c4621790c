import { messageOf } from '../http/cause.js';
import { startLoop } from '../loop.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import type { Policies } from '../policies/schema.js';
import { capNextRun, claimTask, deleteOldRuns, finishRun, startRun, TASKS, type TaskName } from './store.js';
import { type Counts, runExpiry, runForgetting, runHolds } from './tasks.js';

export interface LifecycleWorker {
  /** Somebody asked for a run: do not wait for the next look. */
  wake(): void;
  /** Finishes the rows in hand. */
  stop(): Promise<void>;
}

export interface LifecycleOptions {
  readonly deps: MemoryServiceDeps;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const LOOK_MS = 1_000;
/** Longer than a run over a million rows takes. */
const LEASE_SECONDS = 900;

export const intervalSeconds = (task: TaskName, { policies }: Policies): number => {
  switch (task) {
    case 'expiry':
      return policies.cleanup?.intervalSeconds ?? 3_600;
    case 'forgetting':
      return policies.forgetting?.intervalSeconds ?? 86_400;
    default:
      return 60;
  }
};

/** Runs each task of the lifecycle when it is due. Any number of replicas may; a task has one holder at a time. */
export const startLifecycle = (options: LifecycleOptions): LifecycleWorker => {
  const loop = startLoop({
    turn: async () => ((await turn(options, () => loop.isStopped())) ? 0 : LOOK_MS),
    onTrouble: (err) => {
      if (!loop.isStopped()) options.log.warn({ err }, 'the lifecycle was interrupted, will go on');
    },
  });
  return loop;
};

/** Whether there was something to do. */
const turn = async ({ deps, log }: LifecycleOptions, isStopped: () => boolean): Promise<boolean> => {
  const { db, policies, newId } = deps;
  // A tenant that accepts no writes keeps what it has.
  if (policies().mode !== 'Active') return false;
  for (const task of TASKS) await capNextRun(db, task, intervalSeconds(task, policies()));
  const task = await claimTask(db, LEASE_SECONDS);
  if (!task) return false;
  const id = await startRun(db, newId(), task);
  let counts: Counts = {};
  let error: string | null = null;
  try {
    counts = await run(deps, task, isStopped);
  } catch (cause) {
    error = messageOf(cause);
    log.warn({ err: cause, task }, 'a task of the lifecycle failed; its next run tries again');
  }
  await finishRun(db, task, { id, counts, error }, intervalSeconds(task, policies()));
  await deleteOldRuns(db);
  log.info({ task, run: id, ...counts }, 'a task of the lifecycle ended');
  return true;
};

const run = (deps: MemoryServiceDeps, task: TaskName, isStopped: () => boolean): Promise<Counts> => {
  switch (task) {
    case 'expiry':
      return runExpiry(deps, isStopped);
    case 'forgetting':
      return runForgetting(deps, isStopped);
    default:
      return runHolds(deps);
  }
};
