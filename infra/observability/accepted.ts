import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_AWS_338',
    on: /^observability_trail_log$/,
    because: 'development keeps logs for thirty days; the trail itself lies in the vault',
    inDev: true,
  },
];
