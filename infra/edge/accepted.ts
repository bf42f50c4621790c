import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV2_AWS_38',
    on: /^dns_zone$/,
    because:
      'Route 53 signs only with a key in us-east-1, outside of the regions of an environment, and only after the parent delegates: turned on by hand then',
  },
  {
    check: 'CKV2_AWS_39',
    on: /^dns_zone$/,
    because:
      'queries are logged in us-east-1 only, which would carry who asks for which tenant out of the region; changes of records are in CloudTrail',
  },
];
