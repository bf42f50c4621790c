import type { EnvironmentInput } from './environment.js';

/** Account numbers, ids and addresses are examples: replace them with yours. */
const COMMON = {
  name: 'dev',
  profile: 'dev',
  tags: { owner: 'platform@example.com', costCenter: 'memory-dev', dataClass: 'internal' },
  observability: { alarmEmails: ['on-call@example.com'] },
  access: {
    pipeline: {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:example/memplane-infrastructure:environment:dev',
    },
    compliance: [],
    breakGlass: [],
  },
} as const;

export const dev: readonly EnvironmentInput[] = [
  {
    ...COMMON,
    access: {
      ...COMMON.access,
      compliance: ['arn:aws:iam::111122223333:role/people/compliance'],
      breakGlass: ['arn:aws:iam::111122223333:role/people/on-call'],
    },
    clusterId: 'dev-aws-1',
    baseDomain: 'memory.dev.aws.example.com',
    edge: { dnsZone: 'memory.dev.aws.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'aws',
      accountId: '111122223333',
      partition: 'aws',
      region: 'eu-central-1',
      zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
      replicaRegion: 'eu-west-1',
      deployRoleArn: 'arn:aws:iam::111122223333:role/memplane/dev/memplane-dev-deploy',
      complianceRoleArn: 'arn:aws:iam::111122223333:role/memplane/dev/memplane-dev-compliance',
      breakGlassRoleArn: 'arn:aws:iam::111122223333:role/memplane/dev/memplane-dev-break-glass',
    },
  },
  {
    ...COMMON,
    clusterId: 'dev-gcp-1',
    baseDomain: 'memory.dev.gcp.example.com',
    edge: { dnsZone: 'memory.dev.gcp.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'gcp',
      projectId: 'example-memplane-dev',
      projectNumber: '100000000001',
      region: 'europe-west3',
      zones: ['europe-west3-a', 'europe-west3-b', 'europe-west3-c'],
      replicaRegion: 'europe-west4',
      deployServiceAccount: 'memplane-deploy@example-memplane-dev.iam.gserviceaccount.com',
      complianceGroup: 'memplane-compliance@example.com',
      breakGlassGroup: 'memplane-break-glass@example.com',
    },
  },
  {
    ...COMMON,
    clusterId: 'dev-azure-1',
    baseDomain: 'memory.dev.azure.example.com',
    edge: { dnsZone: 'memory.dev.azure.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'azure',
      subscriptionId: '00000000-0000-4000-8000-000000000101',
      entraTenantId: '00000000-0000-4000-8000-000000000100',
      region: 'germanywestcentral',
      zones: ['1', '2', '3'],
      replicaRegion: 'swedencentral',
      suffix: 'ex4mp1',
      deployPrincipalId: '00000000-0000-4000-8000-000000000111',
      complianceGroupId: '00000000-0000-4000-8000-000000000112',
      breakGlassGroupId: '00000000-0000-4000-8000-000000000113',
      adminGroupId: '00000000-0000-4000-8000-000000000114',
      immutability: 'Unlocked',
    },
  },
];
