import { conditions, observedGeneration } from './condition.js';
import { choice, group, integer, list, optional, SAFE_MAX, text } from './field.js';
import { AGE, immutable, type Kind, READY } from './kind.js';
import { tenantName } from './reference.js';
import { manifestURI } from './tenant/bootstrap.js';
import { timestamp } from './time.js';

export const memoryBackupSpec = group(
  'Why, and what may be done with it. It cannot change.',
  {
    reason: optional(text('Why it is made.', { maxLength: 1024 })),
    deletionPolicy: choice('Whether the copy outlives this object.', ['Retain', 'Delete'], { default: 'Retain' }),
    allowRestoreTo: optional(
      list('Other tenants that may begin from it.', tenantName('One tenant.'), { type: 'set', maxItems: 64 }),
    ),
  },
  { defaulted: true, acts: false, rules: [immutable('MemoryBackup')] },
);

export const memoryBackupStatus = group('The copy.', {
  observedGeneration: observedGeneration(),
  conditions: conditions('Ready; Reconciling and Stalled only while True.'),
  startTime: optional(timestamp('When it began.')),
  completionTime: optional(timestamp('When it was complete.')),
  cut: optional(
    group('The one moment that all parts show.', {
      lsn: optional(text('Position in the log of Postgres.', { maxLength: 32 })),
      auditSequence: optional(integer('Newest audit event.', { maximum: SAFE_MAX })),
      vectorWatermark: optional(text('How far vectors had come.', { maxLength: 128 })),
    }),
  ),
  manifestURI: optional(manifestURI('Where its signed manifest is.')),
  bytes: optional(integer('Its size.', { maximum: SAFE_MAX })),
  sha256: optional(
    text('Hash of the manifest.', {
      maxLength: 64,
      pattern: '^[0-9a-f]{64}$',
      expects: '64 hexadecimal digits in lower case',
    }),
  ),
  expiryTime: optional(timestamp('When it may be deleted.')),
});

export const memoryBackup: Kind = {
  kind: 'MemoryBackup',
  plural: 'memorybackups',
  singular: 'memorybackup',
  shortNames: ['mb'],
  scope: 'Namespaced',
  description: 'One consistent cut of one tenant over Postgres, vectors and artifacts.',
  notes: ['It lives in `mem-<tenant>`. Nothing acts on it in this version: it is accepted and kept.'],
  columns: [
    { name: 'Bytes', jsonPath: '.status.bytes', type: 'integer', description: 'Its size.' },
    { name: 'Completed', jsonPath: '.status.completionTime', type: 'date', description: 'When it was complete.' },
    { name: 'Expires', jsonPath: '.status.expiryTime', type: 'string', description: 'When it may be deleted.' },
    ...READY,
    AGE,
    { name: 'Manifest', jsonPath: '.status.manifestURI', type: 'string', description: 'Its manifest.', wide: true },
  ],
  spec: memoryBackupSpec,
  status: memoryBackupStatus,
  rules: [],
  example: { name: 'before-upgrade', namespace: 'mem-acme', spec: { reason: 'before the upgrade' } },
};
