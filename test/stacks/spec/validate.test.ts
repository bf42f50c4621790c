import type { AwsPlace, AzurePlace, Environment } from '../../../stacks/spec/environment.js';
import { environments } from '../../../stacks/spec/index.js';
import { describe as line, validate, warnings } from '../../../stacks/spec/validate.js';
import { find } from '../../support/stacks.js';

const aws = find('aws-prod');
const gcp = find('gcp-prod');
const azure = find('azure-prod');

const at = (environment: Environment, given: object): Environment =>
  ({ ...environment, place: { ...environment.place, ...given } }) as Environment;
const kms = (environment: Environment, given: Partial<Environment['kms']>): Environment => ({
  ...environment,
  kms: { ...environment.kms, ...given },
});
const audit = (environment: Environment, given: Partial<Environment['buckets']['audit']>): Environment => ({
  ...environment,
  buckets: { ...environment.buckets, audit: { ...environment.buckets.audit, ...given } },
});
const backups = (environment: Environment, given: Partial<Environment['buckets']['backups']>): Environment => ({
  ...environment,
  buckets: { ...environment.buckets, backups: { ...environment.buckets.backups, ...given } },
});
const network = (environment: Environment, given: Partial<Environment['network']>): Environment => ({
  ...environment,
  network: { ...environment.network, ...given },
});
/** The first server, changed. */
const postgres = (environment: Environment, given: Partial<Environment['postgres'][number]>): Environment => ({
  ...environment,
  postgres: environment.postgres.map((one, index) => (index === 0 ? { ...one, ...given } : one)),
});
const redis = (environment: Environment, given: Partial<Environment['redis']>): Environment => ({
  ...environment,
  redis: { ...environment.redis, ...given },
});
const edge = (environment: Environment, given: Partial<Environment['edge']>): Environment => ({
  ...environment,
  edge: { ...environment.edge, ...given },
});
const role = (name: string) => `arn:aws:iam::444455556666:role/${name}`;

interface Case {
  readonly because: string;
  readonly environment: Environment;
  readonly path: string;
  readonly says?: string;
}

