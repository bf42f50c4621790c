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
        'aws-prod.place.deployRoleArn',
        'aws-prod.buckets.audit.floorDays',
        'aws-prod.kms.rotationDays',
        'gcp-prod.place.region',
        'gcp-prod.place.zones',
      ]),
    );
  });

  it('refuses two environments that would share a state', () => {
    expect(validate([aws, at(aws, { accountId: '444455556666' })]).map(line)).toEqual([
      'aws-prod.name: two environments of this name on this cloud would share stacks and states (got "prod"; allowed another name)',
    ]);
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
    expect(warnings([azure, find('azure-dev'), aws]).map(({ path }) => path)).toEqual([
      'azure-prod.place.immutability',
    ]);
    expect(warnings([at(azure, { immutability: 'Locked' })])).toEqual([]);
  });
});
