import type { BucketOutput } from '../bucket/contract.js';
import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** One way, new objects only: the second region must survive what goes wrong in the first. */
export interface ReplicationConfig<S extends Site = Site> {
  readonly site: S;
  /** Name of whoever copies, where the cloud wants a role of its own for it. */
  readonly name: string;
  readonly tags: Tags;
  readonly source: BucketOutput;
  readonly sourceKey: Key;
  /** In the second region, and under a lock that is no weaker than the source's. */
  readonly destination: BucketOutput;
  readonly destinationKey: Key;
  /**
   * `Follow`: what is deleted here disappears there as well, and can be brought back as long as old versions are kept.
   * Google Cloud's copies by event carry no deletions; what they leave behind is sealed under a key that is gone.
   * @default Never
   */
  readonly deletions?: 'Never' | 'Follow';
}

export interface ReplicationOutput {
  readonly address: string;
}

export function checkReplication({ name, source, destination }: ReplicationConfig): void {
  if (source.region === destination.region) {
    const remedy = 'pass a bucket of the replica region';
    throw refused(`replication ${name}.destination`, destination.region, 'the same region as the source', remedy);
  }
  if (destination.lockDays < source.lockDays) {
    const remedy = `lock the destination for at least ${source.lockDays} days`;
    throw refused(`replication ${name}.destination.lockDays`, destination.lockDays, 'a weaker lock', remedy);
  }
}
