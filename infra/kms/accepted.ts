import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_AZURE_40',
    on: /^kms_(replica_)?(anchor|audit|keys|data|disk|objects|ops|cluster|state)_key$/,
    because:
      'rotation by policy sets the date of those that may expire; pinned and signing keys have none, because an expired one is an outage',
  },
  {
    check: 'CKV2_AZURE_32',
    on: /^(kms|tenants)(_replica)?_vault$/,
    because:
      'closed to every network; the plane, another stack, makes the private endpoints of what pods use, and services come as trusted ones',
  },
  {
    check: 'CKV_AZURE_112',
    on: /^kms_(replica_)?(anchor|audit|keys|data|disk|objects|ops|cluster|state)_key$/,
    because: 'keys of development are in software, by kms.protection of its profile',
    inDev: true,
  },
];
