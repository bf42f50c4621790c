import { SECRETS, tenantNamespace } from '../../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { decodeSecret, readSecret } from '../../clients/secrets.js';
import { buildLocalTenant } from '../stack/plane.js';
import type { Progress } from '../stack/progress.js';
import type { Stack } from '../stack/stack.js';
import { type MemoryApi, openMemoryApi } from './memory-api.js';
import { untilAnswering, untilGone, untilReady } from './tenants.js';
import { askByMcp } from './tour-agent.js';
import { expectStatus, expectThat, retry } from './tour-checks.js';
import { verifyAudit } from './tour-evidence.js';
import { speakMem0 } from './tour-mem0.js';
import { moveAndErase } from './tour-rights.js';
import { badInput, converse, rotateKey, search, searchHybrid, store } from './tour-service.js';

const TOURIST = 'tourist';

interface Tour {
  readonly stack: Stack;
  readonly mine: MemoryApi;
  readonly theirs: MemoryApi;
  /** Where the tourist's service answers, and its first key. */
  readonly access: { readonly url: string; readonly key: string };
}

/** Each does one thing that a first hour would try, throws when it is not as promised, and says what was seen. */
const STEPS: readonly (readonly [name: string, see: (tour: Tour) => Promise<string>])[] = [
  ['store memories', ({ mine }) => store(mine)],
  ['search by meaning', ({ mine }) => search(mine)],
  ['search by words and meaning', ({ mine }) => searchHybrid(mine)],
  ['remember a conversation', ({ mine }) => converse(mine)],
  ['ask by MCP', ({ mine }) => askByMcp(mine)],
  ["speak mem0's language", ({ access }) => speakMem0(access)],
  ['isolation', isolation],
  ['replace a key', ({ mine, access }) => rotateKey(mine, (key) => openMemoryApi(access.url, key))],
  ['export, import and erase', async ({ stack, access }) => moveAndErase(access, await readAccess(stack, 'globex'))],
  ['verify the audit log', ({ mine, access }) => verifyAudit(mine, access)],
  ['quota', ({ stack, mine }) => quota(stack, mine)],
  ['bad input', ({ mine }) => badInput(mine)],
  ['suspend and resume', ({ stack }) => suspend(stack)],
  ['delete and come back', ({ stack }) => comeBack(stack)],
  ['erase', ({ stack }) => erase(stack)],
];

export async function takeTour(stack: Stack, progress: Progress): Promise<void> {
  await cleanUp(stack);
  await progress.step(
    'apply a tenant',
    () => settle(stack, {}),
    ({ status }) => `${TOURIST} is Ready at ${status?.endpoint}`,
  );
  const access = await readAccess(stack, TOURIST);
  const mine = openMemoryApi(access.url, access.key);
  const tour = { stack, access, mine, theirs: await openApi(stack, 'globex') };
  for (const [name, see] of STEPS) {
    await progress.step(
      name,
      () => see(tour),
      (seen) => seen,
    );
  }
}

/** The tour asks more in a minute than an application. */
const HASTE = { access: { rateLimits: { tenantPerMinute: 6_000, ipPerMinute: 6_000 } } };

async function settle(stack: Stack, spec: Readonly<Record<string, unknown>>): Promise<MemoryTenant> {
  await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(TOURIST, { ...HASTE, ...spec }));
  return untilReady(stack.kube, TOURIST);
}

async function cleanUp(stack: Stack): Promise<void> {
  if ((await stack.kube.get({ resource: MEMORY_TENANTS, name: TOURIST })) === undefined) return;
  await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(TOURIST, { deletionPolicy: 'Erase', erasureGraceDays: 0 }));
  await stack.kube.delete({ resource: MEMORY_TENANTS, name: TOURIST });
  await untilGone(stack.kube, TOURIST);
}

async function readAccess(stack: Stack, tenant: string): Promise<Tour['access']> {
  const secret = await readSecret(stack.kube, tenantNamespace(tenant), SECRETS.adminKey);
  const key = secret === undefined ? undefined : decodeSecret(secret, 'apiKey');
  if (key === undefined) throw new Error(`Secret ${tenantNamespace(tenant)}/${SECRETS.adminKey} has no apiKey`);
  return { url: stack.router.endpoints()[tenant]?.direct ?? '', key };
}

export async function openApi(stack: Stack, tenant: string): Promise<MemoryApi> {
  await untilAnswering(stack.router, tenant);
  const { url, key } = await readAccess(stack, tenant);
  return openMemoryApi(url, key);
}

async function isolation({ stack, mine, theirs }: Tour): Promise<string> {
  const created = expectStatus(await mine.create('ada', 'a secret of one tenant'), 201);
  const id = String(created.body.id);
  expectStatus(await theirs.call('GET', `/api/v1/memories/${id}`), 404);
  const found = await theirs.search('ada', 'a secret of one tenant');
  expectThat(!found.some(({ content }) => content.includes('a secret of one tenant')), 'a foreign memory was found');
  const { key } = await readAccess(stack, 'globex');
  const foreign = openMemoryApi(stack.router.endpoints()[TOURIST]?.direct ?? '', key);
  expectStatus(await foreign.call('GET', '/api/v1/memories?user_id=ada'), 401);
  return "another tenant's key is refused (401), its id unknown (404), its search empty";
}

async function quota(stack: Stack, api: MemoryApi): Promise<string> {
  const count = Number(expectStatus(await api.call('GET', '/memory_stats'), 200).body.total);
  await settle(stack, { quotas: { memories: count, memoriesPerUser: count } });
  const refused = await retry(
    () => api.create('ada', 'one too many'),
    ({ status }) => status === 403,
  );
  expectThat(refused.body.code === 'quota_exceeded', `code ${String(refused.body.code)}`);
  await settle(stack, {});
  return `memory ${count + 1} is refused (403 quota_exceeded) as soon as the spec says so, without a restart`;
}

async function suspend(stack: Stack): Promise<string> {
  await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(TOURIST, { mode: 'Suspended' }));
  await untilReady(stack.kube, TOURIST, 'Suspended');
  const { items } = await stack.kube.list(RESOURCES.pods, { namespace: tenantNamespace(TOURIST) });
  if (items.length > 0) throw new Error(`${items.length} pods are left`);
  await settle(stack, {});
  await search(await openApi(stack, TOURIST));
  return 'no pod left, and the same answer after';
}

async function comeBack(stack: Stack): Promise<string> {
  const before = await untilReady(stack.kube, TOURIST);
  await stack.kube.delete({ resource: MEMORY_TENANTS, name: TOURIST });
  await untilGone(stack.kube, TOURIST);
  const after = await settle(stack, {});
  if (after.status?.tenantID !== before.status?.tenantID) throw new Error('the tenant came back as another one');
  await search(await openApi(stack, TOURIST));
  return 'Retain kept data and keys; the same tenant id, the same answer';
}

async function erase(stack: Stack): Promise<string> {
  const before = await untilReady(stack.kube, TOURIST);
  await settle(stack, { deletionPolicy: 'Erase', erasureGraceDays: 0 });
  await stack.kube.delete({ resource: MEMORY_TENANTS, name: TOURIST });
  await untilGone(stack.kube, TOURIST);
  const after = await settle(stack, {});
  if (after.status?.tenantID === before.status?.tenantID) throw new Error('the erased tenant came back');
  const found = await (await openApi(stack, TOURIST)).search('ada', 'which food must she avoid?');
  if (found.length > 0) throw new Error(`${found.length} memories survived the erasure`);
  await cleanUp(stack);
  return 'keys and data destroyed; the name starts empty';
}
