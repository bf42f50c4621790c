import { Cron } from 'croner';
import type { CronJobSpec } from 'kubernetes-types/batch/v1.js';

/** What a schedule says about a moment. */
export interface Due {
  /** The latest scheduled time that has passed since the last run; of several missed ones only that counts. */
  readonly at: Date | undefined;
  /** undefined for a schedule that never comes. */
  readonly nextInMs: number | undefined;
}

/** Throws for a schedule or a time zone that is none. */
export function resolveDue(spec: CronJobSpec, lastRun: Date, now: Date): Due {
  const zone = spec.timeZone === undefined ? {} : { timezone: spec.timeZone };
  const cron = new Cron(spec.schedule, { paused: true, mode: '5-part', ...zone });
  const next = cron.nextRun(now);
  // One millisecond on: a time that is exactly now has come.
  const latest = cron.previousRuns(1, new Date(now.getTime() + 1))[0];
  const oldest =
    spec.startingDeadlineSeconds === undefined
      ? lastRun.getTime()
      : Math.max(lastRun.getTime(), now.getTime() - spec.startingDeadlineSeconds * 1_000);
  return {
    at: latest !== undefined && latest.getTime() > oldest ? latest : undefined,
    nextInMs: next === null ? undefined : next.getTime() - now.getTime(),
  };
}
