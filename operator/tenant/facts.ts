import type { MemoryTenantStatus } from '../api/v1alpha1/types.js';

/** What a reconcile learned and status shows. Fields that nobody spoke of keep their last value. */
export type Facts = Partial<
  Pick<
    MemoryTenantStatus,
    | 'tenantID'
    | 'endpoint'
    | 'namespace'
    | 'apiKeySecret'
    | 'binding'
    | 'version'
    | 'effective'
    | 'placement'
    | 'embedding'
    | 'encryption'
  >
> & {
  /** Whether the service answers at this moment. */
  readonly available?: { readonly yes: boolean; readonly reason: string; readonly message: string };
};
