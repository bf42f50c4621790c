// The cells of the matrix, from /openapi.json: each operation × each place where an id can sit. What is not known here
// fails the campaign, so that a new route or field is looked at before it ships.
import { jsonOf, send } from './lab.mjs';

/** What a path's parameter names, by the path before it. */
const PATH_KINDS = [
  [/^\/api\/v1\/memories\/by-key\/\{key\}/, 'key', (owner) => owner.key],
  [/^\/api\/v1\/memories\/\{id\}/, 'id', ({ things }) => things.memory],
  [/^\/api\/v1\/memory\/\{user_id\}/, 'user_id', (owner) => owner.userId],
  [/^\/api\/v1\/artifacts\/\{id\}/, 'id', ({ things }) => things.artifact],
  [/^\/api\/v1\/holds\/\{id\}/, 'id', ({ things }) => things.hold],
  [/^\/api\/v1\/reviews\/\{id\}/, 'id', ({ things }) => things.review],
  [/^\/api\/v1\/keys\/\{id\}/, 'id', ({ things }) => things.key],
  // A role is the tenant's, no person's: one that no key has, so that its deletion takes nothing from those that come after.
  [/^\/api\/v1\/roles\/\{name\}/, 'name', () => 'campaign'],
  [/^\/api\/v1\/webhooks\/\{id\}\/deliveries\/\{delivery\}/, 'delivery', ({ things }) => things.webhook],
  [/^\/api\/v1\/webhooks\/\{id\}/, 'id', ({ things }) => things.webhook],
  [/^\/api\/v1\/jobs\/\{id\}/, 'id', ({ things }) => things.job],
  [/^\/api\/v1\/audit\/proof\/\{id\}/, 'id', ({ things }) => things.event],
  [/^\/api\/v1\/exports\/\{id\}/, 'id', ({ things }) => things.job],
  // Whoever erases themselves is gone for the rest of the matrix: their own request names nobody.
  [/^\/api\/v1\/users\/\{id\}/, 'id', (owner) => owner.userId, (owner) => `${owner.userId}-nobody`],
  [/^\/api\/v1\/erasures\/\{id\}/, 'id', ({ things }) => things.erasure],
  [/^(\/v1)?\/memories\/\{id\}/, 'id', ({ things }) => things.memory],
  [/^\/v1\/event\/\{id\}/, 'id', ({ things }) => things.job],
  [/^\/v1\/webhooks\/\{id\}/, 'id', ({ things }) => things.webhook],
  [/^(\/v[12])?\/entities\/\{type\}\/\{name\}/, 'type', () => 'user'],
  [/^(\/v[12])?\/entities\/\{type\}\/\{name\}/, 'name', (owner) => owner.userId],
  [/^\/v2\/entities\/user\/\{id\}\/profile/, 'id', (owner) => owner.userId],
  [/^\/api\/v1\/webhooks\/projects\/\{project\}/, 'project', () => 'project'],
  [/^\/api\/v1\/orgs\/organizations\/\{org\}\/projects\/\{project\}/, 'org', () => 'org'],
  [/^\/api\/v1\/orgs\/organizations\/\{org\}\/projects\/\{project\}/, 'project', () => 'project'],
];

/** Fields that can name somebody's thing, in a query or a body. */
const ID_FIELDS = {
  user_id: (owner) => owner.userId,
  agent_id: (owner) => owner.agent,
  session_id: (owner) => owner.session,
  app_id: (owner) => owner.app,
  team_id: (owner) => owner.team,
  organization_id: (owner) => owner.organization,
  memory_id: ({ things }) => things.memory,
  id: ({ things }) => things.memory,
  ids: ({ things }) => things.memories,
  by: ({ things }) => things.memory,
  evidence: ({ things }) => things.memories,
  actor: ({ things }) => things.actor,
  writer: ({ things }) => things.actor,
  // A run of the scheduler, or what mem0 calls a session.
  run_id: (owner, { name }) => (name === 'schedulerStatus' ? owner.things.run : owner.session),
  memory_export_id: ({ things }) => things.job,
  namespace_prefix: () => ['campaign'],
  key: (owner) => owner.key,
  teams: (owner) => [owner.team],
  organizations: (owner) => [owner.organization],
  document_id: (owner) => owner.session,
};

