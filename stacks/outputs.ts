/**
 * What Terraform hands to Kubernetes: the only bridge, so it imports nothing. One output a stack, one object with a
 * version, no secret in it. It grows under these names and without a new version while fields are only added.
 */
export const OUTPUT_NAMES = { bootstrap: 'memplane_bootstrap', vault: 'memplane_vault', plane: 'memplane' } as const;

export const OUTPUT_VERSION = 1;

export type OutputCloud = 'aws' | 'gcp' | 'azure';

export type OutputBucket =
  | 'artifacts'
  | 'artifactsReplica'
  | 'backups'
  | 'backupsReplica'
  | 'audit'
  | 'auditReplica'
  | 'keys'
  | 'keysReplica';

/** Only where the plane survives its region. */
type SecondRegion = 'artifactsReplica' | 'backupsReplica';

export interface BucketAddress {
  readonly name: string;
  readonly region: string;
  /** Empty where the SDK finds it by region. */
  readonly endpoint: string;
  /** How long every object stays at least; 0 without a lock. */
  readonly lockDays: number;
}

export interface PlaneKms {
  /** `shared`: one key, bounded by its encryption context. `perTenant`: `keyID` is the ring or vault that holds them. */
  readonly mode: 'shared' | 'perTenant';
  readonly keyID: string;
  readonly replicaKeyID: string;
  readonly anchorKeyID: string;
  readonly objectsKeyID: string;
  /** Of every key; where the operator makes tenants', it makes them so. */
  readonly protection: 'Hsm' | 'Software';
  readonly rotationDays: number;
  readonly deletionWindowDays: number;
}

/** What a cluster is placed in. */
export interface PlaneNetwork {
  readonly id: string;
  /** One a zone; Google Cloud: one for all. */
  readonly nodeSubnets: readonly string[];
}

/** An entry of `MemoryPlane.spec.postgres`. */
export interface PostgresServer {
  readonly name: string;
  readonly host: string;
  readonly readHosts: readonly string[];
  readonly port: number;
  /** Name in the cloud's secret store, whose JSON has `username` and `password`. */
  readonly adminSecret: string;
  /** `public`: the cloud's public bundle verifies it. Otherwise the certificate of its authority. */
  readonly ca: string;
  readonly maxConnections: number;
  /** What PgBouncer leaves alone: its own limit is the difference. */
  readonly reservedConnections: number;
  readonly capacity: number;
  readonly pooler: 'PgBouncer' | 'None';
}

/** An entry of `MemoryPlane.spec.redis`. */
export interface RedisServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly auth: 'iam' | 'entra';
  readonly user: string;
  /** As for `PostgresServer.ca`. */
  readonly ca: string;
}

/** `MemoryPlane.spec.queue`. */
export interface QueueAddress {
  readonly provider: 'sqs' | 'pubsub' | 'servicebus';
  readonly url: string;
  readonly deadLetter: string;
}

export interface PlaneCluster {
  readonly name: string;
  readonly endpoint: string;
  /** Who signs the tokens of its service accounts. */
  readonly issuer: string;
}

export type PlaneAccount = 'operator' | 'witness' | 'externalSecrets' | 'qdrant';

export interface PlaneIdentity {
  readonly provider: 'eks-pod-identity' | 'eks-irsa' | 'gke' | 'aks';
  /** AWS: ARN of each worker's role. Elsewhere ids of the roles that the operator grants. */
  readonly roles: Readonly<Record<string, string>>;
  /** Of the service accounts of the plane. */
  readonly annotations: Readonly<Record<PlaneAccount, Readonly<Record<string, string>>>>;
  /** Google Cloud: who vouches for pods. */
  readonly workloadPool?: string;
  readonly projectNumber?: string;
  /** Azure: URL of the vault of tenants' keys, and the group in which the operator makes their identities. */
  readonly tenantVault?: string;
  readonly identityResourceGroup?: string;
  /** Azure: resource ids on which the operator assigns roles to tenants' identities. */
  readonly scopes?: Readonly<Record<'tenantVault' | 'keys' | 'artifacts' | 'audit', string>>;
}

export interface PlaneStorageClass {
  readonly name: string;
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly volumeBindingMode: string;
  readonly allowVolumeExpansion: boolean;
  readonly reclaimPolicy: string;
}

