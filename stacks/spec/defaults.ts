import type {
  Buckets,
  Cluster,
  Edge,
  Environment,
  EnvironmentInput,
  Identity,
  Kms,
  Network,
  Place,
  Pool,
  Postgres,
  Prices,
  Profile,
  Promises,
  Providers,
  Qdrant,
} from './environment.js';
import { partsWithin } from './layout.js';

type Defaults = Pick<
  Environment,
  'network' | 'cluster' | 'redis' | 'qdrant' | 'queue' | 'buckets' | 'kms' | 'observability'
> & {
  /** Of each server. */
  readonly postgres: Omit<Postgres, 'name' | 'instance'>;
};

const AUDIT_TIERS = { infrequentAfterDays: 30, archiveAfterDays: 365 } as const;

/** Seven years: 7 × 365 days and two leap days. */
const SEVEN_YEARS = 2557;

const NETWORK: Network = {
  cidr: '10.0.0.0/16',
  publicCidrs: ['10.0.101.0/24', '10.0.102.0/24', '10.0.103.0/24'],
  nodeCidrs: ['10.0.32.0/20', '10.0.48.0/20', '10.0.64.0/20'],
  dataCidrs: ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'],
  endpointCidr: '10.0.4.0/24',
  controlPlaneCidr: '10.0.5.0/28',
  podCidr: '10.4.0.0/14',
  serviceCidr: '172.20.0.0/16',
  natPerZone: true,
  egress: [],
  biSourceCidrs: [],
  apiSourceCidrs: [],
  peerCidrs: [],
  flowLogDays: 400,
};

const DEV_POSTGRES: Defaults['postgres'] = {
  size: 'small',
  version: '16',
  storageGb: 100,
  maxStorageGb: 200,
  highlyAvailable: false,
  readReplicas: 0,
  crossRegion: false,
  pitrDays: 7,
  maxConnections: 200,
  reservedConnections: 20,
  capacity: 5,
  poolPerPod: 2,
  pooler: 'None',
  adminPasswordVersion: 1,
  maintenance: { day: 'sun', hour: 3 },
};

const PROD_POSTGRES: Defaults['postgres'] = {
  ...DEV_POSTGRES,
  size: 'medium',
  maxStorageGb: 500,
  highlyAvailable: true,
  readReplicas: 1,
  crossRegion: true,
  pitrDays: 35,
  maxConnections: 500,
  reservedConnections: 30,
  capacity: 500,
  poolPerPod: 10,
  pooler: 'PgBouncer',
};

/** Azure sells storage in these sizes. */
const AZURE_STORAGE: Readonly<Record<Profile, Pick<Postgres, 'storageGb' | 'maxStorageGb'>>> = {
  dev: { storageGb: 128, maxStorageGb: 256 },
  prod: { storageGb: 128, maxStorageGb: 512 },
  regulated: { storageGb: 128, maxStorageGb: 512 },
};

/** Two of each zone at the most where nothing of the tenants runs. */
const SYSTEM_POOL: Pool = { size: 'small', minPerZone: 1, maxPerZone: 2, diskGb: 50 };

const DEV_CLUSTER: Cluster = {
  version: '1.33',
  publicEndpoint: false,
  pools: { system: SYSTEM_POOL, services: { size: 'small', minPerZone: 1, maxPerZone: 3, diskGb: 50 } },
};

const PROD_CLUSTER: Cluster = {
  ...DEV_CLUSTER,
  pools: { system: SYSTEM_POOL, services: { size: 'medium', minPerZone: 1, maxPerZone: 10, diskGb: 100 } },
};

const IDENTITY: Identity = {
  aws: 'PodIdentity',
  operatorNamespace: 'memplane-system',
  dataNamespace: 'memplane-data',
  secretsNamespace: 'external-secrets',
};

const PROD_QDRANT: Qdrant = { nodes: 3, size: 'medium', diskGb: 100, replicationFactor: 2, snapshotHours: 24 };

