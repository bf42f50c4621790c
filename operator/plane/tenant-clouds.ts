import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';
import { openAzurePlane } from './azure-plane.js';
import { openGooglePlane } from './google-plane.js';
import type { CloudAccess, Demand, TenantCloud } from './tenant-cloud.js';

/** Opened once a plane, and again when it says something else: what they remember saves thousands of calls. */
export class TenantClouds {
  readonly #access: CloudAccess;
  readonly #open = new Map<string, { readonly said: string; readonly cloud: TenantCloud }>();

  constructor(access: CloudAccess) {
    this.#access = access;
  }

  /** `undefined` where tenants share one key. */
  of(plane: MemoryPlane): Outcome<TenantCloud | undefined> {
    const { kms, identity, buckets } = plane.spec;
    if (kms.provider !== 'gcp' && kms.provider !== 'azure') return done(undefined);
    const { name } = plane.metadata;
    const said = JSON.stringify({ kms, identity, buckets });
    const known = this.#open.get(name);
    if (known?.said === said) return done(known.cloud);
    const missing: string[] = [];
    const demand: Demand = (field, value) => {
      if (value === undefined || value === '') missing.push(`spec.${field}`);
      return value ?? '';
    };
    const cloud = (kms.provider === 'gcp' ? openGooglePlane : openAzurePlane)(plane.spec, this.#access, demand);
    if (missing.length > 0) {
      return stalled(
        'PlaneIncomplete',
        `${missing.join(', ')} of MemoryPlane ${name} must be set where kms.provider is ${kms.provider}; memoryctl plane from-outputs writes it`,
      );
    }
    this.#open.set(name, { said, cloud });
    return done(cloud);
  }
}
