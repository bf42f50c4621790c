import { object, plane, type RuleCase, tenantRule } from './case.js';

type Spec = Readonly<Record<string, unknown>>;

const window = (fields: Spec): Spec => ({
  rollout: { maintenanceWindows: [{ name: 'nightly', schedule: '0 2 * * *', duration: '2h', ...fields }] },
});

const SCHEDULES: readonly { readonly field: string; readonly spec: (schedule: string) => Spec }[] = [
  { field: 'spec.backup.schedule', spec: (schedule) => ({ backup: { schedule } }) },
  { field: 'spec.backup.drill.schedule', spec: (schedule) => ({ backup: { drill: { schedule } } }) },
  { field: 'spec.audit.verifySchedule', spec: (verifySchedule) => ({ audit: { verifySchedule } }) },
  { field: 'spec.rollout.maintenanceWindows[0].schedule', spec: (schedule) => window({ schedule }) },
];

const CRON_FIELDS: readonly { readonly what: string; readonly good: string; readonly bad: string }[] = [
  { what: 'minutes end at 59', good: '59 * * * *', bad: '60 * * * *' },
  { what: 'hours end at 23', good: '0 23 * * *', bad: '0 24 * * *' },
  { what: 'days begin at 1', good: '0 0 1 * *', bad: '0 0 0 * *' },
  { what: 'days end at 31', good: '0 0 31 * *', bad: '0 0 32 * *' },
  { what: 'months end at 12', good: '0 0 1 12 *', bad: '0 0 1 13 *' },
  { what: 'weekdays end at 7', good: '0 0 * * 7', bad: '0 0 * * 8' },
  {
    what: 'lists, ranges, steps and names are cron too',
    good: '*/15 8-18,22 1-7/2 JAN,jul MON-FRI',
    bad: '*/0 * * * *',
  },
  { what: 'there are five fields', good: '0 2 * * 1', bad: '0 2 * *' },
  { what: 'words are no schedule', good: '0 0 * * *', bad: '@daily' },
];

const INTERVALS: readonly {
  readonly field: string;
  readonly spec: (interval: string) => Spec;
  readonly least: string;
  readonly less: string;
}[] = [
  ...(['forgetting', 'reconciliation', 'compression', 'cleanup'] as const).map((name) => ({
    field: `spec.policies.${name}.interval`,
    spec: (interval: string) => ({ policies: { [name]: { interval } } }),
    least: '1m',
    less: '59s',
  })),
  {
    field: 'spec.services.sync.interval',
    spec: (interval) => ({ services: { sync: { interval } } }),
    least: '1s',
    less: '999ms',
  },
  {
    field: 'spec.audit.archiveInterval',
    spec: (archiveInterval) => ({ audit: { archiveInterval } }),
    least: '1s',
    less: '1ms',
  },
  {
    field: 'spec.audit.anchorInterval',
    spec: (anchorInterval) => ({ audit: { anchorInterval } }),
    least: '1s',
    less: '0s',
  },
  {
    field: 'spec.rollout.maintenanceWindows[0].duration',
    spec: (duration) => window({ duration }),
    least: '1h',
    less: '59m59s',
  },
];

export const scheduleCases: readonly RuleCase[] = [
  ...SCHEDULES.map(({ field, spec }) =>
    tenantRule(
      `${field} is a cron schedule`,
      spec('30 2 * * *'),
      spec('30 25 * * *'),
      field,
      /not a cron schedule of five fields in range.*write it as "0 2 \* \* \*"/,
    ),
  ),
  ...CRON_FIELDS.map(({ what, good, bad }) =>
    tenantRule(
      `in a schedule ${what}`,
      { backup: { schedule: good } },
      { backup: { schedule: bad } },
      'spec.backup.schedule',
      /not a cron schedule/,
    ),
  ),
  ...INTERVALS.map(({ field, spec, least, less }) =>
    tenantRule(
      `${field} is at least ${least}`,
      spec(least),
      spec(less),
      field,
      new RegExp(`shorter than ${least}.*give at least ${least}`),
    ),
  ),
  tenantRule(
    'a duration has units',
    { services: { sync: { interval: '1h30m' } } },
    { services: { sync: { interval: '90' } } },
    'spec.services.sync.interval',
    /should match/,
  ),
  tenantRule(
    'a duration has no fraction',
    { audit: { archiveInterval: '90m' } },
    { audit: { archiveInterval: '1.5h' } },
    'spec.audit.archiveInterval',
    /should match/,
  ),
  {
    rule: 'the window of a class is at least 1h',
    accepted: { manifest: object('MemoryTenantClass', { backupWindow: { duration: '1h' } }) },
    refused: {
      manifest: object('MemoryTenantClass', { backupWindow: { duration: '30m' } }),
      field: 'spec.backupWindow.duration',
      message: /backupWindow\.duration is shorter than 1h/,
    },
  },
  {
    rule: 'a ring may have no soak, written as 0s',
    accepted: { manifest: plane({ rings: [{ name: 'stable', version: '1.4.0', soak: '0s' }] }) },
    refused: {
      manifest: plane({ rings: [{ name: 'stable', version: '1.4.0', soak: '0' }] }),
      field: 'spec.rings[0].soak',
      message: /should match/,
    },
  },
];