/** Names and certificates of tenants. */
export interface PlaneEdge {
  readonly dnsZone: string;
  /** Whether the plane made it; its parent must then delegate to `nameServers`. */
  readonly managed: boolean;
  /** AWS: id. Google Cloud: name. Azure: resource id. Absent: nobody of the plane writes into it. */
  readonly zoneID?: string;
  readonly nameServers: readonly string[];
  readonly issuer: { readonly name: string; readonly email?: string };
  /** Of the service accounts of cert-manager and ExternalDNS. */
  readonly annotations: Readonly<Record<'certManager' | 'externalDns', Readonly<Record<string, string>>>>;
}

export interface PlaneMetrics {
  readonly target: 'managed' | 'inCluster';
  readonly provider?: 'amp' | 'gmp' | 'azure-monitor';
  /** Where Prometheus asks and, on AWS, writes. */
  readonly endpoint?: string;
  /** Of the scraper's service account. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What the vector store's chart takes. */
export interface PlaneQdrant {
  readonly namespace: string;
  readonly nodes: number;
  readonly replicationFactor: number;
  readonly shards: number;
  readonly segments: number;
  /** What it is sized for: twice the searches a second of its preset. */
  readonly searchesPerSecond: number;
  readonly diskGb: number;
  readonly snapshotHours: number;
  /** Within the bucket of backups. */
  readonly snapshotFolder: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
}

/** Where External Secrets finds the administrators of stores. */
export interface PlaneSecrets {
  readonly provider: 'secrets-manager' | 'secret-manager' | 'key-vault';
  /** AWS: region. Google Cloud: project. Azure: URL of the vault. */
  readonly store: string;
}

export interface Irreversible {
  readonly address: string;
  readonly what: string;
}

/** Output `memplane`: enough for `MemoryPlane.spec.buckets` and `.kms`. */
export interface PlaneOutput {
  readonly version: typeof OUTPUT_VERSION;
  readonly cloud: OutputCloud;
  readonly environment: string;
  readonly region: string;
  readonly clusterID: string;
  readonly baseDomain: string;
  readonly buckets: Readonly<Record<Exclude<OutputBucket, SecondRegion>, BucketAddress>> & {
    readonly [K in SecondRegion]?: BucketAddress;
  };
  readonly kms: PlaneKms;
  readonly network: PlaneNetwork;
  readonly cluster: PlaneCluster;
  readonly identity: PlaneIdentity;
  readonly storageClass: PlaneStorageClass;
  readonly qdrant: PlaneQdrant;
  readonly edge: PlaneEdge;
  readonly metrics: PlaneMetrics;
  readonly secrets: PlaneSecrets;
  readonly postgres: readonly PostgresServer[];
  /** Empty: it runs in the cluster. */
  readonly redis: readonly RedisServer[];
  /** AWS, only if there is a target without Kubernetes: where tenants' names must lead to, and their roles. */
  readonly ecs?: { readonly host: string; readonly roles: Readonly<Record<string, string>> };
  /** Only if writes are queued. */
  readonly queue?: QueueAddress;
  /** What stands before `/memplane:<version>` in `MemoryPlane.spec.image.service`. */
  readonly registry: string;
  /** Host of a public registry → what stands for it in the name of an image. Only if there are any. */
  readonly mirrors?: Readonly<Record<string, string>>;
  readonly irreversible: readonly Irreversible[];
}

/** Output `memplane_vault`: what the plane derived, as it really is; `from-outputs --vault` compares. */
export interface VaultOutput {
  readonly version: typeof OUTPUT_VERSION;
  readonly cloud: OutputCloud;
  readonly environment: string;
  readonly buckets: Readonly<Record<'audit' | 'auditReplica' | 'keys' | 'keysReplica', BucketAddress>>;
  readonly kms: { readonly tenant: string; readonly tenantReplica: string; readonly anchor: string };
  readonly irreversible: readonly Irreversible[];
}

/** Output `memplane_bootstrap`: for people, who set the spec and run by hand what Terraform cannot. */
export interface BootstrapOutput {
  readonly version: typeof OUTPUT_VERSION;
  readonly cloud: OutputCloud;
  readonly environment: string;
  readonly state: { readonly bucket: string; readonly key: string };
  readonly principals: { readonly deploy: string; readonly compliance: string; readonly breakGlass: string };
  readonly byHand: readonly string[];
}