const DEV: Defaults = {
  cluster: DEV_CLUSTER,
  qdrant: { nodes: 1, size: 'small', diskGb: 100, replicationFactor: 1, snapshotHours: 24 },
  postgres: DEV_POSTGRES,
  redis: { target: 'inCluster', size: 'small', replicas: 1, snapshotDays: 1 },
  queue: { enabled: false, visibilitySeconds: 300, maxReceives: 5 },
  observability: { logDays: 30, alarmEmails: [], metrics: 'inCluster' },
  network: { ...NETWORK, natPerZone: false, flowLogDays: 30 },
  buckets: {
    artifacts: { archiveAfterDays: 90, noncurrentDays: 7 },
    backups: { lock: 'None', floorDays: 0, retentionDays: 7, expireDays: 7, noncurrentDays: 1, crossRegion: false },
    audit: { lock: 'Governance', floorDays: 1, retentionDays: 30, ...AUDIT_TIERS },
    accessLogs: { expireDays: 90 },
  },
  kms: { rotationDays: 90, deletionWindowDays: 7, protection: 'Software' },
};

const PROD: Defaults = {
  cluster: PROD_CLUSTER,
  qdrant: PROD_QDRANT,
  postgres: PROD_POSTGRES,
  redis: { target: 'managed', size: 'medium', replicas: 2, snapshotDays: 7 },
  queue: { enabled: true, visibilitySeconds: 300, maxReceives: 5 },
  observability: { logDays: 400, alarmEmails: [], metrics: 'managed' },
  network: NETWORK,
  buckets: {
    artifacts: { archiveAfterDays: 90, noncurrentDays: 7 },
    backups: {
      lock: 'Compliance',
      floorDays: 7,
      retentionDays: 7,
      expireDays: 30,
      noncurrentDays: 1,
      crossRegion: true,
    },
    audit: { lock: 'Compliance', floorDays: 365, retentionDays: SEVEN_YEARS, ...AUDIT_TIERS },
    accessLogs: { expireDays: 400 },
  },
  kms: { rotationDays: 90, deletionWindowDays: 30, protection: 'Hsm' },
};

const REGULATED: Defaults = {
  cluster: PROD_CLUSTER,
  qdrant: { ...PROD_QDRANT, diskGb: 500, snapshotHours: 12 },
  postgres: PROD_POSTGRES,
  redis: PROD.redis,
  queue: PROD.queue,
  observability: PROD.observability,
  network: NETWORK,
  buckets: {
    ...PROD.buckets,
    artifacts: { archiveAfterDays: 90, noncurrentDays: 30 },
    backups: { ...PROD.buckets.backups, floorDays: 30, retentionDays: 30, expireDays: 30 },
    accessLogs: { expireDays: SEVEN_YEARS },
  },
  kms: PROD.kms,
};

export const DEFAULTS: Readonly<Record<Profile, Defaults>> = { dev: DEV, prod: PROD, regulated: REGULATED };

/** The versions the bindings were made for, and their successors of the same major. */
export const PROVIDERS: Providers = { aws: '~> 6.25', google: '~> 6.50', azurerm: '~> 4.55' };

/** Field by field: who sets one keeps the defaults of its neighbours. */
export function withDefaults(input: EnvironmentInput): Environment {
  const defaults = DEFAULTS[input.profile] ?? DEV;
  const given = input.buckets ?? {};
  const buckets: Buckets = {
    artifacts: { ...defaults.buckets.artifacts, ...given.artifacts },
    backups: { ...defaults.buckets.backups, ...given.backups },
    audit: { ...defaults.buckets.audit, ...given.audit },
    accessLogs: { ...defaults.buckets.accessLogs, ...given.accessLogs },
  };
  const kms: Kms = { ...defaults.kms, ...input.kms };
  const cidr = input.network?.cidr;
  const parts = cidr === undefined ? {} : partsWithin(cidr, defaults.network);
  const network: Network = { ...defaults.network, ...parts, ...input.network };
  const { ecs, ...rest } = input;
  return {
    ...rest,
    ...(ecs === undefined ? {} : { ecs: { cpu: 2048, memory: 4096, desiredCount: 3, ...ecs } }),
    network,
    cluster: clusterOf(defaults.cluster, input.cluster),
    identity: { ...IDENTITY, ...input.identity },
    qdrant: { ...defaults.qdrant, ...input.qdrant },
    postgres: postgresOf(input, defaults.postgres),
    redis: { ...defaults.redis, ...input.redis },
    queue: { ...defaults.queue, ...input.queue },
    buckets,
    kms,
    observability: { ...defaults.observability, ...input.observability },
    registry: { untaggedDays: 14, mirrors: [], ...input.registry },
    edge: edgeOf(input),
    providers: { ...PROVIDERS, ...input.providers },
    waivers: input.waivers ?? [],
    state: { bucket: false, ...input.state },
    prices: pricesOf(input),
    promises: promisesOf(input),
  };
}

