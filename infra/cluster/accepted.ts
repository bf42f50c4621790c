import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_AWS_25',
    on: /^cluster_way_\d_in$/,
    because: 'its source is the group of the API server, not an address; the check looks at the range of ports only',
  },
  {
    check: 'CKV_GCP_12',
    on: /^gke$/,
    because: 'Dataplane V2 enforces network policies without the add-on that this check looks for',
  },
  {
    check: 'CKV_AZURE_172',
    on: /^aks$/,
    because: 'secrets come through External Secrets, not through the driver whose rotation this is',
  },
  {
    check: 'CKV_AZURE_226',
    on: /^aks$/,
    because: 'ephemeral disks cannot have a key of ours',
  },
  {
    check: 'CKV_AZURE_4',
    on: /^aks$/,
    because: 'logs of the control plane go to the workspace by a diagnostic setting, which this check does not follow',
  },
  {
    check: 'CKV_AWS_338',
    on: /^cluster_logs$/,
    because: 'development keeps logs for thirty days',
    inDev: true,
  },
];
