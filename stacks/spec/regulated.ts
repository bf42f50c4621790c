import type { EnvironmentInput } from './environment.js';

/**
 * What a supervised company would begin with: the strictest profile, public images through the plane's own registry,
 * Azure's accounts as they are after the second apply. It is synthesised, proved and validated by the tests, and
 * deployed by nobody until `index.ts` lists it. Account numbers, ids and addresses are examples.
 */
const COMMON = {
  name: 'reg',
  profile: 'regulated',
  tags: { owner: 'platform@example.com', costCenter: 'memory-regulated', dataClass: 'restricted' },
  registry: { mirrors: ['public.ecr.aws', 'quay.io', 'registry.k8s.io'] },
  observability: { alarmEmails: ['on-call@example.com'] },
  access: {
    pipeline: {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:example/memplane-infrastructure:environment:reg',
    },
    compliance: [],
    breakGlass: [],
  },
} as const;

export const regulated: readonly EnvironmentInput[] = [
  {
    ...COMMON,
    access: {
      ...COMMON.access,
      compliance: ['arn:aws:iam::777788889999:role/people/compliance'],
      breakGlass: ['arn:aws:iam::777788889999:role/people/on-call'],
    },
    clusterId: 'reg-aws-1',
    baseDomain: 'memory.reg.aws.example.com',
    edge: { dnsZone: 'memory.reg.aws.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'aws',
      accountId: '777788889999',
      partition: 'aws',
      region: 'eu-central-1',
      zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
      replicaRegion: 'eu-west-1',
      deployRoleArn: 'arn:aws:iam::777788889999:role/memplane/reg/memplane-reg-deploy',
      complianceRoleArn: 'arn:aws:iam::777788889999:role/memplane/reg/memplane-reg-compliance',
      breakGlassRoleArn: 'arn:aws:iam::777788889999:role/memplane/reg/memplane-reg-break-glass',
    },
  },
  {
    ...COMMON,
    clusterId: 'reg-gcp-1',
    baseDomain: 'memory.reg.gcp.example.com',
    edge: { dnsZone: 'memory.reg.gcp.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'gcp',
      projectId: 'example-memplane-reg',
      projectNumber: '100000000003',
      region: 'europe-west3',
      zones: ['europe-west3-a', 'europe-west3-b', 'europe-west3-c'],
      replicaRegion: 'europe-west4',
      deployServiceAccount: 'memplane-deploy@example-memplane-reg.iam.gserviceaccount.com',
      complianceGroup: 'memplane-compliance@example.com',
      breakGlassGroup: 'memplane-break-glass@example.com',
    },
  },
  {
    ...COMMON,
    clusterId: 'reg-azure-1',
    baseDomain: 'memory.reg.azure.example.com',
    edge: { dnsZone: 'memory.reg.azure.example.com', issuer: { email: 'on-call@example.com' } },
    place: {
      cloud: 'azure',
      subscriptionId: '00000000-0000-4000-8000-000000000301',
      entraTenantId: '00000000-0000-4000-8000-000000000100',
      region: 'northeurope',
      zones: ['1', '2', '3'],
      // Paired: where Azure puts geo-redundant backups is not for us to choose.
      replicaRegion: 'westeurope',
      suffix: 'ex4mp3',
      deployPrincipalId: '00000000-0000-4000-8000-000000000311',
      complianceGroupId: '00000000-0000-4000-8000-000000000312',
      breakGlassGroupId: '00000000-0000-4000-8000-000000000313',
      adminGroupId: '00000000-0000-4000-8000-000000000314',
      immutability: 'Locked',
    },
  },
];
