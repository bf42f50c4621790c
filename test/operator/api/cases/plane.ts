import { minimalPlane, object, plane, type RuleCase } from './case.js';

const postgres = (...names: readonly string[]) => ({
  postgres: names.map((name) => ({ name, host: '127.0.0.1', adminSecretRef: { name: 'admin' } })),
});
const stores = (tenants: number) => ({ stores: [{ kind: 'postgres', name: 'pg-b', reachable: true, tenants }] });
const redis = (fields: Readonly<Record<string, unknown>>) => ({
  redis: [{ name: 'r-a', url: 'rediss://127.0.0.1:6379', ...fields }],
});
const bucketNames = ['keys', 'keysReplica', 'artifacts', 'backups', 'backupsReplica', 'audit', 'auditReplica'] as const;
const buckets = { keys: { provider: 's3', name: 'keys' } };
const { rings: _, ...withoutRings } = minimalPlane;

export const planeCases: readonly RuleCase[] = [
  {
    rule: "the owner's mark stays",
    accepted: { before: plane(), manifest: plane({ baseDomain: 'other.example.com' }) },
    refused: {
      before: plane(),
      manifest: plane({ clusterID: 'other' }),
      field: 'spec.clusterID',
      message: /clusterID cannot change.*keep it, or make another plane/,
    },
  },
  {
    rule: 'a database with tenants does not leave the list',
    accepted: { before: plane(postgres('pg-a', 'pg-b')), status: stores(0), manifest: plane(postgres('pg-a')) },
    refused: {
      before: plane(postgres('pg-a', 'pg-b')),
      status: stores(1),
      manifest: plane(postgres('pg-a')),
      field: 'spec.postgres',
      message: /no longer lists a database that holds tenants.*set its placement to Drain/,
    },
  },
  {
    rule: 'a database with tenants may change its place in the list',
    accepted: { before: plane(postgres('pg-a', 'pg-b')), status: stores(7), manifest: plane(postgres('pg-b')) },
    refused: {
      before: plane(postgres('pg-a', 'pg-b')),
      status: stores(7),
      manifest: plane(postgres('pg-a', 'pg-c')),
      field: 'spec.postgres',
      message: /no longer lists a database that holds tenants/,
    },
  },
  {
    rule: 'names of rings are unique',
    accepted: {
      manifest: plane({
        rings: [
          { name: 'canary', version: '1.5.0' },
          { name: 'stable', version: '1.4.0' },
        ],
      }),
    },
    refused: {
      manifest: plane({
        rings: [
          { name: 'stable', version: '1.5.0' },
          { name: 'stable', version: '1.4.0' },
        ],
      }),
      field: 'spec.rings[1]',
      message: /duplicate value/i,
    },
  },
  {
    rule: 'a plane says what it cannot do without',
    accepted: { manifest: plane() },
    refused: { manifest: object('MemoryPlane', withoutRings), field: 'spec.rings', message: /required/i },
  },
  {
    rule: 'a plane has a database',
    accepted: { manifest: plane(postgres('pg-a')) },
    refused: { manifest: plane({ postgres: [] }), field: 'spec.postgres', message: /at least 1 items/ },
  },
  {
    rule: 'a database holds at most 500 tenants',
    accepted: { manifest: plane({ postgres: [{ ...postgres('a').postgres[0], capacity: 500 }] }) },
    refused: {
      manifest: plane({ postgres: [{ ...postgres('a').postgres[0], capacity: 501 }] }),
      field: 'spec.postgres[0].capacity',
      message: /less than or equal to 500/,
    },
  },
  {
    rule: 'a cache with a password names its Secret',
    accepted: { manifest: plane(redis({ secretRef: { name: 'redis' } })) },
    refused: {
      manifest: plane(redis({})),
      field: 'spec.redis[0]',
      message: /redis\[\]\.secretRef is missing while auth is Password; name the Secret/,
    },
  },
  {
    rule: 'a cache without a password needs no Secret',
    accepted: { manifest: plane(redis({ auth: 'IAM' })) },
    refused: { manifest: plane(redis({ auth: 'iam' })), field: 'spec.redis[0].auth', message: /supported values/i },
  },
  ...bucketNames.map(
    (name): RuleCase => ({
      rule: `the bucket ${name} may be a folder, named from the root`,
      accepted: { manifest: plane({ buckets: { ...buckets, [name]: { provider: 'file', name: '/srv/bucket' } } }) },
      refused: {
        manifest: plane({ buckets: { ...buckets, [name]: { provider: 'file', name: 'bucket' } } }),
        field: `spec.buckets.${name}.name`,
        message: /name of a file bucket is not an absolute path; begin it with \//,
      },
    }),
  ),
];
