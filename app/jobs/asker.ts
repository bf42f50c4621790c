import type { GrantScope, Permission } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';

/** Who asked for a job, as it is kept with the job: what they might do then is what the job may do. */
export interface Asker extends Omit<Principal, 'grants'> {
  readonly grants: readonly (readonly [Permission, readonly GrantScope[]])[];
}

export const writeAsker = ({ grants, ...principal }: Principal): Asker => ({
  ...principal,
  grants: [...grants].map(([permission, scopes]) => [permission, [...scopes]] as const),
});

export const readAsker = ({ grants, ...principal }: Asker): Principal => ({
  ...principal,
  grants: new Map(grants.map(([permission, scopes]) => [permission, new Set(scopes)])),
});
