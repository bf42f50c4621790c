/**
 * Everything that a tenant's objects are made of: one flat, resolved, readonly value. The operator's `resolve` is the
 * only writer; builders read it and nothing else, so that equal options always give equal bytes.
 */
export type Tier = 'Pooled' | 'Dedicated' | 'Isolated';
export type Mode = 'Active' | 'ReadOnly' | 'Suspended';
export type Size = 'small' | 'medium' | 'large';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Quantities {
  readonly cpu: string;
  readonly memory: string;
}

export interface ServiceOptions {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly targetCPUUtilizationPercentage: number | undefined;
  readonly targetMemoryUtilizationPercentage: number | undefined;
  readonly requests: Quantities;
  readonly limits: Quantities;
}

export interface NamedCidr {
  readonly name: string;
  readonly cidr: string;
  readonly ports: readonly number[];
}

export interface Toleration {
  readonly key?: string | undefined;
  readonly operator?: 'Exists' | 'Equal' | undefined;
  readonly value?: string | undefined;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | undefined;
  readonly tolerationSeconds?: number | undefined;
}

/** Who does a task that is not ours to do: here, or somewhere with a key. */
export interface Provider {
  readonly provider: string;
  /** @default the provider's usual one */
  readonly model?: string | undefined;
  /** @default the provider's own address */
  readonly endpoint?: string | undefined;
  /** Its key, in a Secret of the tenant's namespace. @default none */
  readonly secret?: { readonly name: string; readonly key: string } | undefined;
}

export interface TokenIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksURI: string;
  readonly claims: { readonly user: string; readonly roles: string; readonly tenant?: string | undefined };
  readonly strictType: boolean;
}

/** A provider that keeps the memories elsewhere, and the account there. */
export interface MemoryKeeper extends Omit<Provider, 'model'> {
  readonly organization: string | undefined;
  readonly project: string | undefined;
}

export interface TenantOptions {
  readonly name: string;
  readonly namespace: string;
  /** Made once, kept in the catalogue; never `metadata.uid`. */
  readonly tenantId: string;
  readonly tier: Tier;
  readonly mode: Mode;
  readonly size: Size;

  readonly image: string;
  readonly version: string;
  readonly imagePullSecrets: readonly string[];
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;

  readonly memory: ServiceOptions;

  readonly hostnames: readonly string[];
  /** Where clients reach the tenant. @default `https://` and the first hostname */
  readonly publicUrl?: string | undefined;
  readonly corsOrigins: readonly string[];
  readonly rateLimits: {
    readonly tenantPerMinute: number;
    readonly ipPerMinute: number;
    readonly keyPerMinute?: number | undefined;
  };
  /** Issuers whose tokens are accepted beside API keys. */
  readonly jwt: readonly TokenIssuer[];
  readonly apiKeys: { readonly rotationDays: number; readonly overlapDays: number };
  /** Switches of single features; what is not listed is on. */
  readonly features: readonly { readonly name: string; readonly enabled: boolean }[];
  readonly admins: readonly {
    readonly kind: 'User' | 'Group' | 'ServiceAccount';
    readonly name: string;
    readonly namespace?: string | undefined;
  }[];
  readonly consumers: readonly { readonly namespace: string; readonly roles: readonly string[] }[];

  /** undefined = unlimited. */
  readonly quotas: {
    readonly memories: number | undefined;
    readonly memoriesPerUser: number | undefined;
    readonly storage: string | undefined;
    readonly tokensPerDay: number | undefined;
  };
  /** ResourceQuota hard limits, derived from scaling and surge, or given. */
  readonly quotaHard: Readonly<Record<string, string>>;

  readonly policies: {
    readonly ttlDays: number | undefined;
    readonly minConfidencePercent: number;
    readonly redact: readonly string[];
    readonly predicates: readonly string[] | undefined;
    /** What has become less important than this is forgotten, looked at so often. */
    readonly forgetting: { readonly intervalSeconds: number; readonly thresholdPercent: number };
    readonly cleanup: { readonly intervalSeconds: number };
  };
  readonly logLevel: LogLevel;
  readonly metrics: boolean;

  readonly fieldEncryption: boolean;
  /** The age at which the operator offers a new tenant key. No object carries it. */
  readonly keyRotationDays: number;
  /** Which reads the service writes down, and whether they wait for it. */
  readonly audit: { readonly reads: boolean; readonly readsMode: 'Batched' | 'Strict' };
  /** Where the log goes under lock, for how long and how often. undefined = the plane has no bucket for it. */
  readonly archive:
    | {
        readonly bucketUrl: string;
        readonly retentionDays: number;
        readonly intervalSeconds: number;
        readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
      }
    | undefined;
  /** How sealed memories can be searched. */
  readonly searchIndex: { readonly keyword: boolean; readonly clearMetadata: readonly string[] };
  /** How often memories are looked at for promotion. @default 60000 */
  readonly syncIntervalMs?: number | undefined;

  readonly embedding: Provider & { readonly dimensions: number };
  readonly extraction: Provider;
  /** Who keeps the memories, when it is not the service. @default the service */
  readonly memoryKeeper?: MemoryKeeper | undefined;
  readonly vectors: { readonly provider: 'embedded' | 'qdrant' | 'pgvector' };

  /** The Postgres role that the service works as; the migration grants it what each table allows. */
  readonly databaseRole: string;
  /** Where the keyring lives, as a URL (`file:///…`, `s3://…`), and which KMS key wraps it. */
  readonly keysBucketUrl: string;
  readonly kms: { readonly provider: string; readonly keyId: string };
  /** Where files that belong to memories lie, sealed. undefined = there are none. */
  readonly artifactsBucketUrl: string | undefined;

  readonly gateway: {
    readonly parentRefs: readonly {
      readonly name: string;
      readonly namespace?: string | undefined;
      readonly sectionName?: string | undefined;
    }[];
    readonly ingressClassName: string | undefined;
    readonly issuerRef: { readonly name: string; readonly kind: string; readonly group: string } | undefined;
  };
  /** Store addresses that the pods must reach; rendered as egress rules. */
  readonly storePeers: readonly { readonly name: string; readonly cidr: string | undefined; readonly port: number }[];
  readonly egress: readonly NamedCidr[];
  readonly ingressFrom: readonly { readonly namespace: string }[];
  readonly proxy: { readonly httpsProxy: string; readonly noProxy: readonly string[] } | undefined;
  readonly trustBundle: { readonly configMap: string; readonly key: string } | undefined;

  readonly scheduling: {
    readonly nodeSelector: Readonly<Record<string, string>>;
    readonly tolerations: readonly Toleration[];
    readonly priorityClassName: string | undefined;
    readonly topologySpread: 'Zone' | 'Node' | 'None';
  };

  /** Changes when a credential of the tenant changes: rolls the pods. Never derived from a secret's value. */
  readonly credentialsVersion: string;
}
