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
  {
    check: 'CKV_AWS_287',
    on: /^account_deploy_permissions$/,
    because:
      'Terraform makes and changes whole services; one exact subject of CI may become this role, and its use is alarmed',
    inPlan: true,
  },
  {
    check: 'CKV_AWS_288',
    on: /^account_deploy_permissions$/,
    because: 'it keeps the buckets it makes; what is sealed or locked in them stays so',
    inPlan: true,
  },
  {
    check: 'CKV_AWS_289',
    on: /^account_deploy_permissions$/,
    because: 'it makes the roles of the environment, below one path, which is all of IAM that it may change',
    inPlan: true,
  },
  {
    check: 'CKV_AWS_290',
    on: /^account_(break_glass|deploy)_permissions$/,
    because:
      'what is to be mended or made has no ARN yet; people of break-glass are named, come with MFA and for an hour',
    inPlan: true,
  },
  {
    check: 'CKV_AWS_355',
    on: /^account_(break_glass|compliance|deploy)_permissions$/,
    because: 'the same, and for compliance calls that list: they take no resource',
    inPlan: true,
  },
];
