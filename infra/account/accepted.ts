import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_GCP_41',
    on: /^account_deploy_iam_serviceAccountUser$/,
    because: 'Terraform hands the nodes their account; the role that applies stacks must be able to',
  },
  {
    check: 'CKV_GCP_49',
    on: /^account_deploy_iam_serviceAccount(Admin|User)$/,
    because: 'Terraform makes the accounts of the environment; one exact subject of CI may become this one',
  },
];
