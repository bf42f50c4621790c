import type { GrantScope, Permission } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';
import { currentContext, runInContext } from '../http/context.js';

/** Who asked for a job, as it is kept with the job: what they might do then is what the job may do. */
export interface Asker extends Omit<Principal, 'grants'> {
  readonly grants: readonly (readonly [Permission, readonly GrantScope[]])[];
}

/** The request that asked for a job: its ids go on in the job's log lines and audit events. */
export interface Origin {
  readonly requestId: string;
  readonly traceId: string;
}

export const currentOrigin = (): Origin | null => {
  const context = currentContext();
  return context ? { requestId: context.requestId, traceId: context.traceId } : null;
};

/** Runs a job as its asker and under the ids of the request that asked. */
export const runAsAsker = <T>(kind: string, principal: Principal, origin: Origin, run: () => T): T =>
  runInContext({ ...origin, startedAt: performance.now(), operation: kind, principal }, run);

export const writeAsker = ({ grants, ...principal }: Principal): Asker => ({
  ...principal,
  grants: [...grants].map(([permission, scopes]) => [permission, [...scopes]] as const),
});

export const readAsker = ({ grants, ...principal }: Asker): Principal => ({
  ...principal,
  grants: new Map(grants.map(([permission, scopes]) => [permission, new Set(scopes)])),
});
