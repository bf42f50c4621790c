import { cidr } from '../address.js';
import { choice, days, flag, group, integer, list, optional, text } from '../field.js';
import { label } from '../reference.js';
import { cron, duration, timeZone } from '../time.js';

export const encryption = group(
  'Sealing of what is stored.',
  {
    fields: flag('Seal content with keys of the tenant and of its users. Once on, it stays on.', { default: true }),
    keyRotationDays: days('Age at which the key of the tenant is replaced.', { default: 365 }),
    index: choice('Search by exact words over sealed text, or none.', ['keyword', 'off'], {
      default: 'keyword',
    }),
    clearMetadata: list(
      'Metadata keys that stay in clear, so that ranges can be searched.',
      text('One key.', { maxLength: 128 }),
      {
        type: 'set',
        maxItems: 64,
        default: [],
      },
    ),
    kmsKeyID: optional(
      text('KMS key that wraps the key of the tenant. Unset: the key of the plane.', { maxLength: 512, acts: false }),
    ),
  },
  {
    defaulted: true,
    rules: [
      {
        rule: '!oldSelf.fields || self.fields',
        message: 'encryption.fields goes from true to false',
        remedy: 'keep it true: what is sealed stays sealed',
        fieldPath: '.fields',
      },
    ],
  },
);

const drill = group(
  'Restores the newest backup aside and checks it, so that a backup is known to work.',
  {
    enabled: flag('Do so.', { default: true }),
    maxAgeDays: days('Age of the last good drill beyond which DrillFresh is False.', { default: 8 }),
    schedule: optional(cron('backup.drill.schedule', 'When drills start. Unset: spread over the window of the class.')),
  },
  { defaulted: true },
);

export const backup = group(
  'Consistent copies of this one tenant.',
  {
    schedule: optional(cron('backup.schedule', 'When backups start. Unset: spread over the window of the class.')),
    timeZone: timeZone('Zone of the schedules.', { default: 'Etc/UTC' }),
    retentionDays: days('How long a backup is kept.', { default: 30 }),
    pointInTime: flag('Keep the write-ahead log too, so that any moment can be restored.', { default: true }),
    drill,
  },
  { defaulted: true, acts: false },
);

const RETENTION_FLOOR_DAYS = 365;
/** Seven years, two leap days included. */
const SEVEN_YEARS_DAYS = 2557;

export const audit = group(
  'The log of who read and wrote what: append-only, anchored, archived under lock.',
  {
    reads: flag('Log reads too.', { default: true }),
    readsMode: choice(
      'Batched: one event for up to 250 ms of reads. Strict: a read waits for its event.',
      ['Batched', 'Strict'],
      {
        default: 'Batched',
      },
    ),
    retentionDays: integer('How long archived events are locked. It can only be lengthened.', {
      default: SEVEN_YEARS_DAYS,
      minimum: RETENTION_FLOOR_DAYS,
      maximum: 36_525,
      rules: [
        {
          rule: 'self >= oldSelf',
          message: 'audit.retentionDays is shortened',
          remedy: 'keep or lengthen it: what is locked cannot be unlocked',
        },
      ],
    }),
    archiveInterval: duration('audit.archiveInterval', 'How often events go to the locked bucket.', { default: '1h' }),
    anchorInterval: duration('audit.anchorInterval', 'How often the head is anchored by the witness.', {
      default: '60s',
      acts: false,
    }),
    verifySchedule: optional(
      cron(
        'audit.verifySchedule',
        'When the archive is verified. Unset: weekly, spread over the window of the class.',
        {
          acts: false,
        },
      ),
    ),
  },
  { defaulted: true },
);

export const compliance = list(
  'Frameworks that raise floors: hipaa asks for audit.retentionDays of at least 2192.',
  choice('One framework.', ['gdpr', 'soc2', 'hipaa']),
  { type: 'set', maxItems: 3, default: [], acts: false },
);

const egress = group('One destination outside.', {
  name: label('Name of the destination.'),
  cidr: cidr('Its addresses.'),
  ports: list('Its ports.', integer('One TCP port.', { minimum: 1, maximum: 65_535 }), {
    type: 'set',
    minItems: 1,
    maxItems: 16,
  }),
});

export const network = group(
  'Traffic beside what the services need of each other. Unset: from the gateway and from consumers only.',
  {
    egress: optional(list('Destinations that pods may reach.', egress, { type: 'map', keys: ['name'], maxItems: 32 })),
    ingressFrom: optional(
      list(
        'Namespaces that may reach the service, beside gateway and consumers.',
        group('One peer.', { namespace: label('Name of the namespace.') }),
        { type: 'map', keys: ['namespace'], minItems: 1, maxItems: 32 },
      ),
    ),
  },
);
