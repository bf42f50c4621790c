import type { Place, Size } from './environment.js';

export type Table = Readonly<Record<Place['cloud'], Readonly<Record<Size, string>>>>;

/** Processors and memory: 2/4, then 2/16 (Google Cloud and Azure 4/16), then 8/64. */
export const POSTGRES_INSTANCES: Table = {
  aws: { small: 'db.t4g.medium', medium: 'db.r6g.large', large: 'db.r6g.2xlarge' },
  gcp: { small: 'db-custom-2-4096', medium: 'db-custom-4-16384', large: 'db-custom-8-65536' },
  azure: { small: 'GP_Standard_D2ds_v5', medium: 'GP_Standard_D4ds_v5', large: 'MO_Standard_E8ds_v5' },
};

/** Memory: 3, then 13, then 26 GB on AWS and the nearest that is sold elsewhere. */
export const REDIS_INSTANCES: Table = {
  aws: { small: 'cache.t4g.medium', medium: 'cache.r6g.large', large: 'cache.r6g.xlarge' },
  gcp: { small: 'STANDARD_SMALL', medium: 'HIGHMEM_MEDIUM', large: 'HIGHMEM_XLARGE' },
  azure: { small: 'Balanced_B3', medium: 'Balanced_B10', large: 'Balanced_B50' },
};

/** What all three vendors keep patched; a new one is a new line. */
export const KUBERNETES: readonly string[] = ['1.32', '1.33', '1.34', '1.35'];

/** Processors and memory: 2/8, 4/16, 8/32; Graviton on AWS, because images are built for both. */
export const NODE_INSTANCES: Table = {
  aws: { small: 'm7g.large', medium: 'm7g.xlarge', large: 'm7g.2xlarge' },
  gcp: { small: 'n2-standard-2', medium: 'n2-standard-4', large: 'n2-standard-8' },
  azure: { small: 'Standard_D2ds_v5', medium: 'Standard_D4ds_v5', large: 'Standard_D8ds_v5' },
};

/** Processors and memory of a node of the vector store: 4/16, 8/32, 16/128. */
export const QDRANT_INSTANCES: Table = {
  aws: { small: 'm7g.xlarge', medium: 'm7g.2xlarge', large: 'r7g.4xlarge' },
  gcp: { small: 'n2-standard-4', medium: 'n2-standard-8', large: 'n2-highmem-16' },
  azure: { small: 'Standard_D4ds_v5', medium: 'Standard_D8ds_v5', large: 'Standard_E16ds_v5' },
};

export interface QdrantPreset {
  /** Searches a second of all its nodes that the size is meant for; it is sized for twice as many. */
  readonly searchesPerSecond: number;
  /** Of a shard on a node: one a processor, so that a search uses all of them. */
  readonly segments: number;
  /** Of a collection, over all nodes. */
  readonly shards: number;
  /** Vectors of 384 dimensions that fit into memory with their index, in millions. */
  readonly millionVectors: number;
}

/** Planned figures, to be replaced by those of a load test on the machines that were bought. */
export const QDRANT_PRESETS: Readonly<Record<Size, QdrantPreset>> = {
  small: { searchesPerSecond: 50, segments: 4, shards: 2, millionVectors: 4 },
  medium: { searchesPerSecond: 200, segments: 8, shards: 6, millionVectors: 10 },
  large: { searchesPerSecond: 800, segments: 16, shards: 12, millionVectors: 45 },
};

interface Sized {
  readonly size: Size;
  readonly instance?: string;
}

export const instanceOf = (table: Table, cloud: Place['cloud'], { size, instance }: Sized): string =>
  instance ?? table[cloud][size];

/** Pods of a tenant of this size that hold connections, at most: memory and knowledge, both scaled out. */
export const TENANT_PODS: Readonly<Record<Size, number>> = { small: 10, medium: 20, large: 40 };

/** What Azure's disks for Postgres come in, in GiB. */
export const AZURE_STORAGE_GB: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16_384];
