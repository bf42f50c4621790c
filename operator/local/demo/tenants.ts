import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import type { KubeClient } from '../../clients/kube.js';
import type { Router } from '../router/router.js';

/** Far more than it takes: a slow machine gets its demo later rather than a failure. */
const DEADLINE_MS = 120_000;
const POLL_MS = 100;

/** Waits until the tenant is Ready for the spec it has now (and for what else is asked), or says what it waits for. */
export async function untilReady(
  kube: KubeClient,
  name: string,
  reason?: string,
  also: (tenant: MemoryTenant) => boolean = () => true,
): Promise<MemoryTenant> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const tenant = await kube.get<MemoryTenant>({ resource: MEMORY_TENANTS, name });
    const ready = tenant?.status?.conditions?.find(({ type }) => type === 'Ready');
    const current = tenant?.status?.observedGeneration === tenant?.metadata.generation;
    const asked = reason === undefined || ready?.reason === reason;
    if (tenant && current && ready?.status === 'True' && asked && also(tenant)) return tenant;
    if (Date.now() > deadline) {
      throw new Error(
        `MemoryTenant ${name} is not Ready within ${DEADLINE_MS / 1_000} s: ${ready?.reason ?? 'no status'}: ${ready?.message ?? 'does the operator run?'}`,
      );
    }
    await sleep(POLL_MS);
  }
}

export async function untilGone(kube: KubeClient, name: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const tenant = await kube.get<MemoryTenant>({ resource: MEMORY_TENANTS, name });
    if (tenant === undefined) return;
    if (Date.now() > deadline) {
      const ready = tenant.status?.conditions?.find(({ type }) => type === 'Ready');
      throw new Error(
        `MemoryTenant ${name} is still there after ${DEADLINE_MS / 1_000} s: ${ready?.reason}: ${ready?.message}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Until then a model may still be loading, without which a search by meaning finds nothing. */
const WELL_WITHIN_MS = 15_000;

/**
 * Waits until the service itself says that it is ready, through the address that people use, and that all is well with
 * it: for the latter only a while, since a full disk, say, does not go away by waiting.
 */
export async function untilAnswering(router: Router, name: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  let answered: number | undefined;
  for (;;) {
    const direct = router.endpoints()[name]?.direct;
    const status = direct === undefined ? undefined : await askStatus(direct);
    if (status !== undefined) answered ??= Date.now();
    if (status === 'ok') return;
    if (status !== undefined && answered !== undefined && Date.now() - answered > WELL_WITHIN_MS) return;
    if (Date.now() > deadline)
      throw new Error(`${name} does not answer at ${direct ?? 'any address'} after ${DEADLINE_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}

/** What a service says of itself; undefined while it is not ready. */
async function askStatus(url: string): Promise<unknown> {
  try {
    const { statusCode, body } = await request(`${url}/health/ready`);
    const answer = (await body.json()) as { readonly status?: unknown };
    return statusCode === 200 ? (answer.status ?? 'unknown') : undefined;
  } catch {
    // Nobody listens yet.
    return undefined;
  }
}