const CASES: readonly Case[] = [
  {
    because: 'Azure has no room for it',
    environment: { ...aws, name: 'production' },
    path: 'aws-production.name',
    says: 'got "production"',
  },
  {
    because: 'nobody knows this profile',
    environment: { ...aws, profile: 'qa' as never },
    path: 'aws-prod.profile',
    says: 'allowed dev, prod, regulated',
  },
  { because: 'a domain has a dot', environment: { ...aws, baseDomain: 'localhost' }, path: 'aws-prod.baseDomain' },
  {
    because: 'there everything has other names',
    environment: at(aws, { partition: 'aws-cn' }),
    path: 'aws-prod.place.partition',
    says: 'nothing here is made for AWS in China: endpoints and principals have other names there, and some are missing (got "aws-cn"; allowed aws, aws-us-gov)',
  },
  {
    because: 'GovCloud is a partition of its own',
    environment: at(aws, {
      region: 'us-gov-west-1',
      zones: ['us-gov-west-1a', 'us-gov-west-1b', 'us-gov-west-1c'],
    }),
    path: 'aws-prod.place.region',
    says: 'not a region of the partition aws (got "us-gov-west-1"; allowed us-east-1, ',
  },
  {
    because: 'nothing is copied out of GovCloud',
    environment: at(aws, { partition: 'aws-us-gov', region: 'us-gov-west-1' }),
    path: 'aws-prod.place.replicaRegion',
    says: 'not a region of the partition aws-us-gov (got "eu-west-1"; allowed us-gov-west-1, us-gov-east-1)',
  },
  {
    because: 'nobody said where names are kept',
    environment: edge(aws, { dnsZone: '' }),
    path: 'aws-prod.edge.dnsZone',
  },
  {
    because: 'tenants would have names in another zone',
    environment: edge(gcp, { dnsZone: 'example.net' }),
    path: 'gcp-prod.edge.dnsZone',
    says: 'baseDomain memory.gcp.example.com does not lie within it (got "example.net"; allowed baseDomain, or a domain above it)',
  },
  {
    because: 'the plane makes the zone',
    environment: edge(aws, { zoneId: 'Z0123456789ABC' }),
    path: 'aws-prod.edge.zoneId',
    says: 'allowed manageZone: false, or no zoneId',
  },
  {
    because: 'it is no hosted zone',
    environment: edge(aws, { manageZone: false, zoneId: 'example.com' }),
    path: 'aws-prod.edge.zoneId',
    says: 'not the id of a hosted zone',
  },
  {
    because: 'it is the zone of another domain',
    environment: edge(azure, {
      manageZone: false,
      zoneId:
        '/subscriptions/00000000-0000-4000-8000-000000000201/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.net',
    }),
    path: 'azure-prod.edge.zoneId',
    says: 'the zone of another domain than memory.azure.example.com',
  },
  {
    because: 'it is neither yes nor no',
    environment: edge(aws, { manageZone: 'no' as never }),
    path: 'aws-prod.edge.manageZone',
    says: 'got "no"; allowed true, false',
  },
  {
    because: 'it is no address',
    environment: edge(aws, { issuer: { name: 'letsencrypt', email: 'on-call' } }),
    path: 'aws-prod.edge.issuer.email',
  },
  {
    because: 'Kubernetes has no such name',
    environment: edge(aws, { issuer: { name: "Let's Encrypt" } }),
    path: 'aws-prod.edge.issuer.name',
  },
  {
    because: 'nobody keeps metrics there',
    environment: { ...aws, observability: { ...aws.observability, metrics: 'none' as never } },
    path: 'aws-prod.observability.metrics',
    says: 'allowed managed, inCluster',
  },
  { because: 'it is a DNS label', environment: { ...aws, clusterId: 'Prod_1' }, path: 'aws-prod.clusterId' },
  {
    because: 'somebody owns it',
    environment: { ...aws, tags: { ...aws.tags, owner: ' ' } },
    path: 'aws-prod.tags.owner',
  },
  {
    because: 'an account has 12 digits',
    environment: at(aws, { accountId: '1234' }),
    path: 'aws-prod.place.accountId',
    says: 'missing or malformed account id (got "1234"; allowed',
  },
  { because: 'it is no region', environment: at(aws, { region: 'eu-central-9' }), path: 'aws-prod.place.region' },
  {
    because: 'one region is not two',
    environment: at(aws, { replicaRegion: 'eu-central-1' }),
    path: 'aws-prod.place.replicaRegion',
    says: 'replica region must differ',
  },
  {
    because: 'a zone is in its region',
    environment: at(aws, { zones: ['eu-west-1a', 'eu-central-1b', 'eu-central-1c'] }),
    path: 'aws-prod.place.zones',
    says: 'three zones of eu-central-1',
  },
  {
    because: 'three zones are three',
    environment: at(aws, { zones: ['eu-central-1a', 'eu-central-1a', 'eu-central-1c'] }),
    path: 'aws-prod.place.zones',
  },
  {
    because: 'it is a role of another account',
    environment: at(aws, { breakGlassRoleArn: 'arn:aws:iam::999999999999:role/x' }),
    path: 'aws-prod.place.breakGlassRoleArn',
    says: 'a wrong ARN here locks everybody out of the keys',
  },
  {
    because: 'who deploys does not judge',
    environment: at(aws, { complianceRoleArn: (aws.place as AwsPlace).deployRoleArn }),
    path: 'aws-prod.place.complianceRoleArn',
    says: 'the same principal as another duty',
  },
  {
    because: 'a project has a number',
    environment: at(gcp, { projectNumber: 'memplane' }),
    path: 'gcp-prod.place.projectNumber',
  },
  {
    because: 'a person does not deploy',
    environment: at(gcp, { deployServiceAccount: 'me@example.com' }),
    path: 'gcp-prod.place.deployServiceAccount',
  },
  {
    because: 'it is a zone of AWS',
    environment: at(gcp, { zones: ['europe-west3a', 'europe-west3b', 'europe-west3c'] }),
    path: 'gcp-prod.place.zones',
  },
  {
    because: 'a subscription is a UUID',
    environment: at(azure, { subscriptionId: '42' }),
    path: 'azure-prod.place.subscriptionId',
  },
  {
    because: 'a suffix has six characters',
    environment: at(azure, { suffix: 'ABC' }),
    path: 'azure-prod.place.suffix',
  },
  {
    because: 'deploy is not compliance',
    environment: at(azure, { complianceGroupId: (azure.place as AzurePlace).deployPrincipalId }),
    path: 'azure-prod.place.complianceGroupId',
  },
  {
    because: 'bits behind the prefix are a typing error',
    environment: network(aws, { endpointCidr: '10.0.4.1/24' }),
    path: 'aws-prod.network.endpointCidr',
    says: 'not a range of addresses, or one with bits behind its prefix (got "10.0.4.1/24"; allowed like 10.0.0.0/16)',
  },
  {
    because: 'nodes stand in their network',
    environment: network(gcp, { nodeCidrs: ['10.1.0.0/20', '10.0.48.0/20', '10.0.64.0/20'] }),
    path: 'gcp-prod.network.nodeCidrs[0]',
    says: 'outside of network.cidr (got "10.1.0.0/20"',
  },
  {
    because: 'two subnets cannot share addresses',
    environment: network(azure, { dataCidrs: ['10.0.1.0/24', '10.0.1.128/25', '10.0.3.0/24'] }),
    path: 'azure-prod.network.dataCidrs[1]',
    says: '10.0.1.128/25 overlaps 10.0.1.0/24 of network.dataCidrs[0]',
  },
  {
    because: 'pods have addresses of their own',
    environment: network(aws, { podCidr: '10.0.0.0/14' }),
    path: 'aws-prod.network.podCidr',
    says: 'allowed a range of its own',
  },
  {
    because: 'there are three zones',
    environment: network(aws, { dataCidrs: ['10.0.1.0/24', '10.0.2.0/24'] as never }),
    path: 'aws-prod.network.dataCidrs',
    says: 'one range a zone',
  },
  {
    because: 'sixteen addresses are no room for nodes',
    environment: network(aws, { nodeCidrs: ['10.0.32.0/28', '10.0.48.0/20', '10.0.64.0/20'] }),
    path: 'aws-prod.network.nodeCidrs[0]',
    says: 'allowed /8 to /22',
  },
  {
    because: 'Google takes exactly sixteen for its API server',
    environment: network(gcp, { controlPlaneCidr: '10.0.5.0/27' }),
    path: 'gcp-prod.network.controlPlaneCidr',
    says: 'allowed /28',
  },
  {
    because: 'addresses of others are not ours',
    environment: network(aws, { cidr: '8.8.0.0/16' }),
    path: 'aws-prod.network.cidr',
    says: 'a network of ours has private addresses',
  },
  {
    because: 'a peer would answer in our place',
    environment: network(aws, { peerCidrs: ['10.0.0.0/14'] }),
    path: 'aws-prod.network.peerCidrs[0]',
    says: 'overlaps',
  },
  {
    because: 'the whole internet has no name',
    environment: network(aws, { egress: [{ name: 'all', cidr: '0.0.0.0/0', ports: [443] }] }),
    path: 'aws-prod.network.egress[0].cidr',
    says: 'egress needs a named destination',
  },
  {
    because: 'port 0 is none',
    environment: network(aws, { egress: [{ name: 'llm', cidr: '203.0.113.0/24', ports: [0] }] }),
    path: 'aws-prod.network.egress[0].ports',
  },
  {
    because: 'reports do not come from the internet',
    environment: network(azure, { biSourceCidrs: ['203.0.113.0/24'] }),
    path: 'azure-prod.network.biSourceCidrs[0]',
    says: 'the internet never reaches data',
  },
  {
    because: 'one NAT falls with its zone',
    environment: network(aws, { natPerZone: false }),
    path: 'aws-prod.network.natPerZone',
  },
  {
    because: 'CloudWatch knows 365 and 400',
    environment: network(aws, { flowLogDays: 380 }),
    path: 'aws-prod.network.flowLogDays',
    says: 'CloudWatch keeps no logs for this long (got 380',
  },
  {
    because: 'evidence is kept for a year',
    environment: network(gcp, { flowLogDays: 30 }),
    path: 'gcp-prod.network.flowLogDays',
    says: 'allowed 365 to 3650',
  },
  {
    because: 'a plane has a database',
    environment: { ...aws, postgres: [] },
    path: 'aws-prod.postgres',
    says: 'a plane has servers (got 0; allowed 1 to 20)',
  },
  {
    because: 'two servers of a name are one',
    environment: { ...aws, postgres: [...aws.postgres, ...aws.postgres] },
    path: 'aws-prod.postgres[1].name',
    says: 'named twice',
  },
  {
    because: 'nobody knows this size',
    environment: postgres(aws, { size: 'huge' as never }),
    path: 'aws-prod.postgres[0].size',
    says: 'allowed small, medium, large',
  },
  {
    because: 'it is a machine of another cloud',
    environment: postgres(gcp, { instance: 'db.r6g.large' }),
    path: 'gcp-prod.postgres[0].instance',
    says: 'allowed db-custom-2-4096, db-custom-4-16384, db-custom-8-65536',
  },
  {
    because: 'a disk does not shrink',
    environment: postgres(aws, { maxStorageGb: 50 }),
    path: 'aws-prod.postgres[0].maxStorageGb',
    says: 'allowed 100 to 65536',
  },
  {
    because: 'Azure sells 64 and 128',
    environment: postgres(azure, { storageGb: 100 }),
    path: 'azure-prod.postgres[0].storageGb',
    says: 'Azure sells no storage of this size (got 100; allowed 32, 64, 128',
  },
  {
    because: 'the pools do not fit',
    environment: postgres(aws, { pooler: 'None', capacity: 10 }),
    path: 'aws-prod.postgres[0].maxConnections',
    says: '10 tenants × 20 pods × 10 connections = 2000, more than 470 (got 500; allowed pooler PgBouncer, or a lower capacity)',
  },
  {
    because: 'somebody must be able to look',
    environment: postgres(aws, { reservedConnections: 0 }),
    path: 'aws-prod.postgres[0].reservedConnections',
  },
  {
    because: 'a zone is lost sometimes',
    environment: postgres(gcp, { highlyAvailable: false }),
    path: 'gcp-prod.postgres[0].highlyAvailable',
    says: 'allowed true',
  },
  {
    because: 'a region is lost once',
    environment: postgres(aws, { crossRegion: false }),
    path: 'aws-prod.postgres[0].crossRegion',
    says: 'the loss of the region would be the loss of its data',
  },
  {
    because: 'a month is the least',
    environment: postgres(aws, { pitrDays: 14 }),
    path: 'aws-prod.postgres[0].pitrDays',
    says: 'allowed 30 to 35',
  },
  {
    because: 'no vendor keeps more',
    environment: postgres(find('aws-dev'), { pitrDays: 90 }),
    path: 'aws-dev.postgres[0].pitrDays',
    says: 'allowed 7 to 35',
  },
  {
    because: 'Azure chooses the region',
    environment: at(azure, { replicaRegion: 'swedencentral' }),
    path: 'azure-prod.postgres[0].crossRegion',
    says: 'geo backup goes to the paired region westeurope only (got true; allowed place.replicaRegion westeurope)',
  },
  {
    because: 'its pair has no room for the plane',
    environment: at(azure, { region: 'germanywestcentral' }),
    path: 'azure-prod.postgres[0].crossRegion',
    says: 'germanywestcentral has no paired region',
  },
  {
    because: 'a day has 24 hours',
    environment: postgres(aws, { maintenance: { day: 'sun', hour: 24 } }),
    path: 'aws-prod.postgres[0].maintenance.hour',
  },
  {
    because: 'it is sold or run, nothing else',
    environment: redis(aws, { target: 'elsewhere' as never }),
    path: 'aws-prod.redis.target',
    says: 'allowed managed, inCluster',
  },
  {
    because: 'it is a machine for databases',
    environment: redis(aws, { instance: 'db.r6g.large' }),
    path: 'aws-prod.redis.instance',
    says: 'allowed cache.t4g.medium, cache.r6g.large, cache.r6g.xlarge',
  },
  {
    because: 'one copy is none during maintenance',
    environment: redis(gcp, { replicas: 1 }),
    path: 'gcp-prod.redis.replicas',
    says: 'allowed 2, or a waiver of REDIS-REPLICAS for redis',
  },
  {
    because: 'ElastiCache keeps 35 days',
    environment: redis(aws, { snapshotDays: 60 }),
    path: 'aws-prod.redis.snapshotDays',
    says: 'allowed 1 to 35',
  },
  {
    because: 'Azure locks a message for five minutes at most',
    environment: { ...aws, queue: { ...aws.queue, visibilitySeconds: 600 } },
    path: 'aws-prod.queue.visibilitySeconds',
    says: 'one of the three clouds does not take it (got 600; allowed 10 to 300)',
  },
  {
    because: 'Google tries five times at least',
    environment: { ...gcp, queue: { ...gcp.queue, maxReceives: 1 } },
    path: 'gcp-prod.queue.maxReceives',
    says: 'allowed 5 to 100',
  },
  {
    because: 'Azure counts to a year',
    environment: { ...azure, registry: { untaggedDays: 400, mirrors: [] } },
    path: 'azure-prod.registry.untaggedDays',
    says: 'allowed 1 to 365',
  },
  {
    because: 'governance can be bypassed',
    environment: audit(aws, { lock: 'Governance' }),
    path: 'aws-prod.buckets.audit.lock',
    says: 'allowed Compliance',
  },
  {
    because: 'a year is the least',
    environment: audit(gcp, { floorDays: 30 }),
    path: 'gcp-prod.buckets.audit.floorDays',
    says: 'allowed 365 to 36500',
  },
  {
    because: 'restricted data stays seven years',
    environment: audit(aws, { retentionDays: 400 }),
    path: 'aws-prod.buckets.audit.retentionDays',
    says: 'allowed 2557',
  },
  {
    because: 'tiers go one way',
    environment: audit(aws, { archiveAfterDays: 30 }),
    path: 'aws-prod.buckets.audit.archiveAfterDays',
    says: 'allowed 31',
  },
  {
    because: 'days are whole',
    environment: audit(aws, { infrequentAfterDays: 0.5 }),
    path: 'aws-prod.buckets.audit.infrequentAfterDays',
  },
  {
    because: 'backups are locked in production',
    environment: backups(aws, { lock: 'None' }),
    path: 'aws-prod.buckets.backups.lock',
  },
  {
    because: 'a copy without lock protects nothing',
    environment: backups(find('aws-dev'), { crossRegion: true }),
    path: 'aws-dev.buckets.backups.crossRegion',
  },
  {
    because: 'locked objects cannot expire',
    environment: backups(aws, { floorDays: 60 }),
    path: 'aws-prod.buckets.backups.floorDays',
    says: 'lock on backups must end before they expire (got 60; allowed 1 to 30)',
  },
  {
    because: 'AWS waits 30 days at most',
    environment: kms(aws, { deletionWindowDays: 90 }),
    path: 'aws-prod.kms.deletionWindowDays',
    says: 'allowed 7 to 30',
  },
  {
    because: 'Google waits 120',
    environment: kms(gcp, { deletionWindowDays: 121 }),
    path: 'gcp-prod.kms.deletionWindowDays',
    says: 'allowed 1 to 120',
  },
  {
    because: 'a key rotates at most every 90 days',
    environment: kms(azure, { rotationDays: 30 }),
    path: 'azure-prod.kms.rotationDays',
  },
  {
    because: 'production is in an HSM',
    environment: kms(azure, { protection: 'Software' }),
    path: 'azure-prod.kms.protection',
    says: 'allowed Hsm',
  },
  {
    because: 'the provider is too old',
    environment: { ...aws, providers: { ...aws.providers, aws: '~> 4.0' } },
    path: 'aws-prod.providers.aws',
    says: 'admits no version',
  },
  {
    because: 'it is no constraint',
    environment: { ...aws, providers: { ...aws.providers, google: 'latest' } },
    path: 'aws-prod.providers.google',
    says: 'not a version constraint',
  },
];

