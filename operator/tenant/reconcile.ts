import { FINALIZER } from '../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../api/v1alpha1/types.js';
import { done, type Outcome } from '../runtime/outcome.js';
import type { RunResult } from '../runtime/queue.js';
import type { TenantDependencies } from './dependencies.js';
import { finalizeTenant } from './finalize.js';
import { gatherTenant } from './gather.js';
import { PHASE_LIST } from './phases/index.js';
import type { PhaseContext } from './phases/phase.js';
import { type Findings, foldStatus } from './status.js';

/** Gather → build → plan → apply → status, for one tenant. Called for one name at a time, never twice at once. */
export async function reconcileTenant(deps: TenantDependencies, name: string, signal: AbortSignal): Promise<RunResult> {
  const known = deps.tenants.get(name);
  if (known === undefined) return {};
  if (known.metadata.deletionTimestamp !== undefined) return finalizeTenant(deps, known, signal);
  const tenant = known.metadata.finalizers?.includes(FINALIZER) ? known : await addFinalizer(deps, known);
  const findings = await findOut(deps, tenant, signal);
  await deps.patchStatus(tenant, foldStatus(tenant.status, tenant.metadata.generation ?? 0, findings, deps.now()));
  return { requeueAfterMs: nextLook(findings) };
}

/** Before anything is made for a tenant, its deletion is made to wait for us. */
function addFinalizer(deps: TenantDependencies, tenant: MemoryTenant): Promise<MemoryTenant> {
  const { name, resourceVersion, finalizers = [] } = tenant.metadata;
  return deps.kube.mergePatch<MemoryTenant>(
    { resource: MEMORY_TENANTS, name },
    { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER] } },
  );
}

async function findOut(deps: TenantDependencies, tenant: MemoryTenant, signal: AbortSignal): Promise<Findings> {
  const { paused, mode } = tenant.spec;
  const findings: Findings = { gate: undefined, phases: [], facts: {}, paused, suspended: mode === 'Suspended' };
  if (paused) return findings;
  const gathered = await gatherTenant(deps, tenant, signal);
  if (gathered.kind !== 'done') return { ...findings, gate: gathered };
  return { ...findings, facts: gathered.facts.facts, phases: await runPhases(gathered.facts.context) };
}

/** In order, up to the first that does not hold. */
async function runPhases(context: PhaseContext): Promise<Findings['phases']> {
  const said: Findings['phases'][number][] = [];
  for (const phase of PHASE_LIST) {
    context.signal.throwIfAborted();
    const outcome = await phase.run(context);
    said.push({ phase: phase.name, outcome });
    if (outcome.kind !== 'done') break;
  }
  return said;
}

function nextLook({ gate, phases }: Findings): number | undefined {
  const last: Outcome<unknown> = gate ?? phases.at(-1)?.outcome ?? done(undefined);
  return last.kind === 'wait' ? last.afterMs : undefined;
}
