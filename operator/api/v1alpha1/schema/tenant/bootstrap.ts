import { url } from '../address.js';
import { group, optional } from '../field.js';
import { label, nameRef, objectName, uuid } from '../reference.js';
import { timestamp } from '../time.js';

const MANIFEST_SCHEMES = 's3|gs|azure|file|https';

export const manifestURI = (description: string) => url(description, MANIFEST_SCHEMES);

const retained = group('Data and keys that an earlier tenant left behind under deletionPolicy Retain.', {
  tenantID: uuid('The status.tenantID of the earlier tenant.'),
});

const restore = group(
  'A backup of another tenant.',
  {
    backupRef: optional(
      group('The MemoryBackup.', {
        namespace: label('Its namespace, mem-<tenant>.'),
        name: objectName('Its name.'),
      }),
    ),
    manifestURI: optional(manifestURI('Manifest of a backup that has no MemoryBackup here.')),
    pointInTime: optional(timestamp('Moment to restore. Unset: the cut of the backup.')),
  },
  {
    acts: false,
    rules: [
      {
        rule: 'has(self.backupRef) != has(self.manifestURI)',
        message: 'bootstrap.restore names no backup, or two',
        remedy: 'give exactly one of backupRef and manifestURI',
      },
    ],
  },
);

export const bootstrap = group(
  'Where the first data come from. Fixed as soon as the tenant has an identity (status.tenantID).',
  {
    retained: optional(retained),
    restore: optional(restore),
    import: optional(
      group(
        'A database of an earlier installation.',
        { databaseSecretRef: nameRef('Secret in mem-<name> with the key url.') },
        { acts: false },
      ),
    ),
  },
  {
    rules: [
      {
        rule: '(has(self.retained) ? 1 : 0) + (has(self.restore) ? 1 : 0) + (has(self.import) ? 1 : 0) == 1',
        message: 'bootstrap names no source, or more than one',
        remedy: 'give exactly one of retained, restore and import',
      },
    ],
  },
);