describe('validation', () => {
  it('finds nothing wrong with the environments of this repository', () => {
    expect(validate(environments)).toEqual([]);
  });

  it.each(CASES)('refuses $path because $because', ({ environment, path, says }) => {
    const found = validate([environment]).filter((problem) => problem.path === path);
    expect(found).toHaveLength(1);
    expect(found.map(line).join()).toContain(says ?? path);
  });

  it('reports every problem of every environment at once', () => {
    const one = kms(audit(at(aws, { accountId: '1' }), { floorDays: 1 }), { rotationDays: 1 });
    const other = at(gcp, { region: 'mars' });
    const paths = validate([one, other]).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'aws-prod.place.accountId',
        'aws-prod.buckets.audit.floorDays',
        'aws-prod.kms.rotationDays',
        'gcp-prod.place.region',
      ]),
    );
  });

  it('refuses two environments that would share a state', () => {
    expect(validate([aws, at(aws, { accountId: '444455556666' })]).map(line)).toEqual([
      'aws-prod.name: two environments of this name on this cloud would share stacks and states (got "prod"; allowed another name)',
    ]);
  });

  describe('two environments of one account', () => {
    const dev = find('aws-dev');
    /** As somebody who copied an entry and gave it another name, and what else is said. */
    const copied = (change: Partial<Environment>, of = dev) => ({ ...of, name: 'stage', ...change });
    const own = { clusterId: 'stage-aws-1', baseDomain: 'memory.stage.aws.example.com' };
    const stageRole = (duty: string) => `arn:aws:iam::111122223333:role/memplane/stage/memplane-stage-${duty}`;
    const roles = {
      deployRoleArn: stageRole('deploy'),
      complianceRoleArn: stageRole('compliance'),
      breakGlassRoleArn: stageRole('break-glass'),
    };
    const stage = at(copied(own), roles);
    const edge = { ...dev.edge, dnsZone: own.baseDomain };

    it('are accepted when each has marks and roles of its own', () => {
      expect(validate([dev, { ...stage, edge }])).toEqual([]);
    });

    it.each<[string, Partial<Environment>, string]>([
      [
        'mark in the stores',
        { clusterId: dev.clusterId },
        'aws-stage.clusterId: is aws-dev.clusterId too: each would take the tenants in the stores of the other for its own (got "dev-aws-1"; allowed one of its own)',
      ],
      [
        'domain',
        { baseDomain: dev.baseDomain, edge: dev.edge },
        'aws-stage.baseDomain: is aws-dev.baseDomain too: a tenant of one would answer at the address of the other (got "memory.dev.aws.example.com"; allowed one of its own)',
      ],
    ])('may not have one %s', (_what, change, says) => {
      expect(validate([dev, { ...stage, edge, ...change }]).map(line)).toEqual([says]);
    });

    it('may not make one role or one service account twice, whichever duty has it', () => {
      const taken = dev.place.cloud === 'aws' ? dev.place.deployRoleArn : '';
      const both = validate([dev, { ...at(stage, { complianceRoleArn: taken }), edge }]).map(line);
      expect(both).toEqual([
        `aws-stage.place.complianceRoleArn: is aws-dev.place.deployRoleArn too: both bootstraps would make it, and the second cannot (got "${taken}"; allowed one of its own)`,
      ]);
      const google = find('gcp-dev');
      const paths = validate([google, copied({}, google)]).map(({ path }) => path);
      expect(paths).toEqual(['clusterId', 'baseDomain', 'place.deployServiceAccount'].map((one) => `gcp-stage.${one}`));
    });

    it('are warned of when their networks could never be connected, and only then', () => {
      const ranges = (given: readonly Environment[]) =>
        warnings(given)
          .filter(({ path }) => path.endsWith('network.cidr'))
          .map(line);
      expect(ranges([dev, stage])).toEqual([
        'aws-stage.network.cidr: overlaps 10.0.0.0/16 of aws-dev.network.cidr in the same account 111122223333: the two can never be peered, nor reached over one VPN (got "10.0.0.0/16"; allowed a range of its own)',
      ]);
      const elsewhere = { ...stage, network: { ...stage.network, cidr: '10.32.0.0/16' } };
      expect(ranges([dev, elsewhere])).toEqual([]);
      expect(ranges([dev, at(stage, { accountId: '222233334444' }), find('gcp-dev')])).toEqual([]);
    });
  });

  it('allows governance and software keys in dev', () => {
    const dev = find('azure-dev');
    expect(dev.buckets.audit.lock).toBe('Governance');
    expect(validate([kms(dev, { protection: 'Software' })])).toEqual([]);
  });

  it('accepts role ARNs with and without a path', () => {
    const flat = { deployRoleArn: role('d'), complianceRoleArn: role('c'), breakGlassRoleArn: role('b') };
    expect(validate([at(aws, flat)])).toEqual([]);
  });

  it('warns while the audit account on Azure can still be unlocked, and only outside dev', () => {
    const locks = (given: readonly Environment[]) =>
      warnings(given)
        .map(({ path }) => path)
        .filter((path) => path.endsWith('immutability'));
    expect(locks([azure, find('azure-dev'), aws])).toEqual(['azure-prod.place.immutability']);
    expect(locks([at(azure, { immutability: 'Locked' })])).toEqual([]);
  });

  it('warns where nobody of the plane may write names, and not where a zone is made or named', () => {
    const about = (environment: Environment) =>
      warnings([environment]).filter(({ path }) => path.endsWith('edge.manageZone'));
    expect(about(edge(aws, { manageZone: false })).map(({ message }) => message)).toEqual([
      'nobody of this plane writes into memory.aws.example.com: certificates and names of tenants are made elsewhere',
    ]);
    expect(about(edge(aws, { manageZone: false, zoneId: 'Z0123456789ABC' }))).toEqual([]);
    expect(about(aws)).toEqual([]);
  });

  it('warns that tenants share a bought cache, and of nothing where the charts run it', () => {
    expect(warnings([aws]).map(line)).toEqual([
      'aws-prod.redis.target: managed Redis has no ACL a tenant: keys are separated by prefix and sealing only (got "managed"; allowed inCluster where tenants need their own)',
    ]);
    expect(warnings([redis(aws, { target: 'inCluster' })])).toEqual([]);
  });
});
