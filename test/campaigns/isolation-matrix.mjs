// Sends the cells as everybody who must not get through, and as the owner, and looks at every answer and at the data.
import { buildCells, gatherCursors, readOperations, unknownShapes } from './isolation-cells.mjs';
import { buildToolCells, gatherToolCursor, readTools, statusOfTool, unknownTools } from './isolation-mcp.mjs';
import { createBadKeys, createLackingKeys, seedOwner } from './isolation-world.mjs';
import { send, withClient } from './lab.mjs';

/** Files of the log and what else is mounted beside the table of routes. */
const BESIDE = [
  { path: '/api/v1/audit/tile/entries/000', method: 'GET', permission: 'audit.read' },
  { path: '/api/v1/audit/batches/0', method: 'GET', permission: 'audit.read' },
  { path: '/api/v1/audit/details/0', method: 'GET', permission: 'audit.read' },
].map((op) => ({ ...op, name: op.path, query: [], headers: [], fields: [], hasBody: false }));

const cellsOf = (op, victim, attacker) =>
  op.tool === undefined ? buildCells(op, victim, attacker) : buildToolCells(op, victim, attacker);

const statusOf = (op, answer) => (op.tool === undefined ? answer.status : statusOfTool(answer));

/** What is the victim's as the database has it, but for what changes by itself. */
const SNAPSHOT = `SELECT md5(concat_ws('|',
  (SELECT string_agg(concat_ws(',', id, version, status, scope, legal_hold, content_hash, superseded_by, trust_score), ';' ORDER BY id)
     FROM memories WHERE user_ref = $1 OR (scope = 1 AND team_ref = ANY ($2)) OR (scope = 2 AND organization_ref = ANY ($3))),
  (SELECT string_agg(a::text, ';' ORDER BY a.id) FROM artifacts AS a WHERE user_ref = $1),
  (SELECT string_agg(concat_ws(',', id, status), ';' ORDER BY id) FROM jobs WHERE user_ref = $1),
  (SELECT string_agg(r::text, ';' ORDER BY r.id) FROM reviews AS r WHERE memory_id = ANY ($4::uuid[])),
  (SELECT string_agg(h::text, ';' ORDER BY h.id) FROM holds AS h WHERE memory_id = ANY ($4::uuid[])),
  (SELECT string_agg(concat_ws(',', id, revoked_at, expires_at), ';' ORDER BY id) FROM api_keys WHERE user_ref = $1))) AS state`;

const openVictim = async (db, { things }) => {
  const { rows } = await db.query(
    'SELECT DISTINCT user_ref, team_ref, organization_ref FROM memories WHERE id = ANY ($1::uuid[])',
    [things.memories],
  );
  const refs = (name) => [...new Set(rows.map((row) => row[name]).filter((ref) => ref !== null))];
  const values = [refs('user_ref')[0], refs('team_ref'), refs('organization_ref'), things.memories];
  return async () => (await db.query(SNAPSHOT, values)).rows[0].state;
};

