import { CloudRefused } from './cloud-rest.js';

export interface PodTenant {
  readonly tenantId: string;
  readonly namespace: string;
}

/** What a service account must carry so that the cloud knows whose it is. */
export type Annotations = Readonly<Record<string, string>>;

/** By name of the service account; one that is not named carries none. */
export type AccountAnnotations = Readonly<Record<string, Annotations>>;

/** Who the pods of a tenant are to the cloud, and what they may do there. Both may be repeated at any time. */
export interface PodRoles {
  /** The service accounts of the namespace become what they are to be, and no other ones. */
  bind(tenant: PodTenant): Promise<AccountAnnotations>;
  /** No service account of the namespace becomes anybody. */
  unbind(tenant: PodTenant): Promise<void>;
}

/** What a person can act on; the code is the reason of the condition. */
export class PodRolesError extends Error {
  readonly code = 'IdentityRefused';

  constructor(message: string, remedy: string, cause?: unknown) {
    super(`${message}; ${remedy}`, { cause });
    this.name = 'PodRolesError';
  }
}

export async function binding<T>(what: string, forbidden: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CloudRefused)) throw cause;
    const { status, message } = cause;
    const isForbidden = status === 401 || status === 403;
    const passing = 'check that the cloud and the source of the operator’s tokens are reachable; it is tried again';
    throw new PodRolesError(`the cloud did not ${what}: ${message}`, isForbidden ? forbidden : passing, cause);
  }
}
