/** Roles of a cloud by service account. */
export type Roles = Readonly<Record<string, string>>;

/** Who the pods of a namespace are to the cloud. Both may be repeated at any time. */
export interface PodRoles {
  /** Each of these service accounts becomes its role, and no other one. */
  bind(namespace: string, roles: Roles): Promise<void>;
  /** No service account of the namespace becomes any role. */
  unbind(namespace: string): Promise<void>;
}

/** What a person can act on; the code is the reason of the condition. */
export class PodRolesError extends Error {
  readonly code = 'IdentityRefused';

  constructor(message: string, remedy: string, cause?: unknown) {
    super(`${message}; ${remedy}`, { cause });
    this.name = 'PodRolesError';
  }
}
