import { conditions, observedGeneration } from './condition.js';
import { choice, flag, group, integer, list, optional, SAFE_MAX, text } from './field.js';
import { AGE, immutable, type Kind, READY } from './kind.js';
import { label, objectName } from './reference.js';
import { manifestURI } from './tenant/bootstrap.js';
import { timestamp } from './time.js';

export const memoryRestoreSpec = group(
  'What is restored, and where to. It cannot change.',
  {
    mode: choice(
      'Aside: into a place beside, for a look or a drill. InPlace: the tenant goes back to it.',
      ['Aside', 'InPlace'],
      {
        default: 'Aside',
      },
    ),
    verifyOnly: flag('Only check that it could be restored.', { default: false }),
    backupName: optional(objectName('A MemoryBackup in this namespace.')),
    manifestURI: optional(manifestURI('Manifest of a backup that has no MemoryBackup here.')),
    pointInTime: optional(timestamp('A moment that the log still reaches.')),
  },
  {
    acts: false,
    rules: [
      {
        rule: '(has(self.backupName) ? 1 : 0) + (has(self.manifestURI) ? 1 : 0) + (has(self.pointInTime) ? 1 : 0) == 1',
        message: 'spec names no source, or more than one',
        remedy: 'give exactly one of backupName, manifestURI and pointInTime',
      },
      immutable('MemoryRestore'),
    ],
  },
);

const check = group('One check.', {
  name: label('Its name.'),
  ok: flag('Whether it passed.'),
  detail: optional(text('What it saw.', { minLength: 0, maxLength: 1024 })),
});

export const memoryRestoreStatus = group('How it went.', {
  observedGeneration: observedGeneration(),
  conditions: conditions('Ready; Reconciling and Stalled only while True.'),
  startTime: optional(timestamp('When it began.')),
  completionTime: optional(timestamp('When it ended.')),
  checks: optional(list('What was checked before traffic.', check, { type: 'map', keys: ['name'], maxItems: 64 })),
  measuredRTOSeconds: optional(integer('How long it took.', { maximum: SAFE_MAX })),
});

export const memoryRestore: Kind = {
  kind: 'MemoryRestore',
  plural: 'memoryrestores',
  singular: 'memoryrestore',
  shortNames: ['mr'],
  scope: 'Namespaced',
  description: 'Restores a tenant from a backup or to a moment, in place or aside.',
  notes: [
    'It lives in `mem-<tenant>`; a new tenant is restored by its own `spec.bootstrap`. Nothing acts on it in this version: it is accepted and kept.',
  ],
  columns: [
    { name: 'Mode', jsonPath: '.spec.mode', type: 'string', description: 'In place or aside.' },
    { name: 'Completed', jsonPath: '.status.completionTime', type: 'date', description: 'When it ended.' },
    ...READY,
    AGE,
    { name: 'Backup', jsonPath: '.spec.backupName', type: 'string', description: 'The backup.', wide: true },
  ],
  spec: memoryRestoreSpec,
  status: memoryRestoreStatus,
  rules: [],
  example: { name: 'look', namespace: 'mem-acme', spec: { backupName: 'before-upgrade' } },
};
