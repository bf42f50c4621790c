import { IN_USE_FINALIZER } from '../../charts/manifests/names.js';
import { MEMORY_PLANES } from '../api/v1alpha1/resources.js';
import type { MemoryPlane, MemoryPlaneStatus, MemoryTenant } from '../api/v1alpha1/types.js';
import { countTenants, type PlacementCount } from '../catalogue/catalogue.js';
import type { KubeClient } from '../clients/kube.js';
import type { RunResult } from '../runtime/queue.js';
import type { View } from '../runtime/view.js';
import { bucketUrl } from './bucket-url.js';
import { foldPlaneStatus, type StoreFinding } from './status.js';
import type { PlaneStores } from './stores.js';

export interface PlaneDependencies {
  readonly kube: KubeClient;
  readonly planes: View<MemoryPlane>;
  readonly tenants: View<MemoryTenant>;
  readonly stores: PlaneStores;
  now(): Date;
  patchStatus(plane: MemoryPlane, status: MemoryPlaneStatus): Promise<void>;
}

/** How often a plane's stores are asked whether they are there. */
const PROBE_MS = 15_000;

/** Keeps a plane's status true, and the plane itself as long as a tenant refers to it. */
export async function reconcilePlane(deps: PlaneDependencies, name: string): Promise<RunResult> {
  const known = deps.planes.get(name);
  if (known === undefined) return {};
  const users = deps.tenants.list().filter(({ spec }) => spec.planeRef.name === name);
  if (known.metadata.deletionTimestamp !== undefined && users.length === 0) {
    await setFinalizers(deps, known, (all) => all.filter((one) => one !== IN_USE_FINALIZER));
    return {};
  }
  const guarded = known.metadata.finalizers?.includes(IN_USE_FINALIZER) === true;
  const plane = guarded ? known : await setFinalizers(deps, known, (all) => [...all, IN_USE_FINALIZER]);
  const { findings, counts } = await probe(deps, plane);
  await deps.patchStatus(plane, foldPlaneStatus(plane, findings, counts, deps.now()));
  return { requeueAfterMs: PROBE_MS };
}

function setFinalizers(
  deps: PlaneDependencies,
  plane: MemoryPlane,
  change: (finalizers: readonly string[]) => readonly string[],
): Promise<MemoryPlane> {
  const { name, resourceVersion, finalizers = [] } = plane.metadata;
  return deps.kube.mergePatch<MemoryPlane>(
    { resource: MEMORY_PLANES, name },
    { metadata: { resourceVersion, finalizers: change(finalizers) } },
  );
}

interface Probed {
  readonly findings: readonly StoreFinding[];
  readonly counts: readonly PlacementCount[] | undefined;
}

async function probe(deps: PlaneDependencies, plane: MemoryPlane): Promise<Probed> {
  const findings: StoreFinding[] = [];
  for (const entry of plane.spec.postgres) findings.push(await probePostgres(deps, plane, entry));
  for (const [purpose, bucket] of Object.entries(plane.spec.buckets)) {
    if (bucket !== undefined) findings.push(await probeBucket(deps, purpose, bucketUrl(bucket)));
  }
  const catalogue = await deps.stores.catalogue(plane);
  if (catalogue.kind !== 'done') return { findings, counts: undefined };
  const counts = await countTenants(catalogue.facts, plane.spec.clusterID, plane.metadata.name).catch(() => undefined);
  return { findings, counts };
}

async function probePostgres(
  deps: PlaneDependencies,
  plane: MemoryPlane,
  entry: MemoryPlane['spec']['postgres'][number],
): Promise<StoreFinding> {
  const finding = { kind: 'postgres', name: entry.name };
  const opened = await deps.stores.database(plane, entry.name);
  if (opened.kind !== 'done') return { ...finding, reachable: false, version: undefined, problem: opened };
  try {
    const [row] = await opened.facts.query<{ server_version: string }>('SHOW server_version');
    return { ...finding, reachable: true, version: row?.server_version, problem: undefined };
  } catch (error) {
    const problem = deps.stores.problem(entry, error);
    return { ...finding, reachable: false, version: undefined, problem: problem.kind === 'done' ? undefined : problem };
  }
}

async function probeBucket(deps: PlaneDependencies, purpose: string, url: string): Promise<StoreFinding> {
  const why = await deps.stores.probeBucket(url, purpose);
  const finding = { kind: 'bucket', name: purpose, version: undefined, reachable: why === undefined };
  if (why === undefined) return { ...finding, problem: undefined };
  return { ...finding, problem: { reason: 'StoreUnreachable', message: `bucket ${purpose} does not answer: ${why}` } };
}
