import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV2_AWS_57',
    on: /_secret$/,
    because:
      "the administrator's password is raised by its version in code, on the server and in the secret at once; a rotation by Lambda would change one of them",
  },
  {
    check: 'CKV_AWS_157',
    on: /_replica_\d$/,
    because: 'a read replica is the second machine; the primary has its standby',
  },
  {
    check: 'CKV2_GCP_13',
    on: /^pg_/,
    because: 'what is slower than a second is logged with its duration; every one would be a log of the whole load',
  },
  {
    check: 'CKV_GCP_108',
    on: /^pg_/,
    because: 'clients are pods whose names mean nothing a minute later, and each lookup delays a connection',
  },
  {
    check: 'CKV_GCP_109',
    on: /^pg_/,
    because: 'warnings are kept as Postgres sends them; fewer would hide what precedes an error',
  },
  {
    check: 'CKV_GCP_6',
    on: /^pg_/,
    because: 'TLS is required (ENCRYPTED_ONLY) and verified by name; client certificates have no place in MemoryPlane',
  },
  {
    check: 'CKV_GCP_79',
    on: /^pg_/,
    because: 'versions 16 and 17 are what the service is tested on',
  },
  {
    check: 'CKV2_AZURE_57',
    on: /^pg_/,
    because: 'the server stands in a delegated subnet of ours, which excludes a private endpoint',
  },
  {
    check: 'CKV_AZURE_41',
    on: /_secret$/,
    because: 'it is raised by its version in code; an expired administrator would lock the operator out',
  },
  {
    check: 'CKV_AZURE_136',
    on: /^pg_/,
    because: 'nothing of development survives its region, by postgres.crossRegion of its profile',
    inDev: true,
  },
  {
    check: 'CKV_AWS_157',
    on: /^pg_(?!.*_replica_)/,
    because: 'development has no standby, by postgres.highlyAvailable of its profile',
    inDev: true,
  },
  {
    check: 'CKV_AWS_338',
    on: /^pg_.*_log_(postgresql|upgrade)$/,
    because: 'development keeps logs for thirty days',
    inDev: true,
  },
];
