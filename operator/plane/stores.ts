import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { migrateCatalogue } from '../catalogue/migrate.js';
import { type Bucket, BucketError, openBucket } from '../clients/bucket.js';
import type { OperatorKms } from '../clients/kms.js';
import { openKms } from '../clients/kms-providers.js';
import type { KubeClient } from '../clients/kube.js';
import type { PodRoles } from '../clients/pod-roles.js';
import { type Database, type DatabaseAddress, openDatabase } from '../clients/postgres.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';
import { type PlaneDatabase, resolveAddress } from './address.js';
import { bucketUrl } from './bucket-url.js';
import { describeDatabaseProblem } from './database-problem.js';
import { TenantRolesOf } from './pod-roles.js';
import type { CloudAccess } from './tenant-cloud.js';
import { TenantClouds } from './tenant-clouds.js';

/** A changed Secret is noticed after so long, or at once when the database refuses the old one. */
const RECHECK_MS = 30_000;

/** The operator has no right on the others, by design: there a refusal is an answer. */
const LISTED: ReadonlySet<string> = new Set(['keys', 'keysReplica', 'artifacts', 'backups']);

interface Opened {
  readonly key: string;
  readonly database: Database;
  readonly checkedAt: number;
}

/**
 * Opens the stores of planes and keeps them open: one pool a database, whatever the number of tenants. Credentials are
 * read from their Secrets and live nowhere else.
 */
export class PlaneStores {
  readonly #kube: KubeClient;
  readonly #namespace: string;
  readonly #databases = new Map<string, Opened>();
  readonly #opening = new Map<string, Promise<Outcome<Database>>>();
  readonly #migrated = new Set<Database>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #roles = new TenantRolesOf();
  readonly #cloud: CloudAccess;
  readonly #clouds: TenantClouds;
  /** When a bucket last answered. */
  readonly #answered = new Map<string, number>();

  constructor(kube: KubeClient, namespace: string, cloud: CloudAccess = {}) {
    this.#kube = kube;
    this.#cloud = cloud;
    this.#clouds = new TenantClouds(cloud);
    this.#namespace = namespace;
  }

  /** The plane's first database holds the catalogue. */
  async catalogue(plane: MemoryPlane): Promise<Outcome<Database>> {
    const [entry] = plane.spec.postgres;
    if (entry === undefined) return stalled('PlaneIncomplete', `MemoryPlane ${plane.metadata.name} names no postgres`);
    const opened = await this.open(plane, entry);
    if (opened.kind !== 'done' || this.#migrated.has(opened.facts)) return opened;
    try {
      await migrateCatalogue(opened.facts);
    } catch (error) {
      return this.problem(entry, error);
    }
    this.#migrated.add(opened.facts);
    return opened;
  }

  async database(plane: MemoryPlane, name: string): Promise<Outcome<Database>> {
    const entry = plane.spec.postgres.find((candidate) => candidate.name === name);
    if (entry !== undefined) return this.open(plane, entry);
    return stalled(
      'PlacementMissing',
      `MemoryPlane ${plane.metadata.name} no longer lists postgres ${name}; list it again`,
    );
  }

  keys(plane: MemoryPlane): Outcome<{ readonly bucket: Bucket; readonly kms: OperatorKms }> {
    const cloud = this.#clouds.of(plane);
    if (cloud.kind !== 'done') return cloud;
    try {
      const { provider, keyID } = plane.spec.kms;
      const kms = cloud.facts?.kms ?? openKms(provider, keyID);
      return done({ bucket: this.bucket(bucketUrl(plane.spec.buckets.keys)), kms });
    } catch (error) {
      return stalled('ProviderNotSupported', error instanceof Error ? error.message : String(error));
    }
  }

  /** Who tenants' pods become, where a cloud has to be told. */
  roles(plane: MemoryPlane): Outcome<PodRoles | undefined> {
    const cloud = this.#clouds.of(plane);
    if (cloud.kind !== 'done') return cloud;
    return cloud.facts === undefined ? this.#roles.of(plane) : done(cloud.facts.roles);
  }

  /** Why a bucket does not answer. One that answered lately is not asked again: thousands of tenants share it. */
  async bucketProblem(url: string, purpose: string): Promise<string | undefined> {
    const answeredAt = this.#answered.get(url);
    const isKnown = answeredAt !== undefined && performance.now() - answeredAt < RECHECK_MS;
    return isKnown ? undefined : this.probeBucket(url, purpose);
  }

  /** The same, asked now. */
  async probeBucket(url: string, purpose: string): Promise<string | undefined> {
    try {
      await this.bucket(url)
        .list('probe/')
        .catch((error: unknown) => {
          const isRefusal = error instanceof BucketError && error.message.includes(': AccessDenied');
          if (!isRefusal || LISTED.has(purpose)) throw error;
        });
      this.#answered.set(url, performance.now());
      return undefined;
    } catch (error) {
      this.#answered.delete(url);
      return error instanceof Error ? error.message : String(error);
    }
  }

  bucket(url: string): Bucket {
    const known = this.#buckets.get(url);
    if (known !== undefined) return known;
    const bucket = openBucket(url, this.#cloud.identity);
    this.#buckets.set(url, bucket);
    return bucket;
  }

  /** What a condition says of a query that failed for reasons of the network or the login. */
  problem({ name, host, port }: Pick<PlaneDatabase, 'name' | 'host' | 'port'>, error: unknown): Outcome<never> {
    return describeDatabaseProblem(`postgres ${name} at ${host}:${port}`, error);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    for (const { database } of this.#databases.values()) await database.close();
    this.#databases.clear();
  }

  /** Once for all who ask at one time: each alone would open a pool, of which one is kept, or close the old one again. */
  private async open(plane: MemoryPlane, entry: PlaneDatabase): Promise<Outcome<Database>> {
    const id = `${plane.metadata.name}/${entry.name}`;
    const known = this.#databases.get(id);
    if (known !== undefined && performance.now() - known.checkedAt < RECHECK_MS) return done(known.database);
    const opening = this.#opening.get(id) ?? this.reopen(id, entry).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  private async reopen(id: string, entry: PlaneDatabase): Promise<Outcome<Database>> {
    const address = await resolveAddress(this.#kube, this.#namespace, entry);
    if (address.kind !== 'done') return address;
    const key = JSON.stringify(address.facts);
    const known = this.#databases.get(id);
    const database = known?.key === key ? known.database : this.replace(known, address.facts);
    this.#databases.set(id, { key, database, checkedAt: performance.now() });
    return done(database);
  }

  private replace(old: Opened | undefined, address: DatabaseAddress): Database {
    // Whoever is in the middle of a query finishes it: closing a pool waits for them.
    void old?.database.close();
    return openDatabase(address);
  }
}
