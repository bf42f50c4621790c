import type { TenantOptions } from '../../../charts/manifests/tenant/options.js';
import type { TenantRecord } from '../../catalogue/catalogue.js';
import type { Bucket } from '../../clients/bucket.js';
import type { OperatorKms } from '../../clients/kms.js';
import type { KubeClient } from '../../clients/kube.js';
import type { PodRoles } from '../../clients/pod-roles.js';
import type { Database } from '../../clients/postgres.js';
import type { Outcome } from '../../runtime/outcome.js';
import type { Facts } from '../facts.js';
import type { TenantObjects } from '../objects.js';

/** The shared stores as this tenant sees them: the catalogue, its database, the bucket and the KMS of its keys. */
export interface TenantStores {
  readonly catalogue: Database;
  readonly database: Database;
  readonly keys: Bucket;
  /** The plane's other buckets: what each is for, and why it does not answer, if so. */
  readonly buckets: readonly { readonly purpose: string; problem(): Promise<string | undefined> }[];
  readonly kms: OperatorKms;
  /** Who the tenant's pods become to the cloud, where it has to be told. */
  readonly roles: PodRoles | undefined;
  readonly kmsKeyId: string;
  readonly kmsProvider: string;
}

export interface PhaseContext {
  readonly options: TenantOptions;
  readonly record: TenantRecord;
  readonly stores: TenantStores;
  readonly kube: KubeClient;
  readonly objects: TenantObjects;
  readonly signal: AbortSignal;
}

/** What becomes of data and keys when a tenant goes: kept for re-attachment, or destroyed. */
export type Fate = 'keep' | 'destroy';

export interface TeardownContext {
  readonly record: TenantRecord;
  readonly stores: TenantStores;
  readonly kube: KubeClient;
  readonly fate: Fate;
  readonly signal: AbortSignal;
}

/** A phase that waits may know some facts already (the service answers while its newest pod does not). */
export type PhaseOutcome = Outcome<Facts> | (Extract<Outcome<Facts>, { kind: 'wait' }> & { readonly facts: Facts });

/**
 * One step on the way to a running tenant. `run` and `teardown` may be repeated at any time and after any crash:
 * they observe first and do only what is missing.
 */
export interface Phase {
  readonly name: PhaseName;
  run(context: PhaseContext): Promise<PhaseOutcome>;
  teardown(context: TeardownContext): Promise<Outcome<undefined>>;
}

/** In the order in which they run; teardown goes the other way. */
export const PHASES = ['namespace', 'keys', 'database', 'vectors', 'storage', 'workload'] as const;
export type PhaseName = (typeof PHASES)[number];

/** `database` → `DatabaseReady`. */
export const phaseCondition = (phase: PhaseName): string => `${phase.charAt(0).toUpperCase()}${phase.slice(1)}Ready`;