const ASSUMED: Readonly<Record<Profile, Prices['assumptions']>> = {
  dev: { tenants: 5, ingestGbPerDay: 1 },
  prod: { tenants: 500, ingestGbPerDay: 50 },
  regulated: { tenants: 500, ingestGbPerDay: 50 },
};

function pricesOf({ profile, prices }: EnvironmentInput): Prices {
  const { assumptions, ...given } = prices ?? {};
  return { book: '2026-11-01', currency: 'USD', ...given, assumptions: { ...ASSUMED[profile], ...assumptions } };
}

/**
 * What each cloud gives with the defaults of production; development promises what a restore gives.
 */
const PROMISED: Readonly<Record<Place['cloud'], Promises>> = {
  aws: {
    rpoMinutes: { postgresZone: 0, postgresRegion: 20, artifactsRegion: 20, auditRegion: 15 },
    rtoMinutes: { zone: 10, region: 240 },
  },
  gcp: {
    rpoMinutes: { postgresZone: 0, postgresRegion: 10, artifactsRegion: 60, auditRegion: 60 },
    rtoMinutes: { zone: 10, region: 240 },
  },
  azure: {
    rpoMinutes: { postgresZone: 0, postgresRegion: 75, artifactsRegion: 60, auditRegion: 60 },
    rtoMinutes: { zone: 10, region: 240 },
  },
};
const DEV_PROMISED: Promises = { rpoMinutes: { postgresZone: 1440 }, rtoMinutes: { zone: 60 } };

function promisesOf({ profile, place, promises }: EnvironmentInput): Promises {
  const { rpoMinutes, rtoMinutes } = profile === 'dev' ? DEV_PROMISED : (PROMISED[place.cloud] ?? DEV_PROMISED);
  return {
    rpoMinutes: kept({ ...rpoMinutes, ...promises?.rpoMinutes }),
    rtoMinutes: kept({ ...rtoMinutes, ...promises?.rtoMinutes }),
    ...(promises?.monthlyBudget === undefined ? {} : { monthlyBudget: promises.monthlyBudget }),
  };
}

/** Without what was taken back. */
const kept = (minutes: Readonly<Record<string, number | null | undefined>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(minutes).filter((one): one is [string, number] => one[1] !== null && one[1] !== undefined),
  );

/** Whoever writes no `edge` is told what is missing by the validation, like of any other field. */
function edgeOf({ edge }: { readonly edge?: EnvironmentInput['edge'] }): Edge {
  const { dnsZone = '', issuer, ...given } = edge ?? {};
  return { manageZone: true, ...given, dnsZone, issuer: { name: 'letsencrypt', ...issuer } };
}

function clusterOf(defaults: Cluster, given: EnvironmentInput['cluster'] = {}): Cluster {
  const { system, services } = defaults.pools;
  const pools = {
    system: { ...system, ...given.pools?.system },
    services: { ...services, ...given.pools?.services },
  };
  return { ...defaults, ...given, pools };
}

/** One server unless the environment lists its own. */
function postgresOf({ place, profile, postgres }: EnvironmentInput, defaults: Defaults['postgres']) {
  const storage = storageOf(place, profile);
  return (postgres ?? [{ name: 'pg-a' }]).map((given): Postgres => ({ ...defaults, ...storage, ...given }));
}

const storageOf = ({ cloud }: Place, profile: Profile): Partial<Postgres> =>
  cloud === 'azure' ? (AZURE_STORAGE[profile] ?? AZURE_STORAGE.dev) : {};