/** Fields that name nobody's thing: what a request carries of them unless it is about something else. */
const PLAIN = new Set([
  ...['content', 'namespace', 'scope', 'subject', 'predicate', 'object', 'confidence', 'importance', 'metadata'],
  ...['expires_at', 'valid_from', 'valid_to', 'source', 'vector', 'embedding_model', 'on_error', 'dedupe', 'wait'],
  ...['status', 'latest_only', 'as_of', 'limit', 'order', 'count', 'include', 'reason', 'linked', 'mode', 'threshold'],
  ...['max_tokens', 'rerank', 'include_expired', 'include_quarantined', 'explain', 'k', 'value', 'dry_run', 'max'],
  ...['from', 'to', 'type', 'types', 'matter', 'until', 'standing', 'decision', 'patch', 'name', 'content_type'],
  ...['sha256', 'role', 'expires_in', 'overlap', 'permissions', 'after', 'url', 'event_types', 'secret', 'active'],
  ...['conversation_text', 'messages', 'infer', 'update_mode', 'draft'],
  // mem0's and LangGraph's names, exports and imports.
  ...['expiration_date', 'custom_instructions', 'timestamp', 'output_format', 'page', 'page_size', 'start_date'],
  ...['end_date', 'categories', 'show_expired', 'top_k', 'fields', 'text', 'data', 'delete_linked', 'feedback'],
  ...['feedback_reason', 'schema', 'is_active', 'custom_categories', 'index', 'ttl', 'refresh_ttl', 'filter', 'offset'],
  ...['model', 'dimensions', 'dual_write', 'prefix', 'suffix', 'max_depth', 'on_conflict', 'verify', 'signer'],
]);
/** Handled each in its own way below. */
const SPECIAL = new Set(['cursor', 'filters', 'query', 'updates', 'memories']);

const needed = ({ name: op, path, method }, owner) => {
  const draft = { content: 'a plain statement' };
  const bodies = {
    createMemories: draft,
    updateMemory: { importance: 0.5 },
    putMemory: draft,
    searchMemories: { query: 'quixotic recipe' },
    buildContext: { query: 'quixotic recipe' },
    supersedeMemory: { draft },
    giveFeedback: { value: 'positive' },
    deleteMemories: { filters: { metadata: { note: 'nobody has this' } } },
    updateMemories: { updates: [{ id: owner.things.memories[3], patch: { importance: 0.4 } }] },
    revertMemories: { writer: owner.things.actor, from: '2001-01-01T00:00:00.000Z', to: '2001-01-02T00:00:00.000Z' },
    holdMemory: { matter: 'case-1', reason: 'campaign' },
    placeHold: { scope: 'memory', memory_id: owner.things.memories[2], matter: 'case-2', reason: 'campaign' },
    decideReview: { decision: 'reject', reason: 'campaign' },
    requestReview: { reason: 'campaign' },
    requestPromotion: { scope: 'team', team_id: owner.team, reason: 'campaign' },
    createArtifact: { content: 'AAAA', name: 'plain' },
    createKey: { name: 'plain', role: 'readonly' },
    rotateKey: { name: 'plain' },
    putRole: { permissions: ['retrieve'] },
    createWebhook: { name: 'plain', url: 'https://1.1.1.1/never-called', event_types: ['data.import'], active: false },
    changeWebhook: { active: false },
    replaceWebhook: {
      name: 'plain',
      url: 'https://1.1.1.1/never-called',
      event_types: ['data.import'],
      active: false,
    },
    ingestConversation: { messages: [{ role: 'user', content: 'I like plain tea' }], infer: false },
  };
  if (op in bodies) return bodies[op];
  const messages = [{ role: 'user', content: 'I like plain tea' }];
  if (/^(\/v[13])?\/memories(\/add)?$/.test(path) && method === 'POST' && !/^\/v3\/memories$/.test(path))
    return { messages, user_id: owner.userId, infer: false };
  if (/search$|^\/v[23]\/memories$/.test(path) && !path.startsWith('/store'))
    return { query: 'quixotic recipe', filters: { user_id: owner.userId } };
  if (path === '/v1/feedback') return { memory_id: owner.things.memories[3], feedback: 'POSITIVE' };
  if (path === '/v1/batch') return { memories: [{ memory_id: owner.things.memories[3], text: 'plain' }] };
  if (path === '/store/items') return { namespace: ['campaign', 'plain'], key: 'plain', value: { data: 'plain' } };
  if (path === '/store/items/search') return { namespace_prefix: ['campaign'] };
  return undefined;
};

