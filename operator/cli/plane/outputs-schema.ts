import { type Static, type TSchema, Type } from '@sinclair/typebox';

/**
 * What `memoryctl` reads of the stacks' outputs. `stacks/outputs.ts` says what is written; a test holds the two
 * together. Fields that are not named here are let through: outputs grow without a new version.
 */
export const UNDERSTOOD_VERSION = 1;

const expects = (description: string, words: string) => ({ description, 'x-memplane-expects': words });

const name = (description: string) => Type.String({ ...expects(description, 'a name'), minLength: 1, maxLength: 1024 });
const address = (description: string) =>
  Type.String({
    ...expects(description, 'a host name or address'),
    pattern: '^[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?$',
  });
const port = Type.Integer({ ...expects('Its port.', 'a port from 1 to 65535'), minimum: 1, maximum: 65_535 });
const count = (description: string) => Type.Integer({ ...expects(description, 'a whole number'), minimum: 0 });
const choice = <const T extends readonly string[]>(description: string, values: T) =>
  Type.Unsafe<T[number]>({ description, type: 'string', enum: [...values] });
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const texts = (description: string) => Type.Record(Type.String(), Type.String(), { description });

const PEM = '^(public|-----BEGIN CERTIFICATE-----[\\s\\S]+-----END CERTIFICATE-----\\s*)$';
const ca = Type.String({
  ...expects('What verifies its certificate.', '"public" or a certificate in PEM'),
  pattern: PEM,
});

const bucket = Type.Object(
  {
    name: name('Name of the bucket or container.'),
    region: name('Its region.'),
    endpoint: Type.String(expects('Its address; empty where the region finds it.', 'a URL, or an empty text')),
    lockDays: count('How long its objects stay at least.'),
  },
  { description: 'One bucket.' },
);

const irreversible = Type.Array(
  Type.Object({ address: name('Address of the resource.'), what: name('What cannot be taken back.') }),
  { description: 'What cannot be taken back.' },
);

const identity = Type.Object(
  {
    provider: choice('Mechanism of the cluster.', ['eks-pod-identity', 'eks-irsa', 'gke', 'aks']),
    roles: texts('Roles by purpose.'),
    annotations: Type.Record(Type.String(), texts('Annotations.'), { description: 'By service account.' }),
    workloadPool: optional(name('Google Cloud: workload identity pool.')),
    projectNumber: optional(name('Google Cloud: number of the project.')),
    tenantVault: optional(name('Azure: vault of tenant keys.')),
    identityResourceGroup: optional(name('Azure: resource group of identities.')),
    scopes: optional(texts('Azure: resource ids on which roles are assigned to tenants.')),
  },
  { description: 'How pods prove to the cloud who they are.' },
);

const common = {
  version: Type.Unsafe<1>({
    description: 'Version of the outputs.',
    const: UNDERSTOOD_VERSION,
  }),
  cloud: choice('The cloud.', ['aws', 'gcp', 'azure']),
  environment: name('Name of the environment.'),
};

const postgres = Type.Object(
  {
    name: name('Name of the server.'),
    host: address('Its address.'),
    readHosts: Type.Array(address('Address of a read replica.'), { description: 'Read replicas.' }),
    port,
    adminSecret: name("Name in the cloud's secret store."),
    ca,
    maxConnections: count('Connections it allows.'),
    capacity: count('Tenants it holds at most.'),
    pooler: choice('What stands before it.', ['PgBouncer', 'None']),
  },
  { description: 'One Postgres server.' },
);

const redis = Type.Object(
  {
    name: name('Name of the cache.'),
    host: address('Its address.'),
    port,
    auth: choice('How clients prove who they are.', ['iam', 'entra', 'none']),
    ca,
  },
  { description: 'One cache.' },
);

const edge = Type.Object(
  {
    dnsZone: address('Domain of the zone.'),
    managed: Type.Boolean({ description: 'Whether the plane made it.' }),
    zoneID: optional(name('What the cloud knows it by.')),
    nameServers: Type.Array(name('A name server.'), { description: 'What its parent delegates to.' }),
    issuer: Type.Object(
      { name: name('Of the ClusterIssuer.'), email: optional(name('Whom the authority writes to.')) },
      { description: 'Who makes certificates.' },
    ),
    annotations: Type.Record(Type.String(), texts('Annotations.'), { description: 'By who writes into the zone.' }),
  },
  { description: 'Names and certificates of tenants.' },
);

