import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_AZURE_12',
    on: /^network_flow_log$/,
    because:
      'zero days means that the log never ends by itself; the lifecycle of the account that keeps it does, after 400',
  },
];
