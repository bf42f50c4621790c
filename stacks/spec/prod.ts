import type { EnvironmentInput } from './environment.js';

/** Account numbers, ids and addresses are examples: replace them with yours. */
const COMMON = {
  name: 'prod',
  profile: 'prod',
  tags: { owner: 'platform@example.com', costCenter: 'memory-prod', dataClass: 'restricted' },
  observability: { alarmEmails: ['on-call@example.com'] },
  access: {
    pipeline: {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:example/memplane-infrastructure:environment:prod',
    },
    compliance: [],
    breakGlass: [],
  },
} as const;

export const prod: readonly EnvironmentInput[] = [
  {
    ...COMMON,
    access: {
      ...COMMON.access,
      compliance: ['arn:aws:iam::444455556666:role/people/compliance'],
      breakGlass: ['arn:aws:iam::444455556666:role/people/on-call'],
    },
    clusterId: 'prod-aws-1',
    baseDomain: 'memory.aws.example.com',
    edge: { dnsZone: 'memory.aws.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'aws',
      accountId: '444455556666',
      partition: 'aws',
      region: 'eu-central-1',
      zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
      replicaRegion: 'eu-west-1',
      deployRoleArn: 'arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-deploy',
      complianceRoleArn: 'arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-compliance',
      breakGlassRoleArn: 'arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-break-glass',
    },
  },
  {
    ...COMMON,
    clusterId: 'prod-gcp-1',
    baseDomain: 'memory.gcp.example.com',
    edge: { dnsZone: 'memory.gcp.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'gcp',
      projectId: 'example-memplane-prod',
      projectNumber: '100000000002',
      region: 'europe-west3',
      zones: ['europe-west3-a', 'europe-west3-b', 'europe-west3-c'],
      replicaRegion: 'europe-west4',
      deployServiceAccount: 'memplane-deploy@example-memplane-prod.iam.gserviceaccount.com',
      complianceGroup: 'memplane-compliance@example.com',
      breakGlassGroup: 'memplane-break-glass@example.com',
    },
  },
  {
    ...COMMON,
    clusterId: 'prod-azure-1',
    baseDomain: 'memory.azure.example.com',
    edge: { dnsZone: 'memory.azure.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'azure',
      subscriptionId: '00000000-0000-4000-8000-000000000201',
      entraTenantId: '00000000-0000-4000-8000-000000000100',
      region: 'northeurope',
      zones: ['1', '2', '3'],
      // Paired: where Azure puts geo-redundant backups is not for us to choose.
      replicaRegion: 'westeurope',
      suffix: 'ex4mp2',
      deployPrincipalId: '00000000-0000-4000-8000-000000000211',
      complianceGroupId: '00000000-0000-4000-8000-000000000212',
      breakGlassGroupId: '00000000-0000-4000-8000-000000000213',
      adminGroupId: '00000000-0000-4000-8000-000000000214',
      immutability: 'Unlocked',
    },
  },
];
