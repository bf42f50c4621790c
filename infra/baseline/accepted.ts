import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_GCP_42',
    on: /^baseline_topics$/,
    because: 'replication by Storage Transfer makes and removes topics of its own; no narrower role does',
  },
];
