import type { IdentityConfig } from '../identity/index.js';
import type { Key } from '../kms/contract.js';
import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { AwsSite } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Where the memory service listens, and where it says that it is well. */
export const PORT = 8283;
export const HEALTH = '/health/ready';

/**
 * The memory service without Kubernetes, on Fargate, for tenants that are named here: no operator makes them, and no
 * session tag tells them apart, so each has a role of its own with its namespace written into every permission.
 */
export interface EcsConfig {
  readonly site: AwsSite;
  readonly name: string;
  readonly tags: Tags;
  readonly network: NetworkOutput;
  /** Of the network: who may ask the load balancer. */
  readonly cidr: string;
  /** The ops key. */
  readonly key: Key;
  readonly logDays: number;
  /** Bucket of the vault that takes access logs of this region. */
  readonly logsTo: string;
  /** What a tenant's permissions are made of. */
  readonly identity: IdentityConfig;
  readonly tenants: readonly string[];
  readonly baseDomain: string;
  readonly image: string;
  readonly certificateArn: string;
  /** Fargate sells them in pairs. */
  readonly cpu: number;
  readonly memory: number;
  readonly desiredCount: number;
  /** Prefix of the secrets that the platform puts there: `<prefix><tenant>/url`, in Secrets Manager. */
  readonly secrets: string;
}

export interface EcsOutput {
  /** What `<tenant>.<baseDomain>` must lead to. */
  readonly host: string;
  readonly roles: Readonly<Record<string, string>>;
}

export function checkEcs({ name, key, tenants, image, desiredCount }: EcsConfig): void {
  const at = `ecs ${name}`;
  if (key.purpose !== 'ops') {
    throw refused(`${at}.key`, key.purpose, 'logs have a key of their own', 'pass the ops key');
  }
  if (!/@sha256:[0-9a-f]{64}$/.test(image)) {
    throw refused(`${at}.image`, image, 'a tag can be moved', 'name the image by its digest');
  }
  if (tenants.length === 0 || new Set(tenants).size !== tenants.length) {
    throw refused(`${at}.tenants`, tenants, 'none, or one twice', 'name each tenant once');
  }
  if (!Number.isInteger(desiredCount) || desiredCount < 1 || desiredCount > 10) {
    throw refused(`${at}.desiredCount`, desiredCount, 'needs 1 to 10', 'set ecs.desiredCount in the spec');
  }
}
