import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV2_AWS_62',
    on: /^(artifacts|artifacts_replica|backups|backups_replica|audit|audit_replica|keys|keys_replica|access_logs|access_logs_replica|state)$/,
    because:
      'nobody listens to events of buckets: what the service writes it knows, and what others do is in the access logs',
  },
  {
    check: 'CKV_AWS_144',
    on: /^(keys|keys_replica)$/,
    because:
      'the application writes keyrings to both regions before it acknowledges them; a copy made by S3 would bring a destroyed key back',
  },
  {
    check: 'CKV_AWS_144',
    on: /^access_logs(_replica)?$/,
    because: 'logs stay in the region that they are about; there is a bucket of each',
  },
  {
    check: 'CKV_AWS_144',
    on: /^state$/,
    because: "every region's stacks are made from code again; versions of ninety days mend a broken state",
  },
  {
    check: 'CKV_AWS_145',
    on: /^access_logs(_replica)?$/,
    because: 'S3 delivers its access logs into no bucket with a KMS key',
  },
  {
    check: 'CKV_AWS_21',
    on: /^keys(_replica)?$/,
    because: 'versions would keep a destroyed key',
  },
  {
    check: 'CKV_AWS_18',
    on: /^state$/,
    because: 'it is made before any bucket for logs; whoever uses its key is in CloudTrail',
  },
  {
    check: 'CKV_GCP_62',
    on: /^(access_logs(_replica)?|state)$/,
    because: 'the log of logs is the data-access log of the project, which is on for storage',
  },
  {
    check: 'CKV_GCP_78',
    on: /^(audit|audit_replica|backups|backups_replica)$/,
    because: 'a locked retention policy keeps the only version; Cloud Storage has long refused both together',
  },
  {
    check: 'CKV_GCP_78',
    on: /^keys(_replica)?$/,
    because: 'versions would keep a destroyed key',
  },
  {
    check: 'CKV2_AZURE_21',
    on: /_container$/,
    because:
      'reads, writes and deletions are logged by a diagnostic setting of the account, which this check does not follow; accounts of logs are not logged themselves',
  },
  {
    check: 'CKV2_AZURE_33',
    on: /^(access_logs|audit|keys)(_replica)?$|^(artifacts_replica|backups_replica|state)$/,
    because: 'closed to every network; the plane, another stack, makes the private endpoints of what pods use',
  },
  {
    check: 'CKV2_AZURE_38',
    on: /^keys(_replica)?$/,
    because: 'a bin would keep a destroyed key',
  },
  {
    check: 'CKV_AZURE_206',
    on: /^(access_logs|audit|keys|backups|artifacts)(_replica)?$|^state$/,
    because:
      'three zones (ZRS), and a copy in an account of the other region that has a lock of its own: object replication, which this check does not follow',
  },
  {
    check: 'CKV_AZURE_33',
    on: /^(access_logs|audit|keys|backups|artifacts)(_replica)?$|^state$/,
    because: 'no account has a queue in it',
  },
  {
    check: 'CKV_AWS_144',
    on: /^(artifacts|backups)$/,
    because: 'nothing of development survives its region, by buckets.backups.crossRegion of its profile',
    inDev: true,
  },
];