const propertiesOf = (schema) =>
  schema === undefined ? [] : schema.anyOf ? schema.anyOf.flatMap(propertiesOf) : Object.keys(schema.properties ?? {});

export const readOperations = async (url) => {
  const document = jsonOf(await send(url, { path: '/openapi.json' }));
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const schema = operation.requestBody?.content['application/json']?.schema;
      return {
        ...{ path, method: method.toUpperCase(), name: operation.operationId },
        permission: /permission ([\w.]+)\.$/.exec(operation.description)?.[1],
        query: operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        headers: operation.parameters.filter((one) => one.in === 'header').map(({ name }) => name),
        fields: [...new Set(propertiesOf(schema))],
        hasBody: schema !== undefined,
      };
    }),
  );
};

/** What the campaign does not know: each line fails it. */
export const unknownShapes = (operations) =>
  operations.flatMap((op) => {
    const names = [...op.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const paths = names.filter((name) => !PATH_KINDS.some(([form, of]) => of === name && form.test(op.path)));
    const fields = [...op.query, ...op.fields].filter(
      (name) => !PLAIN.has(name) && !SPECIAL.has(name) && !(name in ID_FIELDS),
    );
    const at = `${op.method} ${op.path}`;
    return [
      ...paths.map((name) => `${at}: the parameter {${name}} of the path is not known to the matrix`),
      ...fields.map((name) => `${at}: the field ${name} is not known to the matrix`),
      ...(op.permission === undefined ? [`${at}: its permission is not told`] : []),
    ];
  });

/** The path with this owner's things, but for the parameter whose thing is another's. */
const buildPath = (op, mine, theirs) =>
  op.path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const [, , find, findMine = find] = PATH_KINDS.find(([form, of]) => of === name && form.test(op.path)) ?? [];
    return encodeURIComponent((theirs ? find(theirs) : findMine(mine)) ?? '00000000-0000-4000-8000-000000000000');
  });

const withQuery = (path, query) => {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
};

/**
 * Each is a request about `victim`'s things as `attacker` would send it: {place, method, path, body, headers, expects}.
 * `expects`: refused (an id of another must be answered as if there were none), empty (nothing at all may be found), or quiet.
 */
