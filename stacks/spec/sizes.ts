import type { Place, Postgres, Size } from './environment.js';

type Table = Readonly<Record<Place['cloud'], Readonly<Record<Size, string>>>>;

/** Processors and memory: 2/4, then 2/16 (Google Cloud and Azure 4/16), then 8/64. */
export const POSTGRES_INSTANCES: Table = {
  aws: { small: 'db.t4g.medium', medium: 'db.r6g.large', large: 'db.r6g.2xlarge' },
  gcp: { small: 'db-custom-2-4096', medium: 'db-custom-4-16384', large: 'db-custom-8-65536' },
  azure: { small: 'GP_Standard_D2ds_v5', medium: 'GP_Standard_D4ds_v5', large: 'MO_Standard_E8ds_v5' },
};

export const instanceOf = (cloud: Place['cloud'], { size, instance }: Postgres): string =>
  instance ?? POSTGRES_INSTANCES[cloud][size];

/** Pods of a tenant of this size that hold connections, at most: memory and knowledge, both scaled out. */
export const TENANT_PODS: Readonly<Record<Size, number>> = { small: 10, medium: 20, large: 40 };

/** What Azure's disks for Postgres come in, in GiB. */
export const AZURE_STORAGE_GB: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16_384];
