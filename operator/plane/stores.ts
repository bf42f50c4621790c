import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { migrateCatalogue } from '../catalogue/migrate.js';
import { type Bucket, openBucket } from '../clients/bucket.js';
import { type Kms, openKms } from '../clients/kms.js';
import type { KubeClient } from '../clients/kube.js';
import { connectionProblem, type Database, type DatabaseAddress, openDatabase } from '../clients/postgres.js';
import { done, type Outcome, stalled, wait } from '../runtime/outcome.js';
import { type PlaneDatabase, resolveAddress } from './address.js';
import { bucketUrl } from './bucket-url.js';

/** A changed Secret is noticed after so long, or at once when the database refuses the old one. */
const RECHECK_MS = 30_000;

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
  readonly #migrated = new Set<Database>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #probes = new Map<string, { readonly at: number; readonly problem: Promise<string | undefined> }>();

  constructor(kube: KubeClient, namespace: string) {
    this.#kube = kube;
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

  keys(plane: MemoryPlane): Outcome<{ readonly bucket: Bucket; readonly kms: Kms }> {
    try {
      const { provider, keyID } = plane.spec.kms;
      return done({ bucket: this.bucket(bucketUrl(plane.spec.buckets.keys)), kms: openKms(provider, keyID) });
    } catch (error) {
      return stalled('ProviderNotSupported', error instanceof Error ? error.message : String(error));
    }
  }

  /** Why a bucket does not answer, asked at most once in `RECHECK_MS`: thousands of tenants share it. */
  async bucketProblem(url: string): Promise<string | undefined> {
    const known = this.#probes.get(url);
    if (known !== undefined && performance.now() - known.at < RECHECK_MS) return known.problem;
    const problem = this.bucket(url)
      .list('probe/')
      .then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    this.#probes.set(url, { at: performance.now(), problem });
    return problem;
  }

  bucket(url: string): Bucket {
    const known = this.#buckets.get(url);
    if (known !== undefined) return known;
    const bucket = openBucket(url);
    this.#buckets.set(url, bucket);
    return bucket;
  }

  /** Turns a failed query into what a condition says; throws what is no matter of reaching the database. */
  problem(entry: Pick<PlaneDatabase, 'name' | 'host' | 'port'>, error: unknown): Outcome<never> {
    const kind = connectionProblem(error);
    if (kind === undefined) throw error;
    const where = `postgres ${entry.name} at ${entry.host}:${entry.port}`;
    return kind === 'refused'
      ? wait('DatabaseLoginRefused', `${where} refuses the login of its adminSecretRef; correct the Secret`, 15_000)
      : wait('DatabaseUnreachable', `${where} does not answer; what runs keeps its last good state`, 5_000);
  }

  async close(): Promise<void> {
    for (const { database } of this.#databases.values()) await database.close();
    this.#databases.clear();
  }

  private async open(plane: MemoryPlane, entry: PlaneDatabase): Promise<Outcome<Database>> {
    const id = `${plane.metadata.name}/${entry.name}`;
    const known = this.#databases.get(id);
    if (known !== undefined && performance.now() - known.checkedAt < RECHECK_MS) return done(known.database);
    const address = await resolveAddress(this.#kube, this.#namespace, entry);
    if (address.kind !== 'done') return address;
    const key = JSON.stringify(address.facts);
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
