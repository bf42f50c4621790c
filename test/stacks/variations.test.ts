import { withDefaults } from '../../stacks/spec/defaults.js';
import { dev } from '../../stacks/spec/dev.js';
import type { Environment, EnvironmentInput, Place, Waiver } from '../../stacks/spec/environment.js';
import { prod } from '../../stacks/spec/prod.js';
import { synth } from '../support/stacks.js';

const { access: _, ...strangers } = prod[0] as EnvironmentInput;
const inADay = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const waiver = (rule: string, resource: string): readonly Waiver[] => [
  { rule, resource, reason: 'until the release', owner: 'platform@example.com', expires: inADay(90) },
];

type Change = Partial<Omit<EnvironmentInput, 'place' | 'profile'>>;

/** What somebody may decide differently, on every cloud, and still be proved: in three environments, to save time. */
const CHANGES: Readonly<Record<string, Change>> = {
  'other parts: no queue, metrics of its own, other namespaces, a zone of somebody else, several databases, euros': {
    queue: { enabled: false },
    observability: { alarmEmails: ['a@example.com'], metrics: 'inCluster' },
    identity: { operatorNamespace: 'ops', dataNamespace: 'vectors', secretsNamespace: 'eso' },
    edge: { dnsZone: 'example.com', manageZone: false },
    postgres: [
      { name: 'pg-a', readReplicas: 2 },
      { name: 'pg-b', size: 'large', version: '17' },
      { name: 'c', readReplicas: 0 },
    ],
    prices: { currency: 'EUR' },
  },
  'other sizes: a cache in the cluster, five large vector nodes, another network with ways out, longer locks': {
    redis: { target: 'inCluster' },
    qdrant: { size: 'large', nodes: 5, replicationFactor: 3, diskGb: 1000 },
    cluster: { pools: { services: { size: 'large', maxPerZone: 20 } } },
    network: {
      cidr: '10.64.0.0/16',
      publicCidrs: ['10.64.101.0/24', '10.64.102.0/24', '10.64.103.0/24'],
      nodeCidrs: ['10.64.32.0/20', '10.64.48.0/20', '10.64.64.0/20'],
      dataCidrs: ['10.64.1.0/24', '10.64.2.0/24', '10.64.3.0/24'],
      endpointCidr: '10.64.4.0/24',
      controlPlaneCidr: '10.64.5.0/28',
      podCidr: '10.68.0.0/14',
      serviceCidr: '172.21.0.0/16',
      egress: [{ name: 'model', cidr: '203.0.113.0/24', ports: [443] }],
      biSourceCidrs: ['10.9.0.0/16'],
    },
    buckets: {
      audit: { floorDays: 400, retentionDays: 3650 },
      backups: { floorDays: 14, retentionDays: 20, expireDays: 40 },
    },
  },
  'weakenings with waivers: one copy of the database, nothing in the second region, software keys': {
    postgres: [{ name: 'pg-a', highlyAvailable: false, readReplicas: 0, crossRegion: false }],
    kms: { protection: 'Software' },
    buckets: { backups: { crossRegion: false } },
    waivers: [...waiver('PG-HA', 'pg_pg-a*'), ...waiver('PG-DR', 'pg_pg-a*'), ...waiver('KEY-HSM', 'kms')],
    promises: {
      rpoMinutes: { postgresZone: 60, postgresRegion: null, artifactsRegion: null },
      rtoMinutes: { zone: 120, region: null },
    },
  },
};

const nameOf = (index: number): string => `v${String(index).padStart(2, '0')}abcde`;

const varied = (cloud: Place['cloud']): readonly Environment[] =>
  Object.values(CHANGES).map((change, index) => {
    const input = prod.find(({ place }) => place.cloud === cloud) as EnvironmentInput;
    return withDefaults({ ...input, ...change, name: nameOf(index) });
  });

const errorsOf = (environments: readonly Environment[]): readonly string[] =>
  synth(environments).errors.filter((line) => line.startsWith('error'));

describe.each(['aws', 'gcp', 'azure'] as const)('production on %s', (cloud) => {
  // Each by itself: they are one environment in three shapes, and beside each other two would be refused.
  const errors = varied(cloud).flatMap((one) => errorsOf([one]));

  it.each(Object.keys(CHANGES).map((what, index) => [what, nameOf(index)] as const))(
    'is synthesised and proved with %s',
    (_what, name) => {
      expect(errors.filter((line) => line.includes(`${cloud}-${name}`))).toEqual([]);
    },
  );

  it('and nothing else is wrong', () => expect(errors).toEqual([]));
});

describe('production on AWS', () => {
  const aws = prod[0] as EnvironmentInput;

  it('is proved where somebody else makes roles of tenants (IRSA), by what keys and buckets let such roles do', () => {
    const synthesised = synth([withDefaults({ ...aws, identity: { aws: 'Irsa' } })]);
    expect(synthesised.errors.filter((line) => line.startsWith('error'))).toEqual([]);
    const { value } = synthesised.stacks.get('aws-prod-plane')?.output.memplane ?? {};
    expect(value).toMatchObject({
      identity: {
        provider: 'eks-irsa',
        // The operator writes the name of the tenant for the asterisk.
        roles: { tenant: 'arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-tenant-*' },
      },
    });
    expect(errorsOf([withDefaults({ ...(dev[0] as EnvironmentInput), identity: { aws: 'Irsa' } })])).toEqual([]);
  });

  it('is proved where somebody else makes its principals, and where they were made for nobody yet', () => {
    expect(errorsOf([withDefaults(strangers)])).toEqual([]);
    const access = { ...aws.access, compliance: [], breakGlass: [] } as EnvironmentInput['access'];
    expect(errorsOf([withDefaults({ ...aws, ...(access === undefined ? {} : { access }) })])).toEqual([]);
  });
});

it('a promise that was taken back is gone', () => {
  const [aws] = varied('aws').filter(({ promises }) => promises.rpoMinutes.postgresRegion === undefined);
  expect(aws?.promises).toEqual({ rpoMinutes: { postgresZone: 60, auditRegion: 15 }, rtoMinutes: { zone: 120 } });
});
