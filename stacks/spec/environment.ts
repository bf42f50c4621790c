/**
 * What a user says of one environment on one cloud. Names are final; the type grows with the units that read it.
 * Data only: everything that follows from it (names, key ids, role ARNs) is derived in `names.ts`.
 */
export type Days = number;
/** `10.0.0.0/16`, canonical: no bit behind the prefix. */
export type Cidr = string;
export type Profile = 'dev' | 'prod' | 'regulated';
export type Layer = 'bootstrap' | 'vault' | 'plane';

export interface Environment {
  readonly name: string;
  readonly profile: Profile;
  readonly place: Place;
  /** The owner's mark in the stores' catalogues: `MemoryPlane.spec.clusterID`. */
  readonly clusterId: string;
  readonly baseDomain: string;
  readonly network: Network;
  readonly cluster: Cluster;
  readonly identity: Identity;
  /** One server each; `name` is the key, so an order means nothing. */
  readonly postgres: readonly Postgres[];
  readonly redis: Redis;
  readonly qdrant: Qdrant;
  readonly queue: Queue;
  readonly buckets: Buckets;
  readonly kms: Kms;
  readonly observability: Observability;
  readonly registry: Registry;
  readonly edge: Edge;
  /** Version constraints that are emitted. */
  readonly providers: Providers;
  /** AWS only: the memory service without Kubernetes, for the tenants that it names. */
  readonly ecs?: Ecs;
  /** Who may become what. Absent: the principals of `place` exist already, made by somebody else. */
  readonly access?: Access;
  /** Named exceptions from the rules of the profile, each with an owner and an end. */
  readonly waivers: readonly Waiver[];
  readonly state: State;
  readonly prices: Prices;
  readonly promises: Promises;
  readonly tags: EnvironmentTags;
}

export type Place = AwsPlace | GcpPlace | AzurePlace;

export interface AwsPlace {
  readonly cloud: 'aws';
  readonly accountId: string;
  readonly partition: 'aws' | 'aws-us-gov' | 'aws-cn';
  readonly region: string;
  readonly zones: readonly [string, string, string];
  readonly replicaRegion: string;
  readonly deployRoleArn: string;
  readonly complianceRoleArn: string;
  readonly breakGlassRoleArn: string;
}

export interface GcpPlace {
  readonly cloud: 'gcp';
  readonly projectId: string;
  readonly projectNumber: string;
  readonly region: string;
  readonly zones: readonly [string, string, string];
  readonly replicaRegion: string;
  readonly deployServiceAccount: string;
  readonly complianceGroup: string;
  readonly breakGlassGroup: string;
}

export interface AzurePlace {
  readonly cloud: 'azure';
  readonly subscriptionId: string;
  readonly entraTenantId: string;
  readonly region: string;
  readonly zones: readonly ['1', '2', '3'];
  readonly replicaRegion: string;
  /** Makes account and vault names unique in the world. */
  readonly suffix: string;
  readonly deployPrincipalId: string;
  readonly complianceGroupId: string;
  readonly breakGlassGroupId: string;
  readonly adminGroupId: string;
  /** First apply `Unlocked`, second `Locked`; there is no way back. */
  readonly immutability: 'Unlocked' | 'Locked';
}

/** Ranges of one environment; what each is for on which cloud stands in `infra/network/contract.ts`. */
export interface Network {
  readonly cidr: Cidr;
  readonly publicCidrs: Cidrs;
  readonly nodeCidrs: Cidrs;
  readonly dataCidrs: Cidrs;
  readonly endpointCidr: Cidr;
  readonly controlPlaneCidr: Cidr;
  /** Outside of `cidr`, like services: pods have addresses of their own. */
  readonly podCidr: Cidr;
  readonly serviceCidr: Cidr;
  readonly natPerZone: boolean;
  readonly egress: readonly Egress[];
  readonly biSourceCidrs: readonly Cidr[];
  /** Who reaches the API server from outside; read only if it answers there. */
  readonly apiSourceCidrs: readonly Cidr[];
  /** Networks that this one is or will be connected with. */
  readonly peerCidrs: readonly Cidr[];
  readonly flowLogDays: Days;
}

/** One a zone. */
export type Cidrs = readonly [Cidr, Cidr, Cidr];

export interface Egress {
  readonly name: string;
  readonly cidr: Cidr;
  readonly ports: readonly number[];
}

export type Size = 'small' | 'medium' | 'large';

