import { FINALIZER, tenantNamespace } from '../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../api/v1alpha1/types.js';
import { retireTenant } from '../catalogue/catalogue.js';
import { KubeError } from '../clients/kube.js';
import { done, type Outcome, stalled, wait } from '../runtime/outcome.js';
import type { RunResult } from '../runtime/queue.js';
import type { TenantDependencies } from './dependencies.js';
import { gatherTeardown } from './gather.js';
import { holdsNow, holdsOn } from './holds.js';
import { PHASE_LIST } from './phases/index.js';
import type { Fate, TeardownContext } from './phases/phase.js';
import { foldStatus } from './status.js';

const DAY_MS = 86_400_000;

/** Tears a tenant down in reverse order of its phases; its object goes when nothing of it runs any more. */
export async function finalizeTenant(
  deps: TenantDependencies,
  tenant: MemoryTenant,
  signal: AbortSignal,
): Promise<RunResult> {
  if (!tenant.metadata.finalizers?.includes(FINALIZER)) return {};
  const outcome = await teardown(deps, tenant, signal);
  if (outcome.kind === 'done') {
    await removeFinalizer(deps, tenant);
    return {};
  }
  const findings = { gate: outcome, phases: [], facts: {}, paused: false, suspended: false };
  await deps.patchStatus(tenant, foldStatus(tenant.status, tenant.metadata.generation ?? 0, findings, deps.now()));
  return { requeueAfterMs: outcome.kind === 'wait' ? outcome.afterMs : undefined };
}

async function teardown(
  deps: TenantDependencies,
  tenant: MemoryTenant,
  signal: AbortSignal,
): Promise<Outcome<undefined>> {
  const { name } = tenant.metadata;
  const gathered = await gatherTeardown(deps, tenant, signal);
  const begun = gathered.kind === 'done' && gathered.facts?.record.destroyingSince !== undefined;
  const fate = fateOf(tenant, begun);
  const holds = fate === 'destroy' ? await holdsNow(deps.kube, name, signal) : holdsOn(deps.holds.list(), name);
  const refusal = planRefusal(tenant, holds, begun);
  if (refusal !== undefined) return refusal;
  if (gathered.kind !== 'done') return gathered;
  // Nothing was ever made: the identity was never decided.
  if (gathered.facts === undefined) return done(undefined);
  const context = { ...gathered.facts, fate };
  const outcome = await runTeardown(context);
  if (outcome.kind !== 'done') return outcome;
  await retire(deps, tenant, context);
  return done(undefined);
}

/**
 * With a grace period, `Erase` keeps everything until the period is over: the sweeper destroys it then. What is begun is
 * finished, whatever the policy says meanwhile: half a tenant can be kept for nobody.
 */
export const fateOf = ({ spec }: Pick<MemoryTenant, 'spec'>, begun = false): Fate =>
  begun || (spec.deletionPolicy === 'Erase' && spec.erasureGraceDays === 0) ? 'destroy' : 'keep';

/** Legal hold beats erasure, and nobody is told that an archive was made which was not. */
export function planRefusal(
  { spec, metadata }: Pick<MemoryTenant, 'spec' | 'metadata'>,
  holds: readonly string[],
  begun = false,
): Outcome<never> | undefined {
  if (begun) {
    if (holds.length === 0) return undefined;
    return wait(
      'Held',
      `MemoryHold ${holds.join(', ')} forbids to erase what is left of ${metadata.name}, whose erasure has begun; release it`,
      60_000,
    );
  }
  if (spec.deletionPolicy === 'Archive') {
    return stalled(
      'DeletionPolicyNotSupported',
      'spec.deletionPolicy is Archive and this version makes no backups yet; set Retain to keep the data or Erase to destroy it',
    );
  }
  if (spec.deletionPolicy !== 'Erase' || holds.length === 0) return undefined;
  return wait(
    'Held',
    `MemoryHold ${holds.join(', ')} forbids to erase ${metadata.name}; release it, or set spec.deletionPolicy to Retain`,
    60_000,
  );
}

async function runTeardown(context: TeardownContext): Promise<Outcome<undefined>> {
  for (const phase of PHASE_LIST.toReversed()) {
    context.signal.throwIfAborted();
    const outcome = await phase.teardown(context);
    if (outcome.kind !== 'done') return outcome;
  }
  return done(undefined);
}

async function retire(deps: TenantDependencies, tenant: MemoryTenant, context: TeardownContext): Promise<void> {
  const { deletionPolicy, erasureGraceDays } = tenant.spec;
  const { tenantId } = context.record;
  const { catalogue } = context.stores;
  if (context.fate === 'destroy') return retireTenant(catalogue, tenantId, 'Erased', undefined);
  if (deletionPolicy !== 'Erase') return retireTenant(catalogue, tenantId, 'Retained', undefined);
  const eraseAt = new Date(deps.now().getTime() + erasureGraceDays * DAY_MS);
  return retireTenant(catalogue, tenantId, 'Erasing', eraseAt);
}

async function removeFinalizer(deps: TenantDependencies, tenant: MemoryTenant): Promise<void> {
  const { name, resourceVersion, finalizers = [] } = tenant.metadata;
  try {
    await deps.kube.mergePatch(
      { resource: MEMORY_TENANTS, name },
      { metadata: { resourceVersion, finalizers: finalizers.filter((one) => one !== FINALIZER) } },
    );
  } catch (error) {
    // It went with an earlier attempt whose answer was lost.
    if (!(error instanceof KubeError) || error.reason !== 'NotFound') throw error;
  }
  deps.objects.forget(tenantNamespace(name));
}
