import { pathToFileURL } from 'node:url';
import type { MemoryPlane } from '../api/v1alpha1/types.js';

export type PlaneBucket = MemoryPlane['spec']['buckets']['keys'];

/** One text for a bucket, which pods and operator open alike. */
export function bucketUrl({ provider, name, region, endpoint }: PlaneBucket): string {
  if (provider === 'file') return pathToFileURL(name).href;
  const scheme = { s3: 's3', gcs: 'gs', azure: 'azure' }[provider];
  const query = new URLSearchParams({ ...(region ? { region } : {}), ...(endpoint ? { endpoint } : {}) });
  return `${scheme}://${name}${query.size > 0 ? `?${query}` : ''}`;
}