/** One entry of `MemoryPlane.spec.postgres`. */
export interface Postgres {
  readonly name: string;
  /** Of the machine, and of the tenants that are placed here. */
  readonly size: Size;
  /** Another one of the table in `sizes.ts` than `size` says. */
  readonly instance?: string;
  readonly version: '16' | '17';
  readonly storageGb: number;
  readonly maxStorageGb: number;
  readonly highlyAvailable: boolean;
  readonly readReplicas: 0 | 1 | 2;
  readonly crossRegion: boolean;
  readonly pitrDays: Days;
  readonly maxConnections: number;
  /** Not for tenants: the operator, people, replication. */
  readonly reservedConnections: number;
  /** How many tenants are placed here. */
  readonly capacity: number;
  readonly poolPerPod: number;
  readonly pooler: 'PgBouncer' | 'None';
  readonly adminPasswordVersion: number;
  readonly maintenance: Maintenance;
}

export interface Cluster {
  /** `1.33` */
  readonly version: string;
  /** Reachable from outside of the network, by `network.apiSourceCidrs` alone. */
  readonly publicEndpoint: boolean;
  readonly pools: { readonly system: Pool; readonly services: Pool };
}

export interface Pool {
  readonly size: Size;
  /** Another one of the table in `sizes.ts` than `size` says. */
  readonly instance?: string;
  readonly minPerZone: number;
  readonly maxPerZone: number;
  readonly diskGb: number;
}

export interface Identity {
  /** AWS. `Irsa`: a role a tenant, which the platform makes by hand. */
  readonly aws: 'PodIdentity' | 'Irsa';
  readonly operatorNamespace: string;
  readonly dataNamespace: string;
  readonly secretsNamespace: string;
}

/** The vector store, which the charts run on nodes of its own. */
export interface Qdrant {
  readonly nodes: 1 | 3 | 5;
  readonly size: Size;
  /** Another one of the table in `sizes.ts` than `size` says. */
  readonly instance?: string;
  readonly diskGb: number;
  readonly replicationFactor: 1 | 2 | 3;
  readonly snapshotHours: number;
}

export interface Ecs {
  /** Each has a role, a task and a name under `baseDomain` of its own. */
  readonly tenants: readonly string[];
  readonly cpu: number;
  readonly memory: number;
  readonly desiredCount: number;
  /** Of `*.<baseDomain>`, in the region. */
  readonly certificateArn: string;
  /** `sha256:…` of the image `memplane` in this plane's registry. */
  readonly imageDigest: string;
}

export interface Waiver {
  /** One of `WAIVABLE` in `waivers.ts`. */
  readonly rule: string;
  /** What the rule would have refused: the path of the field, as the error names it. */
  readonly resource: string;
  readonly reason: string;
  /** Somebody who answers: an e-mail address. */
  readonly owner: string;
  /** `2026-12-31`: on that day it still holds; at most 180 days ahead. */
  readonly expires: string;
}

export interface Access {
  /** The pipeline that applies the stacks: one subject of one issuer, both in full. */
  readonly pipeline: { readonly issuer: string; readonly subject: string };
  /** AWS: ARNs of who may become these roles. Elsewhere the groups of `place` say so. */
  readonly compliance: readonly string[];
  readonly breakGlass: readonly string[];
}

export interface Prices {
  /** Day of the price book: `stacks/prices/<cloud>-<day>.json`. */
  readonly book: string;
  readonly currency: 'USD' | 'EUR';
  /** What no resource says and the bill depends on. */
  readonly assumptions: { readonly tenants: number; readonly ingestGbPerDay: number };
}

/** In minutes; what is absent is not promised. Synthesis refuses what the settings do not give. */
export interface Promises {
  readonly rpoMinutes: {
    readonly postgresZone?: number;
    readonly postgresRegion?: number;
    readonly artifactsRegion?: number;
    readonly auditRegion?: number;
    readonly cache?: number;
  };
  readonly rtoMinutes: { readonly zone?: number; readonly region?: number };
  /** In `prices.currency`, with everything at its smallest. */
  readonly monthlyBudget?: number;
}

/** Where Terraform remembers what it made. */
export interface State {
  /** The bootstrap makes the bucket, so its first apply has none: `false`, then `true` and `init -migrate-state`. */
  readonly bucket: boolean;
}

export interface Redis {
  /** `inCluster`: the charts run it, and the stacks make none. */
  readonly target: 'managed' | 'inCluster';
  readonly size: Size;
  /** Another one of the table in `sizes.ts` than `size` says. */
  readonly instance?: string;
  readonly replicas: 1 | 2;
  readonly snapshotDays: Days;
}

/** For writes that may be applied later than they are answered. */
export interface Queue {
  readonly enabled: boolean;
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
}