export const buildCells = (op, victim, attacker) => {
  const { things } = victim;
  const base = needed(op, attacker);
  const path = buildPath(op, attacker);
  const body = op.hasBody ? (base ?? {}) : undefined;
  const cells = [];
  const add = (place, request, expects = 'quiet') =>
    cells.push({ place, method: op.method, path, body, headers: {}, expects, ...request });
  add('plain', {});
  if (op.path.includes('{')) {
    // A key and a role are names that two may use; what they are given then is their own.
    const isName = /\{(key|name|project)\}|\/profile$/.test(op.path);
    add('path', { path: buildPath(op, attacker, victim) }, isName ? 'quiet' : 'refused');
    add(
      'path and header',
      { path: buildPath(op, attacker, victim), headers: { 'x-user-id': victim.userId } },
      isName ? 'quiet' : 'refused',
    );
  }
  for (const name of op.query.filter((one) => one in ID_FIELDS))
    add(`query ${name}`, { path: withQuery(path, { [name]: ID_FIELDS[name](victim, op) }) });
  for (const name of op.fields.filter((one) => one in ID_FIELDS))
    add(`body ${name}`, {
      body: { ...body, ...(name === 'ids' ? { filters: undefined } : {}), [name]: ID_FIELDS[name](victim, op) },
    });
  const filters = {
    'filter of a person': [{ user_id: victim.userId }, 'empty'],
    'filter of an id': [{ id: things.memory }, 'empty'],
    'filter of an agent': [{ agent_id: things.hiddenAgent }, 'empty'],
    'filter with OR': [{ OR: [{ user_id: victim.userId }, { user_id: attacker.userId }] }, 'quiet'],
    'filter with NOT': [{ NOT: { user_id: attacker.userId } }, 'empty'],
  };
  for (const [place, [value, expects]] of Object.entries(filters)) {
    if (op.query.includes('filters'))
      add(place, { path: withQuery(path, { filters: JSON.stringify(value) }) }, expects);
    if (op.fields.includes('filters')) add(place, { body: { ...body, filters: value } }, expects);
  }
  if (op.query.includes('cursor')) {
    const cursor = things.cursors[`${op.method} ${op.path}`];
    if (cursor !== undefined) add('cursor', { path: withQuery(path, { cursor, limit: 1 }) }, 'refused');
  }
  const front = things.content.split(' ')[0];
  if (op.fields.includes('query')) {
    for (const mode of ['keyword', 'semantic', 'hybrid'])
      if (op.fields.includes('mode')) add(`search text, ${mode}`, { body: { query: front, mode, limit: 50 } });
    add('search text', { body: { ...body, query: things.content.slice(0, -20) } });
    if (op.fields.includes('as_of'))
      add('search text, as_of', { body: { query: front, as_of: new Date().toISOString() } });
    for (const scope of ['team', 'organization', 'global'])
      add(`search text, scope ${scope}`, { body: { ...body, query: front, scope } });
  }
  if (op.query.includes('scope'))
    for (const scope of ['team', 'organization', 'global'])
      add(`query scope ${scope}`, { path: withQuery(path, { scope }) });
  if (op.fields.includes('updates')) {
    const own = { id: attacker.things.memories[3], patch: { importance: 0.3 } };
    const updates = [own, ...things.memories.map((id) => ({ id, patch: { content: 'taken over' } }))];
    for (const on_error of ['abort', 'continue']) add(`batch item, ${on_error}`, { body: { updates, on_error } });
  }
  if (op.fields.includes('memories')) {
    const drafts = [{ content: 'a plain one' }, { id: things.memory, content: 'taken over' }];
    for (const on_error of ['abort', 'continue']) {
      add(`batch item id, ${on_error}`, { body: { memories: drafts, on_error } });
      const named = [{ content: 'for somebody else', user_id: victim.userId }];
      add(`batch item user_id, ${on_error}`, { body: { memories: named, on_error } });
    }
    for (const dedupe of ['exact', 'semantic'])
      add(`same statement, ${dedupe}`, { body: { memories: [{ content: things.known }], dedupe } });
    for (const [scope, name] of [
      ['team', 'team_id'],
      ['organization', 'organization_id'],
    ])
      add(`planted in their ${scope}`, { body: { content: 'planted', scope, [name]: ID_FIELDS[name](victim, op) } });
  }
  if (op.fields.includes('dry_run') && op.fields.includes('ids'))
    add('batch of ids, dry run', { body: { ids: things.memories, dry_run: true } });
  if (op.fields.includes('draft'))
    add('draft with their id', { body: { draft: { id: things.memory, content: 'taken over' } } });
  if (op.path === '/store/items') {
    const item = { namespace: ['campaign', 'item'], key: things.itemKey };
    if (op.method === 'GET')
      add('their item', { path: withQuery(path, { namespace: 'campaign.item', key: item.key }) });
    else add('their item', { body: { ...item, ...(op.method === 'PUT' ? { value: { data: 'taken over' } } : {}) } });
  }
  if (op.path === '/v1/batch')
    for (const id of things.memories)
      add('batch item of mem0', { body: { memories: [{ memory_id: id, text: 'taken over' }] } }, 'refused');
  if (op.name === 'importMemories') {
    const lines = [
      { id: things.memory, content: 'taken over' },
      { content: 'planted', user_id: victim.userId },
    ];
    for (const line of lines) {
      const raw = `${JSON.stringify(line)}\n`;
      const asked = { raw, body: undefined, headers: { 'content-type': 'application/x-ndjson' } };
      for (const on_conflict of ['skip', 'replace', 'fail'])
        add(`line of ${Object.keys(line).join(' and ')}, ${on_conflict}`, {
          ...asked,
          path: withQuery(path, { on_conflict }),
        });
    }
  }
  add('header X-User-ID', { headers: { 'x-user-id': victim.userId } });
  if (op.name === 'createMemories')
    add('Idempotency-Key', { body: things.idempotent.body, headers: { 'idempotency-key': things.idempotent.key } });
  return cells;
};

/** A cursor that the owner was given by each list that gives one. */
export const gatherCursors = async (world, operations, owner, credentials) => {
  for (const op of operations.filter((one) => one.method === 'GET' && one.query.includes('cursor'))) {
    for (const key of credentials) {
      const answer = await send(world.url, { path: withQuery(buildPath(op, owner), { limit: 1 }), key });
      const cursor = jsonOf(answer)?.next_cursor;
      if (typeof cursor === 'string') {
        owner.things.cursors[`${op.method} ${op.path}`] = cursor;
        break;
      }
    }
  }
};