const KNOWABLE = /mk-[a-z0-9]+-[a-z]+-[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

const idsOf = ({ things }) => [
  ...things.memories,
  ...[things.answered, things.artifact, things.job, things.review, things.hold, things.key, things.webhook].filter(
    Boolean,
  ),
];

const sentWith = ({ path, body, raw, headers }) =>
  decodeURIComponent(path.replaceAll('+', ' ')) + (raw ?? JSON.stringify(body ?? '')) + JSON.stringify(headers);

/** Marks and ids of the victim in the answer that no request of theirs has brought along itself. */
const findLeak = (victim, tenant, known, request, answer) => {
  const sent = sentWith(request);
  const text = `${answer.text}${JSON.stringify(answer.headers)}`;
  const marks = text.match(new RegExp(`mk-${tenant}-${victim.name}-[0-9a-f]{8}`, 'g')) ?? [];
  const leaked = [...marks, ...idsOf(victim).filter((id) => text.includes(id))];
  return leaked.find((one) => !sent.includes(one) && !known.has(one));
};

/** An export's first line names who asked. */
const contentOf = ({ text }) => (text.startsWith('{"type":"header"') ? text.slice(text.indexOf('\n')) : text);

const hasOwnMarks = (attacker, tenant, request, answer) =>
  (contentOf(answer).match(new RegExp(`mk-${tenant}-${attacker.name}-[0-9a-f]{8}`, 'g')) ?? []).some(
    (mark) => !JSON.stringify([request.path, request.body]).includes(mark),
  );

const nameOf = ({ method, path, tool }) => (tool === undefined ? `${method} ${path}` : `${path} ${tool}`);

/** What is wrong with the answer, or undefined. */
const judge = (op, actor, cell, request, answer, { victim, tenant, known }) => {
  const status = statusOf(op, answer);
  if (status === 0) return 'no answer';
  if (status >= 500 && status !== 501 && status !== actor.status) return `status ${status}`;
  if (actor.status !== undefined && status !== actor.status) return `status ${status} in place of ${actor.status}`;
  const leak = findLeak(victim, tenant, known, request, answer);
  if (leak !== undefined) return `${leak} of ${victim.name} is in the answer (${status})`;
  // Another tenant may have used the same names and ids: in its own database.
  if (actor.status !== undefined || status >= 400 || actor.tenant !== undefined) return undefined;
  // mem0's server says null of what there is not.
  if (cell.expects === 'refused' && answer.text === 'null') return undefined;
  if (cell.expects === 'refused') return `status ${status} to what is another's`;
  if (cell.expects === 'empty' && hasOwnMarks(actor.owner, tenant, request, answer)) return 'the filter did not narrow';
  return undefined;
};

/**
 * `bystanders`: a second tenant and a suspended one. Without them (for a mutant, which changes nothing between tenants) only
 * the people of one tenant meet. Ends at the first red cell when `isBrief`.
 */
export const runMatrix = async (
  world,
  { bystanders = {}, isBrief = false, first, progress = () => undefined } = {},
) => {
  const tools = await readTools(world);
  const all = [...(await readOperations(world.url)), ...BESIDE, ...tools];
  // All of them in any case; those where a mutant shows itself soonest come first.
  const operations = [...all.filter(({ name }) => first?.test(name)), ...all.filter(({ name }) => !first?.test(name))];
  const red = [...unknownShapes(operations), ...unknownTools(tools)];
  const stats = { cells: 0, red, byActor: new Map(), operations: operations.length, own: new Map() };
  if (red.length > 0) return stats;
  const lacking = await createLackingKeys(world);
  const { foreign, suspended } = bystanders;
  await withClient(world.tenant.adminUrl, async (db) => {
    await db.query(`SET search_path = ${world.tenant.role}`);
    for (const owner of Object.values(world.owners)) await seedOwner(world, owner);
    const [alice, bob] = [world.owners.alice, world.owners.bob];
    const bad = await createBadKeys(world, alice);
    await runEscalations(world, lacking, stats);
    if (isBrief && red.length > 0) return;
    for (const [victim, attacker] of [
      [alice, bob],
      [bob, alice],
    ]) {
      // Anew: as the attacker of the round before, the victim has worked on what was theirs.
      if (victim !== alice) await seedOwner(world, victim);
      await gatherCursors(world, operations, victim, [victim.credential, world.admin]);
      await gatherToolCursor(world, victim);
      const stateOf = await openVictim(db, victim);
      let before = await stateOf();
      // Names and statements that the others have written down themselves, and may read again.
      const known = new Set();
      for (const op of operations) {
        const actors = buildActors(op, { attacker, bad, lacking, foreign, suspended });
        for (const cell of cellsOf(op, victim, attacker)) {
          await Promise.all(
            actors.map(async (actor) => {
              const cellOf = actor.owner === attacker ? cell : rebuilt(op, victim, actor, cell);
              if (cellOf === undefined) return;
              const request = { ...cellOf, headers: { ...cellOf.headers, ...actor.headers }, key: actor.key };
              const answer = await send(actor.url ?? world.url, request);
              stats.cells++;
              stats.byActor.set(actor.name, (stats.byActor.get(actor.name) ?? 0) + 1);
              const wrong = judge(op, actor, cellOf, request, answer, { victim, known, tenant: world.name });
              if (wrong)
                red.push(`${nameOf(op)} [${cell.place}] as ${actor.name}: ${wrong}: ${answer.text.slice(0, 160)}`);
            }),
          );
          if (op.method !== 'GET') for (const one of sentWith(cell).match(KNOWABLE) ?? []) known.add(one);
          const after = await stateOf();
          if (after !== before) red.push(`${nameOf(op)} [${cell.place}]: what is ${victim.name}'s has changed`);
          before = after;
          if (isBrief && red.length > 0) return;
        }
        progress(`${stats.cells} cells, ${red.length} red`);
      }
    }
    if (!isBrief) for (const owner of [alice, bob]) await runOwn(world, operations, owner, stats);
  });
  return stats;
};

/** The same place, as somebody whose own things are elsewhere. */
const rebuilt = (op, victim, actor, cell) => cellsOf(op, victim, actor.owner).find(({ place }) => place === cell.place);

const buildActors = (op, { attacker, bad, lacking, foreign, suspended }) => {
  const owner = attacker;
  const actors = [
    { name: 'another person', key: attacker.credential, owner },
    { name: 'another person who may only read', key: attacker.readonly, owner },
    { name: 'nobody', key: null, owner, status: 401 },
    { name: 'a forged key', key: bad.forged, owner, status: 401 },
    { name: 'an unsigned token', key: null, headers: { authorization: `Bearer ${bad.unsigned}` }, owner, status: 401 },
    { name: 'an expired key', key: bad.expired, owner, status: 401 },
    { name: 'a revoked key', key: bad.revoked, owner, status: 401 },
    {
      name: 'the own key under the name of another tenant',
      key: attacker.credential,
      headers: { 'x-tenant-id': 'globex' },
      owner,
      status: 403,
    },
  ];
  if (op.permission in lacking)
    actors.push({ name: 'a role without the permission', key: lacking[op.permission], owner, status: 403 });
  if (foreign) {
    const them = { owner: foreign.owners.alice, tenant: foreign.name };
    actors.push(
      { name: "another tenant's key", key: foreign.admin, owner, status: 401 },
      { name: "another tenant's person's key", key: foreign.owners.alice.credential, owner, status: 401 },
      { name: 'another tenant, at its own service', url: foreign.url, key: foreign.admin, ...them },
      {
        name: "another tenant's person, at its own service",
        url: foreign.url,
        key: foreign.owners.alice.credential,
        ...them,
      },
    );
  }
  if (suspended)
    actors.push({ name: 'a suspended tenant', url: suspended.url, key: suspended.admin, owner, status: 503 });
  return actors;
};

/** Nobody gives away a right that they lack. */
const runEscalations = async (world, lacking, stats) => {
  for (const [permission, key] of Object.entries(lacking)) {
    if (permission === 'keys.manage' || permission === 'roles.manage') continue;
    const attempts = [
      { method: 'POST', path: '/api/v1/keys', body: { name: 'wider', role: 'admin' } },
      { method: 'PUT', path: '/api/v1/roles/wider', body: { permissions: [permission] } },
    ];
    for (const request of attempts) {
      const answer = await send(world.url, { ...request, key });
      stats.cells++;
      if (answer.status !== 403)
        stats.red.push(
          `${request.method} ${request.path} gave away ${permission}, which the key lacks: ${answer.status}`,
        );
    }
  }
};

/** What the owner is told of what is not there, or was done a moment before: the request is right all the same. */
const OWN = {
  replayDelivery: 404,
  // Trusted too little to be promoted; nothing failed; under the hold that was placed on it.
  requestPromotion: 403,
  retryJob: 400,
  updateMemory: 409,
  deleteMemory: 409,
  '/api/v1/audit/tile/entries/000': 404,
  '/api/v1/audit/batches/0': 404,
  '/api/v1/audit/details/0': 404,
};
/** Of other products' protocols the matrix knows names and ids, not every valid request. */
const isBorrowed = ({ path }) =>
  !path.startsWith('/api/v1/') || /orgs|projects|import|exports|users|erasures/.test(path);
const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** That the requests are right and the things are there: as their owner, or as the admin where it is the admin's. */
const runOwn = async (world, operations, owner, stats) => {
  await seedOwner(world, owner);
  const sorted = [...operations].sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
  for (const op of sorted) {
    const [cell] = cellsOf(op, owner, owner);
    for (const key of [owner.credential, world.admin]) {
      const headers = { ...cell.headers, ...(key === world.admin ? { 'x-user-id': owner.userId } : {}) };
      const request = { ...cell, headers, key };
      const answer = await send(world.url, request);
      const status = statusOf(op, answer);
      if (key !== world.admin && (status === 403 || status === 404)) continue;
      stats.cells++;
      const told =
        hasOwnMarks(owner, world.name, request, answer) || idsOf(owner).some((id) => answer.text.includes(id));
      stats.own.set(nameOf(op), told);
      const isRight =
        status < 300 ||
        OWN[op.name] === status ||
        (isBorrowed(op) && op.tool === undefined && (status < 500 || status === 501));
      if (!isRight)
        stats.red.push(`${nameOf(op)} as ${owner.name}, whose it is: ${status} ${answer.text.slice(0, 200)}`);
      break;
    }
  }
};
