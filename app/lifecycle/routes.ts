import { Type } from '@sinclair/typebox';
import { inRetriedTransaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import { TENANT_SLOT } from '../memories/prepare.js';
import { literals, Uuid } from '../memories/schema.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { formatOptionalTime, formatTime } from '../memories/time.js';
import { countStats } from './stats.js';
import { insertPendingRun, type RunRow, selectRun, selectRuns, selectTasks, TASKS } from './store.js';
import { intervalSeconds, type LifecycleWorker } from './worker.js';

const Count = Type.Integer();
const Counts = Type.Record(Type.String(), Count);
const NullableText = Type.Union([Type.String(), Type.Null()]);

const StatsSchema = Type.Object({
  total: Count,
  by_status: Counts,
  by_scope: Counts,
  by_vector_status: Counts,
  held: Count,
  contradicted: Count,
  users: Count,
  quota: Type.Union([Type.Object({ used: Count, memories: Type.Union([Count, Type.Null()]) }), Type.Null()]),
  at: Type.String(),
});

const RunSchema = Type.Object({
  run_id: Uuid,
  task: literals(TASKS),
  trigger: literals(['schedule', 'request']),
  status: literals(['pending', 'running', 'succeeded', 'failed']),
  counts: Counts,
  error: NullableText,
  created_at: Type.String(),
  started_at: NullableText,
  finished_at: NullableText,
});

const SchedulerSchema = Type.Object({
  tasks: Type.Array(
    Type.Object({
      name: literals(TASKS),
      interval_seconds: Count,
      next_run_at: Type.String(),
      last_run: Type.Union([RunSchema, Type.Null()]),
    }),
  ),
  runs: Type.Array(RunSchema),
});

/** As many runs as somebody reads. */
const SHOWN_RUNS = 50;

export const lifecycleRoutes = (deps: MemoryServiceDeps, worker: LifecycleWorker): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/memory_stats',
    operation: 'memoryStats',
    summary: 'How many memories there are, by what they are',
    permission: 'retrieve',
    writes: false,
    responses: { 200: StatsSchema },
    handle: async (request) => ({ status: 200, body: await countStats(deps, request) }),
  }),
  schedulerStatus(deps),
  runForgettingCurve(deps, worker),
];

const schedulerStatus = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/scheduler_status',
    operation: 'schedulerStatus',
    summary: 'When each task of the lifecycle runs next, and what its runs did',
    permission: 'retrieve',
    writes: false,
    query: Type.Object({ run_id: Type.Optional(Uuid) }, { additionalProperties: false }),
    responses: { 200: SchedulerSchema },
    handle: async ({ query }) => {
      const tasks = await selectTasks(deps.db);
      const recent = await selectRuns(deps.db, SHOWN_RUNS);
      const asked = query.run_id === undefined ? undefined : await selectRun(deps.db, query.run_id);
      if (query.run_id !== undefined && !asked) throw problem('not_found', `There is no run ${query.run_id}.`);
      const lastOf = (name: string): RunRow | undefined => recent.find(({ task }) => task === name);
      const policies = deps.policies();
      const body = {
        tasks: tasks.map(({ name, next_run_at }) => {
          const last = lastOf(name);
          return {
            name,
            interval_seconds: intervalSeconds(name, policies),
            next_run_at: formatTime(next_run_at),
            last_run: last ? present(last) : null,
          };
        }),
        runs: (asked ? [asked] : recent).map(present),
      };
      return { status: 200, body };
    },
  });

const runForgettingCurve = (deps: MemoryServiceDeps, worker: LifecycleWorker): Route =>
  defineRoute({
    method: 'POST',
    path: '/run_forgetting_curve',
    operation: 'runForgettingCurve',
    summary: 'Let forgetting run now; /scheduler_status tells what it did',
    permission: 'admin',
    writes: true,
    idempotencyKey: 'honoured',
    responses: { 202: Type.Object({ run_id: Uuid }) },
    handle: async ({ remember }) => {
      const run_id = deps.newId();
      const answer = { status: 202, body: { run_id }, headers: { Location: `/scheduler_status?run_id=${run_id}` } };
      await inRetriedTransaction(deps.db, async (transaction) => {
        await insertPendingRun(transaction, run_id, 'forgetting');
        await remember(transaction, TENANT_SLOT, answer);
      });
      worker.wake();
      return answer;
    },
  });

const present = (run: RunRow) => ({
  run_id: run.id,
  task: run.task,
  trigger: run.trigger,
  status: run.status,
  counts: run.counts,
  error: run.error,
  created_at: formatTime(run.created_at),
  started_at: formatOptionalTime(run.started_at),
  finished_at: formatOptionalTime(run.finished_at),
});
