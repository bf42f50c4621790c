import { SECRETS, tenantNamespace } from '../../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../../api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../api/v1alpha1/types.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { decodeSecret, readSecret } from '../../clients/secrets.js';
import { buildLocalTenant } from '../stack/plane.js';
import type { Progress } from '../stack/progress.js';
import type { Stack } from '../stack/stack.js';
import { type MemoryApi, openMemoryApi } from './memory-api.js';
import { untilGone, untilReady } from './tenants.js';

const TOURIST = 'tourist';

interface Tour {
  readonly stack: Stack;
  readonly mine: MemoryApi;
  readonly theirs: MemoryApi;
}

/** Each does one thing that a first hour would try, throws when it is not as promised, and says what was seen. */
const STEPS: readonly (readonly [name: string, see: (tour: Tour) => Promise<string>])[] = [
  ['store memories', ({ mine }) => store(mine)],
  ['search by meaning', ({ mine }) => search(mine)],
  ['isolation', isolation],
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
  const tour = { stack, mine: await openApi(stack, TOURIST), theirs: await openApi(stack, 'globex') };
  for (const [name, see] of STEPS) {
    await progress.step(
      name,
      () => see(tour),
      (seen) => seen,
    );
  }
}

async function settle(stack: Stack, spec: Readonly<Record<string, unknown>>): Promise<MemoryTenant> {
  await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(TOURIST, spec));
  return untilReady(stack.kube, TOURIST);
}

async function cleanUp(stack: Stack): Promise<void> {
  if ((await stack.kube.get({ resource: MEMORY_TENANTS, name: TOURIST })) === undefined) return;
  await stack.kube.apply(MEMORY_TENANTS, buildLocalTenant(TOURIST, { deletionPolicy: 'Erase', erasureGraceDays: 0 }));
  await stack.kube.delete({ resource: MEMORY_TENANTS, name: TOURIST });
  await untilGone(stack.kube, TOURIST);
}

export async function openApi(stack: Stack, tenant: string): Promise<MemoryApi> {
  const secret = await readSecret(stack.kube, tenantNamespace(tenant), SECRETS.adminKey);
  const key = secret === undefined ? undefined : decodeSecret(secret, 'apiKey');
  if (key === undefined) throw new Error(`Secret ${tenantNamespace(tenant)}/${SECRETS.adminKey} has no apiKey`);
  return openMemoryApi(stack.router.endpoints()[tenant]?.direct ?? '', key);
}

const FACTS = ['Ada prefers window seats on trains', 'Ada is allergic to peanuts', 'The build breaks on Tuesdays'];

async function store(api: MemoryApi): Promise<string> {
  for (const content of FACTS) expectStatus(await api.create('ada', content), 201);
  return `${FACTS.length} memories stored, sealed`;
}

async function search(api: MemoryApi): Promise<string> {
  const [best] = await api.search('ada', 'which food must she avoid?');
  if (best === undefined || best.content !== FACTS[1])
    throw new Error(`the best answer was ${JSON.stringify(best?.content)}`);
  return `"${best.content}"`;
}

async function isolation({ stack, mine, theirs }: Tour): Promise<string> {
  const created = expectStatus(await mine.create('ada', 'a secret of one tenant'), 201);
  const id = String(created.body.id);
  expectStatus(await theirs.call('GET', `/api/v1/memories/${id}`), 404);
  const found = await theirs.search('ada', 'a secret of one tenant');
  if (found.some(({ content }) => content.includes('a secret of one tenant')))
    throw new Error('a foreign memory was found');
  const secret = await readSecret(stack.kube, tenantNamespace('globex'), SECRETS.adminKey);
  const foreign = openMemoryApi(
    stack.router.endpoints()[TOURIST]?.direct ?? '',
    decodeSecret(secret ?? never(), 'apiKey') ?? '',
  );
  expectStatus(await foreign.call('GET', '/api/v1/memories?user_id=ada'), 401);
  return "another tenant's key is refused (401), its id unknown (404), its search empty";
}

async function quota(stack: Stack, api: MemoryApi): Promise<string> {
  await settle(stack, { quotas: { memories: FACTS.length + 1, memoriesPerUser: FACTS.length + 1 } });
  const refused = await retry(
    () => api.create('ada', 'one too many'),
    ({ status }) => status === 403,
  );
  if (refused.body.code !== 'quota_exceeded') throw new Error(`code ${String(refused.body.code)}`);
  await settle(stack, {});
  return `memory ${FACTS.length + 2} is refused (403 quota_exceeded) as soon as the spec says so, without a restart`;
}

async function badInput(api: MemoryApi): Promise<string> {
  const answer = expectStatus(
    await api.call('POST', '/api/v1/memories', { user_id: 'ada', content: 7, colour: 'red' }),
    400,
  );
  return `400 ${String(answer.body.code)}: ${String(answer.body.detail)}`;
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

function expectStatus<T extends { readonly status: number; readonly body: unknown }>(answer: T, status: number): T {
  if (answer.status === status) return answer;
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}

const QUOTA_DEADLINE_MS = 20_000;

async function retry<T>(work: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + QUOTA_DEADLINE_MS;
  for (;;) {
    const value = await work();
    if (good(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`not within ${QUOTA_DEADLINE_MS / 1_000} s; last seen ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function never(): never {
  throw new Error('the Secret of tenant globex is missing');
}
