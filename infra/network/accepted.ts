import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_AZURE_12',
    on: /^network_flow_log$/,
    because:
      'zero days means that the log never ends by itself; the lifecycle of the account that keeps it does, after 400',
  },
  {
    check: 'CKV_AWS_338',
    on: /^network_flows$/,
    because: 'development keeps logs for thirty days',
    inDev: true,
  },
  {
    check: 'CKV2_AWS_5',
    on: /^network_group_(reader|redis)$/,
    because:
      'the list of who may reach what is the same everywhere; development buys neither a read replica nor a cache to stand in them',
    inDev: true,
  },
];