export const planeOutputSchema = Type.Object(
  {
    ...common,
    region: name('The region.'),
    clusterID: name("The owner's mark in the stores."),
    baseDomain: name('Domain of the tenants.'),
    buckets: Type.Object(
      {
        artifacts: bucket,
        backups: bucket,
        audit: bucket,
        auditReplica: bucket,
        keys: bucket,
        keysReplica: bucket,
        artifactsReplica: optional(bucket),
        backupsReplica: optional(bucket),
      },
      { description: 'The buckets.' },
    ),
    kms: Type.Object(
      {
        mode: choice('One key for all tenants, or one each.', ['shared', 'perTenant']),
        keyID: name('Key of the tenants.'),
        replicaKeyID: name('The same in the second region.'),
        anchorKeyID: name('Signs anchors.'),
        objectsKeyID: name('Encrypts objects.'),
        protection: optional(choice('What holds keys that the operator makes.', ['Hsm', 'Software'])),
        rotationDays: optional(count('How often they get a new version.')),
        deletionWindowDays: optional(count('How long a destroyed one can be brought back.')),
      },
      { description: 'The keys.' },
    ),
    postgres: Type.Array(postgres, { description: 'Postgres servers.', minItems: 1 }),
    redis: Type.Array(redis, { description: 'Caches.' }),
    queue: optional(
      Type.Object(
        { provider: choice('Whose.', ['sqs', 'pubsub', 'servicebus']), url: name('Its address.') },
        { description: 'The queue of writes.' },
      ),
    ),
    registry: name('What stands before the name of an image.'),
    mirrors: optional(texts('What stands for a public registry, by its host.')),
    cluster: Type.Object(
      { name: name('Its name.'), issuer: name('Its token issuer.') },
      { description: 'The Kubernetes cluster.' },
    ),
    identity,
    storageClass: Type.Object(
      {
        name: name('Its name.'),
        provisioner: name('Its driver.'),
        parameters: texts("The driver's parameters."),
        volumeBindingMode: name('When a volume is made.'),
        allowVolumeExpansion: Type.Boolean({ description: 'Whether volumes grow.' }),
        reclaimPolicy: name('What happens to a volume that nobody claims.'),
      },
      { description: 'Class of encrypted volumes.' },
    ),
    secrets: Type.Object({ store: name('Region, project or vault.') }, { description: 'Store of passwords.' }),
    qdrant: Type.Object(
      {
        namespace: name('Where it runs.'),
        nodes: count('How many.'),
        shards: count('Shards of the shared collection.'),
        replicationFactor: count('Copies of each shard.'),
      },
      { description: 'The vector store.' },
    ),
    edge: optional(edge),
    metrics: optional(
      Type.Object(
        {
          target: choice('Who keeps metrics.', ['managed', 'inCluster']),
          provider: optional(choice('Whose.', ['amp', 'gmp', 'azure-monitor'])),
          endpoint: optional(name('Where Prometheus asks and writes.')),
          annotations: optional(texts("Of the scraper's service account.")),
        },
        { description: 'Metrics.' },
      ),
    ),
    irreversible,
  },
  { description: 'Output memplane of the plane stack.' },
);

export const vaultOutputSchema = Type.Object(
  {
    ...common,
    buckets: Type.Object(
      { audit: bucket, auditReplica: bucket, keys: bucket, keysReplica: bucket },
      { description: 'The buckets of the vault.' },
    ),
    kms: Type.Object(
      {
        tenant: name('Key of the tenants.'),
        tenantReplica: name('The same in the second region.'),
        anchor: name('Signs anchors.'),
      },
      { description: 'The keys of the vault.' },
    ),
  },
  { description: 'Output memplane_vault of the vault stack.' },
);

export type PlaneOutputs = Static<typeof planeOutputSchema>;
export type VaultOutputs = Static<typeof vaultOutputSchema>;