export interface Maintenance {
  readonly day: 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
  /** UTC */
  readonly hour: number;
}

export interface Registry {
  readonly untaggedDays: Days;
  /** Public registries whose images nodes get through ours, by host: `registry.k8s.io`. */
  readonly mirrors: readonly string[];
}

export interface Observability {
  readonly logDays: Days;
  /** Who is told. Nobody by default: alarms are there, and somebody must look. */
  readonly alarmEmails: readonly string[];
  /** Azure: a cluster of logs of our own, under the ops key; it is sold from 100 GB a day. @default false */
  readonly dedicatedLogs?: boolean;
  /** `managed`: the cloud keeps metrics. `inCluster`: the charts do, and the stacks make nothing for it. */
  readonly metrics: 'managed' | 'inCluster';
}

/** How names and certificates of tenants come about. */
export interface Edge {
  /** Domain of the public zone: `baseDomain`, or one that it lies within. */
  readonly dnsZone: string;
  /** Whether the plane makes the zone. Otherwise somebody else keeps it. */
  readonly manageZone: boolean;
  /**
   * Of a zone that exists in the same account: hosted zone id, name of the managed zone, or resource id. Without it
   * nobody of this plane may write into the zone.
   */
  readonly zoneId?: string;
  /** The ClusterIssuer of certificates, and whom its authority writes to. */
  readonly issuer: { readonly name: string; readonly email?: string };
}

export interface Buckets {
  readonly artifacts: Bucket;
  readonly backups: Bucket & Lock & { readonly crossRegion: boolean };
  readonly audit: Bucket & Lock;
  readonly accessLogs: Bucket;
}

export interface Bucket {
  readonly archiveAfterDays?: Days;
  readonly infrequentAfterDays?: Days;
  readonly expireDays?: Days;
  readonly noncurrentDays?: Days;
}

export interface Lock {
  readonly lock: 'Compliance' | 'Governance' | 'None';
  readonly floorDays: Days;
  readonly retentionDays: Days;
}

export interface Kms {
  readonly rotationDays: Days;
  readonly deletionWindowDays: Days;
  readonly protection: 'Software' | 'Hsm';
}

export interface Providers {
  readonly aws: string;
  readonly google: string;
  readonly azurerm: string;
}

export interface EnvironmentTags {
  readonly owner: string;
  readonly costCenter: string;
  readonly dataClass: 'internal' | 'confidential' | 'restricted';
  readonly [key: string]: string;
}

export interface Problem {
  readonly path: string;
  readonly value: unknown;
  readonly message: string;
  readonly allowed?: string;
  /** How a waiver names it. @default nobody may waive it */
  readonly waiver?: Pick<Waiver, 'rule' | 'resource'>;
}

/** Lists are given whole or not at all. */
type Optional<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Optional<T[K]> : T[K];
};

/** What must be written by hand; the rest has a default of the profile, field by field. */
export interface EnvironmentInput {
  readonly name: string;
  readonly profile: Profile;
  readonly place: Place;
  readonly clusterId: string;
  readonly baseDomain: string;
  readonly tags: EnvironmentTags;
  readonly network?: Partial<Network>;
  readonly cluster?: Optional<Cluster>;
  readonly identity?: Partial<Identity>;
  /** Given whole: what is not in the list is not there. */
  readonly postgres?: readonly PostgresInput[];
  readonly redis?: Partial<Redis>;
  readonly qdrant?: Partial<Qdrant>;
  readonly queue?: Partial<Queue>;
  readonly buckets?: Optional<Buckets>;
  readonly kms?: Partial<Kms>;
  readonly observability?: Partial<Observability>;
  readonly registry?: Partial<Registry>;
  readonly edge: Pick<Edge, 'dnsZone'> & Optional<Omit<Edge, 'dnsZone'>>;
  readonly providers?: Partial<Providers>;
  readonly access?: Access;
  readonly ecs?: Pick<Ecs, 'tenants' | 'certificateArn' | 'imageDigest'> & Partial<Ecs>;
  readonly waivers?: readonly Waiver[];
  readonly state?: Partial<State>;
  readonly prices?: Optional<Prices>;
  readonly promises?: PromisesInput;
}

/** `null` takes back what the profile promises by default. */
export interface PromisesInput {
  readonly rpoMinutes?: Retractable<Promises['rpoMinutes']>;
  readonly rtoMinutes?: Retractable<Promises['rtoMinutes']>;
  readonly monthlyBudget?: number;
}

type Retractable<T> = { readonly [K in keyof T]?: T[K] | null };

export type PostgresInput = Pick<Postgres, 'name'> & Partial<Postgres>;
