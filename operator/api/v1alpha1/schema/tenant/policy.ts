import { choice, days, flag, group, integer, list, optional, percent, SAFE_MAX, text } from '../field.js';
import { label, version } from '../reference.js';
import { cron, duration, timeZone } from '../time.js';
import { quantity } from '../workload.js';

const maintenanceWindow = group('When the operator may restart what runs.', {
  name: label('Name of the window.'),
  schedule: cron('rollout.maintenanceWindows[].schedule', 'When it opens.'),
  timeZone: timeZone('Zone of the schedule.', { default: 'Etc/UTC' }),
  duration: duration('rollout.maintenanceWindows[].duration', 'How long it stays open.', { atLeast: '1h' }),
});

export const rollout = group('Which version runs, and when it may change.', {
  ring: optional(label('Ring of the plane: gives order and version. Unset: what the class says.')),
  version: optional(version('Pins the version; the ring still gives the order. Unset: the version of the ring.')),
  maintenanceWindows: optional(
    list('Windows for restarts. None: any time.', maintenanceWindow, {
      type: 'map',
      keys: ['name'],
      maxItems: 8,
      acts: false,
    }),
  ),
});

const memoriesRule = {
  rule: '!has(self.memories) || !has(self.memoriesPerUser) || self.memoriesPerUser <= self.memories',
  message: 'quotas.memoriesPerUser is greater than quotas.memories',
  remedy: 'raise quotas.memories or lower quotas.memoriesPerUser',
  fieldPath: '.memoriesPerUser',
};

const compute = group(
  'CPU and memory of the whole namespace. Unset: derived from scaling, surge and jobs.',
  { cpu: optional(quantity('CPU.')), memory: optional(quantity('Memory.')) },
  { acts: false },
);

export const quotas = group(
  'Limits of the tenant. Unset means unlimited; 0 means none.',
  {
    memories: optional(integer('Memories in all.', { maximum: SAFE_MAX })),
    memoriesPerUser: optional(integer('Memories of one user.', { maximum: SAFE_MAX })),
    storage: optional(quantity('Bytes of rows, vectors and artifacts.', { acts: false })),
    tokensPerDay: optional(integer('Tokens sent to providers in a day, by UTC.', { maximum: SAFE_MAX })),
    compute: optional(compute),
  },
  { defaulted: true, rules: [memoriesRule] },
);

const job = (name: string, description: string, every: string, acts?: false) =>
  group(
    description,
    { interval: duration(`policies.${name}.interval`, 'How often it runs.', { default: every, atLeast: '1m' }) },
    { defaulted: true, ...(acts === false ? { acts } : {}) },
  );

const forgetting = group(
  'Forgets what has become unimportant. Held memories are exempt.',
  {
    interval: duration('policies.forgetting.interval', 'How often it runs.', { default: '24h', atLeast: '1m' }),
    thresholdPercent: percent('Importance below which a memory is forgotten.', { default: 10 }),
  },
  { defaulted: true },
);

export const policies = group(
  'What is remembered, and for how long.',
  {
    ttlDays: optional(days('Age at which a memory expires. Unset: never.')),
    minConfidencePercent: percent('A memory below this confidence is dropped.', { default: 50 }),
    redact: list(
      'What is removed from texts before they are stored.',
      choice('One kind of data.', ['email', 'phone', 'card', 'secret']),
      { type: 'set', maxItems: 4, default: ['email', 'phone', 'card', 'secret'] },
    ),
    predicates: optional(
      list('Predicates that are accepted. Unset: any.', text('One predicate.', { maxLength: 128 }), {
        type: 'set',
        minItems: 1,
        maxItems: 256,
      }),
    ),
    forgetting,
    reconciliation: job('reconciliation', 'Resolves contradictions.', '5m', false),
    compression: job('compression', 'Merges what says the same.', '1h', false),
    cleanup: job('cleanup', 'Removes what has expired.', '1h'),
  },
  { defaulted: true },
);

export const features = list(
  'Switches of single features.',
  group('One switch.', {
    name: label(
      'Name of the feature: artifacts, events, ingest, langgraph, mcp, mem0, transfer or webhooks. Another name stalls with FeatureNotSupported.',
    ),
    enabled: flag('On or off.'),
  }),
  { type: 'map', keys: ['name'], maxItems: 64 },
);

export const observability = group(
  'Logs and metrics of the services.',
  {
    logLevel: choice('Least severity that is logged.', ['debug', 'info', 'warn', 'error'], { default: 'info' }),
    metrics: flag('Serve /metrics.', { default: true }),
  },
  { defaulted: true },
);
