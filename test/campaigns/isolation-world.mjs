// Tenants with people in them, and everything that each of them owns, marked: whatever of it turns up elsewhere has leaked.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTenant, eventually, jsonOf, POLICIES, send, startService } from './lab.mjs';

/** In every content, name and id of a person: whose it is. */
export const MARK = /mk-([a-z0-9]+)-([a-z]+)-/g;
const mark = (tenant, owner) => `mk-${tenant}-${owner}-${randomBytes(4).toString('hex')}`;

/** What a person may have on what is theirs. What is a right over the tenant (reviews, holds, keys, the log) is not here. */
const PERSONS_RIGHTS = [
  ...['ingest', 'retrieve', 'update', 'delete', 'export', 'import', 'erase', 'retrieve.all', 'jobs.manage'],
];
export const PEOPLE = ['alice', 'bob'];

export const startTenant = async (cluster, name, { dist, people = PEOPLE, policies = {} } = {}) => {
  const tenant = await createTenant(cluster, name);
  tenant.writePolicies({ ...POLICIES, ...policies });
  const service = await startService(tenant, dist === undefined ? {} : { dist });
  const call = async (key, method, path, body, headers = {}) => {
    const answer = await send(service.url, { method, path, key, body, headers });
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${name}: ${method} ${path} was answered ${answer.status} ${answer.text.slice(0, 400)}`);
    return jsonOf(answer) ?? answer.text;
  };
  const world = { name, tenant, service, url: service.url, admin: tenant.adminKey, call, owners: {}, keys: {} };
  const { permissions } =
    (await call(world.admin, 'GET', '/api/v1/roles')).results?.find((role) => role.name === 'admin') ?? {};
  world.permissions = permissions;
  await call(world.admin, 'PUT', '/api/v1/roles/person', { permissions: PERSONS_RIGHTS });
  for (const person of people) world.owners[person] = await createOwner(world, person);
  return world;
};

/** Resolves when the service goes by them: a mounted file is looked at now and then, and the log says when. */
export const changePolicies = async (world, policies) => {
  const { service, tenant, name } = world;
  const told = () =>
    service
      .output()
      .split('\n')
      .findLast((line) => line.includes('policies loaded'));
  const before = told();
  tenant.writePolicies({ ...POLICIES, ...policies });
  if (!(await eventually(() => told() !== before))) throw new Error(`${name} does not go by its new policies`);
};

const newKey = async (world, body) => (await world.call(world.admin, 'POST', '/api/v1/keys', body)).key;

const createOwner = async (world, person) => {
  const tag = () => mark(world.name, person);
  const owner = {
    name: person,
    userId: tag(),
    team: tag(),
    organization: tag(),
    agent: tag(),
    session: tag(),
    app: tag(),
    key: tag(),
  };
  const belongs = { user_id: owner.userId, teams: [owner.team], organizations: [owner.organization] };
  owner.credential = await newKey(world, { name: person, role: 'person', ...belongs });
  owner.readonly = await newKey(world, { name: `${person} readonly`, role: 'readonly', ...belongs });
  return owner;
};

/** Every kind of thing that has an id, made by its owner or by the admin on it. */
export const seedOwner = async (world, owner) => {
  const { call, admin } = world;
  const tag = () => mark(world.name, owner.name);
  const mine = (method, path, body, headers) => call(owner.credential, method, path, body, headers);
  const draft = (more = {}) => ({
    content: `${tag()} keeps the quixotic recipe ${tag()}`,
    ...{ agent_id: owner.agent, session_id: owner.session, app_id: owner.app, metadata: { note: tag() } },
    ...{ subject: 'recipe', predicate: 'likes', object: tag() },
    ...more,
  });
  const things = {};
  const memory = await mine('POST', '/api/v1/memories', draft());
  things.memory = memory.id;
  things.content = memory.content;
  things.memories = [memory.id];
  // Of what lies under this name no request of the others ever writes anything.
  things.hiddenAgent = tag();
  things.memories.push((await mine('POST', '/api/v1/memories', draft({ agent_id: things.hiddenAgent }))).id);
  // What the others send themselves, as a whole, is told nobody anything by.
  things.known = (await mine('POST', '/api/v1/memories', draft())).content;
  for (let n = 0; n < 3; n++) things.memories.push((await mine('POST', '/api/v1/memories', draft())).id);
  const shared = [
    { scope: 'team', team_id: owner.team },
    { scope: 'organization', organization_id: owner.organization },
  ];
  for (const more of shared) things.memories.push((await mine('POST', '/api/v1/memories', draft(more))).id);
  await mine('PUT', `/api/v1/memories/by-key/${owner.key}`, draft());
  things.idempotent = { body: draft({ agent_id: 'both', session_id: 'both', app_id: 'both' }), key: randomUUID() };
  const first = await mine('POST', '/api/v1/memories', things.idempotent.body, {
    'idempotency-key': things.idempotent.key,
  });
  things.answered = first.id;
  things.itemKey = tag();
  const item = { namespace: ['campaign', 'item'], key: things.itemKey, value: { data: tag() } };
  await mine('PUT', '/store/items', item);
  things.artifact = (
    await mine('POST', '/api/v1/artifacts', { content: Buffer.from(tag()).toString('base64'), name: tag() })
  ).id;
  const asked = { messages: [{ role: 'user', content: `I like ${tag()}` }], infer: false };
  const job = await mine('POST', '/api/v1/memory/ingest', asked, { prefer: 'respond-async' });
  things.job = job.id;
  await eventually(async () => (await mine('GET', `/api/v1/jobs/${job.id}`)).status === 'succeeded', 20_000);
  await mine('POST', `/api/v1/memories/${things.memories[1]}/review`, { reason: tag() });
  // Nobody's: there to be read, replaced and deleted.
  await call(admin, 'PUT', '/api/v1/roles/campaign', { permissions: ['retrieve'] });
  const reviews = await call(admin, 'GET', '/api/v1/reviews');
  things.review = reviews.results.find(({ memory_id, memory: of }) =>
    [memory_id, of?.id].includes(things.memories[1]),
  )?.id;
  const hold = await call(admin, 'POST', '/api/v1/holds', {
    scope: 'memory',
    memory_id: things.memories[2],
    matter: tag(),
    reason: tag(),
  });
  things.hold = hold.id ?? hold.hold?.id;
  const made = await call(admin, 'POST', '/api/v1/keys', { name: tag(), role: 'readonly', user_id: owner.userId });
  things.key = made.id;
  things.webhook = (
    await call(admin, 'POST', '/api/v1/webhooks', {
      name: tag(),
      url: 'https://1.1.1.1/never-called',
      event_types: ['data.import'],
      active: false,
    })
  ).id;
  const run = await call(admin, 'POST', '/run_forgetting_curve').catch(() => ({}));
  things.run = run.run_id ?? run.id;
  // Which puts everything in order that was told so far.
  await call(admin, 'GET', '/api/v1/audit/head');
  const events = (await call(admin, 'GET', '/api/v1/audit/events?limit=500')).results;
  things.event = events.at(-1)?.event.id;
  things.actor = (await mine('GET', '/api/v1/whoami')).key_id ?? memory.created_by;
  things.cursors = {};
  // Until it is remembered: what is answered from there has to be as guarded as what the database is asked for.
  const readable = `/api/v1/memories/${things.memory}`;
  await eventually(async () => (await mine('GET', readable)).vector_status === 'succeeded', 20_000);
  for (let n = 0; n < 3; n++) await mine('GET', readable);
  owner.things = things;
  return things;
};

/** Keys that are right in form and must open nothing. */
export const createBadKeys = async (world, owner) => {
  const body = { role: 'admin', name: 'bad' };
  const revoked = await world.call(world.admin, 'POST', '/api/v1/keys', body);
  await world.call(world.admin, 'DELETE', `/api/v1/keys/${revoked.id}`);
  const expired = await world.call(world.admin, 'POST', '/api/v1/keys', { ...body, expires_in: '1s' });
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: owner.userId, roles: ['admin'], exp: 4_102_444_800 })}.`;
  await sleep(Math.max(0, Date.parse(expired.expires_at) - Date.now()) + 10);
  return {
    revoked: revoked.key,
    expired: expired.key,
    forged: `mb_${randomBytes(32).toString('base64url')}`,
    unsigned: token,
  };
};

/** One role for each permission that has all others: a route that it opens has not asked for its own. */
export const createLackingKeys = async (world) => {
  const keys = {};
  for (const permission of world.permissions) {
    const role = `without-${permission.replace('.', '-')}`;
    const rest = world.permissions.filter((one) => one !== permission);
    await world.call(world.admin, 'PUT', `/api/v1/roles/${role}`, { permissions: rest });
    keys[permission] = await newKey(world, { name: role, role });
  }
  return keys;
};

export const endTenant = async (world) => {
  await world.service.end('SIGKILL');
  world.tenant.drop();
};
