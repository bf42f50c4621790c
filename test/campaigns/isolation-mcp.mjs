// The tools at /mcp as operations of the matrix, from what tools/list says: a tool or an argument that is not known here
// fails the campaign.
import { jsonOf, send } from './lab.mjs';

const PATH = '/mcp';
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const USER_KEY = 'memplane.dev/user_id';

const post = (method, params = {}) => ({
  ...{ method: 'POST', path: PATH, headers: HEADERS },
  body: { jsonrpc: '2.0', id: 1, method, params },
});

/** The permission of each, a call that is right as it stands, and the arguments that name nobody's thing. */
const TOOLS = {
  search_memories: {
    permission: 'retrieve',
    plain: () => ({ query: 'quixotic recipe' }),
    arguments: ['query', 'limit', 'max_tokens', 'scope', 'since', 'as_of', 'filters'],
  },
  add_memory: {
    permission: 'ingest',
    plain: () => ({ content: 'a plain statement' }),
    arguments: ['content', 'scope', 'metadata', 'expires_at', 'supersedes', 'key'],
  },
  list_memories: {
    permission: 'retrieve',
    plain: () => ({}),
    arguments: ['cursor', 'limit', 'scope', 'filters'],
  },
  get_memory: {
    permission: 'retrieve',
    plain: ({ things }) => ({ id: things.memories[3] }),
    arguments: ['id', 'history'],
  },
  update_memory: {
    permission: 'update',
    plain: ({ things }) => ({ id: things.memories[3], metadata: { note: 'plain' } }),
    arguments: ['id', 'content', 'metadata', 'version', 'reason'],
  },
  forget_memories: {
    permission: 'delete',
    plain: () => ({ query: 'quixotic recipe' }),
    arguments: ['ids', 'query', 'reason'],
  },
};

export const readTools = async (world) => {
  const listed = jsonOf(await send(world.url, { ...post('tools/list'), key: world.admin }))?.result?.tools ?? [];
  return listed.map(({ name, inputSchema }) => ({
    ...{ path: PATH, method: 'POST', name: `mcp.${name}`, tool: name, permission: TOOLS[name]?.permission },
    ...{ query: [], headers: [], fields: [], hasBody: true, arguments: Object.keys(inputSchema.properties ?? {}) },
  }));
};

export const unknownTools = (tools) => [
  ...(tools.length === 0 ? ['/mcp lists no tool'] : []),
  ...tools.flatMap(({ tool, arguments: names }) => {
    const known = TOOLS[tool];
    if (known === undefined) return [`the tool ${tool} is not known to the matrix`];
    return names
      .filter((name) => !known.arguments.includes(name))
      .map((name) => `the argument ${name} of ${tool} is not known to the matrix`);
  }),
];

const CODES = {
  ...{ forbidden: 403, identity_mismatch: 403, not_found: 404, suspended: 503, legal_hold: 409, user_required: 400 },
  ...{ invalid_request: 400, invalid_filter: 400, immutable_field: 400, version_mismatch: 412, internal: 500 },
};

/** What failed in a tool is a result: as a status, so that it can be judged like every other answer. */
export const statusOfTool = (answer) => {
  const { result, error } = jsonOf(answer) ?? {};
  if (answer.status !== 200) return answer.status;
  if (error !== undefined) return 400;
  if (!result?.isError) return 200;
  return CODES[result.structuredContent?.code] ?? 422;
};

/** As buildCells of isolation-cells.mjs, for the tool of `op`. */
export const buildToolCells = (op, victim, attacker) => {
  const { things } = victim;
  const plain = TOOLS[op.tool].plain(attacker);
  const cells = [];
  const add = (place, args, expects = 'quiet', { meta, headers } = {}) =>
    cells.push({
      ...{ place, expects },
      ...post('tools/call', { name: op.tool, arguments: args, ...(meta ? { _meta: meta } : {}) }),
      headers: { ...HEADERS, ...headers },
    });
  const has = (name) => op.arguments.includes(name);
  add('plain', plain);
  add('_meta that names them', plain, 'refused', { meta: { [USER_KEY]: victim.userId } });
  add('header X-User-ID', plain, 'refused', { headers: { 'x-user-id': victim.userId } });
  add('an argument user_id', { ...plain, user_id: victim.userId }, 'refused');
  if (has('id')) {
    for (const id of things.memories) add('id', { ...plain, id }, 'refused');
    if (has('history')) add('id, with its history', { id: things.memory, history: true }, 'refused');
    if (has('content')) add('id, content', { id: things.memory, content: 'taken over' }, 'refused');
  }
  if (has('ids')) {
    add('ids', { ids: things.memories });
    add('ids, some of them mine', { ids: [things.memory, '00000000-0000-4000-8000-000000000000'] });
  }
  if (has('supersedes')) add('supersedes', { content: 'taken over', supersedes: things.memory }, 'refused');
  if (has('key')) add('key', { content: 'of the same name', key: victim.key });
  if (has('query')) {
    add('search text', { ...plain, query: things.content.slice(0, -20) });
    add('search text, their name', { ...plain, query: victim.userId });
  }
  if (has('cursor')) {
    const cursor = things.cursors[op.name];
    if (cursor !== undefined) add('cursor', { cursor, limit: 1 }, 'refused');
  }
  if (has('filters')) {
    add('filter of a person', { ...plain, filters: { user_id: victim.userId } }, 'empty');
    add('filter of an id', { ...plain, filters: { id: things.memory } }, 'empty');
    add('filter of an agent', { ...plain, filters: { agent_id: things.hiddenAgent } }, 'empty');
    add('filter with OR', { ...plain, filters: { OR: [{ user_id: victim.userId }, { user_id: attacker.userId }] } });
    add('filter with NOT', { ...plain, filters: { NOT: { user_id: attacker.userId } } }, 'empty');
  }
  if (has('scope')) for (const scope of ['team', 'organization', 'global']) add(`scope ${scope}`, { ...plain, scope });
  if (has('as_of')) add('as_of', { ...plain, as_of: new Date().toISOString() });
  return cells;
};

/** A cursor that the owner was given. */
export const gatherToolCursor = async (world, owner) => {
  const asked = post('tools/call', { name: 'list_memories', arguments: { limit: 1 } });
  const cursor = jsonOf(await send(world.url, { ...asked, key: owner.credential }))?.result?.structuredContent
    ?.next_cursor;
  if (typeof cursor === 'string') owner.things.cursors['mcp.list_memories'] = cursor;
};
