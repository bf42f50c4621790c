import { createHmac } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { createIssuerKey, type IssuerKey, signToken, startIssuer, type TestIssuer } from '../support/issuer.js';
import {
  type Answer,
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../support/memory-service.js';

jest.setTimeout(120_000);

const PATH = '/api/v1/memories';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly query: readonly string[];
  readonly hasBody: boolean;
}

let tenant: TestTenant;
let service: InProcessService;
let issuer: TestIssuer;
let issued: IssuerKey;
let stranger: IssuerKey;
let owner: pg.Client;
let operations: readonly Operation[];
let ada: string;
/** Of somebody else. */
let hers: { readonly id: string; readonly cursor: string };

beforeAll(async () => {
  [issuer, issued, stranger] = await Promise.all([
    startIssuer(),
    createIssuerKey('ES256'),
    createIssuerKey('ES256', 'stranger'),
  ]);
  issuer.publish([issued.publicJwk]);
  tenant = await createTestTenant();
  writeFileSync(join(tenant.directory, 'ca.pem'), issuer.ca);
  const claims = { user: 'sub', roles: 'roles' };
  const jwt = { issuer: issuer.url, audiences: ['memory'], jwksURI: issuer.jwksURI, claims, strictType: false };
  tenant.writePolicies({ ...defaultPolicies, access: { jwt: [jwt] } });
  service = await startInProcess(tenant, {
    MEMPLANE_CA_FILE: join(tenant.directory, 'ca.pem'),
    MEMPLANE_EGRESS_ALLOW: '127.0.0.1/32',
    ARTIFACTS_BUCKET_URL: `file://${join(tenant.directory, 'files')}`,
  });
  owner = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await owner.connect();
  operations = readOperations((await service.call('GET', '/openapi.json')).body);
  ada = (await service.call('POST', '/api/v1/keys', { body: { name: 'ada', role: 'admin', user_id: 'ada' } })).body.key;
  const grace = { user_id: 'grace', content: 'grace keeps a secret' };
  const { id } = (await service.call('POST', PATH, { body: grace })).body;
  await service.call('POST', PATH, { body: grace });
  await service.call('POST', PATH, { body: { user_id: 'ada', content: 'of ada' } });
  const cursor = (await service.call('GET', `${PATH}?user_id=grace&limit=1`)).body.next_cursor;
  hers = { id, cursor };
});
afterAll(async () => {
  await owner.end();
  await service.stop();
  await tenant.drop();
  await issuer.stop();
});

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
}
interface DocumentOperation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
}
interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
}

const readOperations = ({ paths }: Document): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      properties: requestBody?.content['application/json']?.schema.properties ?? {},
      query: parameters.flatMap((parameter) => (parameter.in === 'query' ? [parameter.name] : [])),
      hasBody: requestBody?.content['application/json'] !== undefined,
    })),
  );

const NOBODY = '018f0000-0000-7000-8000-000000000000';
const fill = (path: string, value = NOBODY): string => path.replace(/\{\w+\}/g, encodeURIComponent(value));

/** All that a request may write. What the audit log and the counters of usage say of refusals is theirs to say. */
const UNCOUNTED =
  /^(audit_|usage_daily|replicas|access_epoch|lifecycle_|vector_index|schema_migrations|webhook_positions)/;
const countRows = async (): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1`,
  );
  const names = rows.map(({ name }) => name).filter((name) => !UNCOUNTED.test(name));
  expect(names).toEqual(expect.arrayContaining(['memories', 'users', 'outbox', 'vectors', 'api_keys', 'roles']));
  const counted = await Promise.all(
    names.map(async (name) => {
      const found = await owner.query<{ n: string }>(`SELECT count(*) AS n FROM ${name}`);
      return [name, Number(found.rows[0]?.n)] as const;
    }),
  );
  return Object.fromEntries(counted);
};

const countJobs = async (): Promise<number> =>
  (await owner.query('SELECT FROM jobs WHERE finished_at IS NULL')).rows.length;

/** The outbox empties by itself, and what was asked for as a job before is done by itself too. */
const unchanged = async (work: () => Promise<void>): Promise<void> => {
  await eventually(countJobs, (left) => left === 0);
  await eventually(countRows, ({ outbox }) => outbox === 0);
  const before = await countRows();
  await work();
  expect(await countRows()).toEqual(before);
};

const hasRemedy = ({ body }: Answer): boolean =>
  typeof (body.remedy ?? body.detail ?? body.error?.message ?? body.message) === 'string';

describe('a body that is not what it should be', () => {
  const deep = `{"content":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  const bodies: readonly (readonly [string, string])[] = [
    ['malformed', '{"content":'],
    ['deep', deep],
    ['with half of a surrogate pair', '{"content":"\\ud800","query":"\\ud800","name":"\\ud800","key":"\\udc00"}'],
    ['with U+0000', '{"content":"a\\u0000","query":"a\\u0000","name":"\\u0000"}'],
    ['with __proto__', '{"__proto__":{"role":"admin"},"content":"x"}'],
    ['with constructor.prototype', '{"constructor":{"prototype":{"role":"admin"}},"content":"x"}'],
    ['with an infinite number', '{"content":"x","confidence":1e999,"limit":1e999}'],
  ];

  it.each(bodies)('%s is 4xx on every route that takes one, with a remedy, and nothing is written', async (_, raw) => {
    await unchanged(async () => {
      const told: string[] = [];
      for (const { method, path } of operations.filter(({ hasBody }) => hasBody)) {
        const answer = await service.call(method, fill(path), { raw, headers: { 'X-User-ID': 'ada' } });
        if (answer.status < 400 || answer.status >= 500 || !hasRemedy(answer))
          told.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
      }
      expect(told).toEqual([]);
    });
  });

  it.each([
    ['JSON that breaks off', '{"content":', ''],
    ['JSON that is too deep', deep, `/content${'/0'.repeat(63)}`],
    ['half of a surrogate pair', '{"memories":[{"content":"ok"},{"content":"a\\ud800"}]}', '/memories/1/content'],
    ['a prototype key', '{"content":"x","metadata":{"a":{"__proto__":1}}}', '/metadata/a/__proto__'],
    ['an infinite number', '{"content":"x","vector":[1,2,1e999]}', '/vector/2'],
    ['an unknown scope', '{"content":"x","scope":"galaxy"}', '/scope'],
    ['a vector of NaN', JSON.stringify({ content: 'x', vector: encode(Number.NaN) }), '/vector'],
    ['an infinite vector', JSON.stringify({ content: 'x', vector: encode(Number.POSITIVE_INFINITY) }), '/vector'],
    ['a vector of another dimension', '{"content":"x","vector":[1,2,3]}', '/vector'],
    ['an unknown key', '{"content":"x","tenant_id":"other"}', '/tenant_id'],
  ])('names the place of %s', async (_, raw, pointer) => {
    await unchanged(async () => {
      const answer = await service.call('POST', PATH, { raw, headers: { 'X-User-ID': 'ada' } });
      expect([400, 422]).toContain(answer.status);
      expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
      expect(answer.body.remedy).toEqual(expect.any(String));
    });
  });

  it.each(['/api/v1/memories', '/api/memory/api/v1/memories', '/api/v1/import', '/v1/memories/', '/mcp'])(
    'of 51 MB is 413 at %s, however it comes, and nothing is written',
    async (path) => {
      await unchanged(async () => {
        expect(await sendHuge(path, { 'Content-Length': String(51_000_000) })).toBe(413);
        expect(await sendHuge(path, { 'Transfer-Encoding': 'chunked' })).toBe(413);
      });
    },
  );
});

function encode(value: number): string {
  return Buffer.from(new Float32Array(64).fill(value).buffer).toString('base64');
}

const sendHuge = (path: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(`${service.url}${path}`, {
      method: 'POST',
      headers: { 'X-API-Key': tenant.adminKey, 'Content-Type': 'application/json', 'X-User-ID': 'ada', ...headers },
    });
    sent.once('response', ({ statusCode }) => {
      resolve(statusCode);
      sent.destroy();
    });
    sent.once('error', reject);
    const chunk = Buffer.alloc(1_000_000, 0x20);
    for (let count = 0; count < 51; count++) sent.write(chunk);
  });

describe('a content of white space', () => {
  const BLANK = ' \n\t\u00a0\u3000';
  const draft = { content: BLANK };
  const said = { role: 'user', content: BLANK };
  const patch = { patch: { content: BLANK } };

  it.each([
    ['POST', PATH, draft, '/content'],
    ['POST', PATH, { memories: [{ content: 'x' }, draft] }, '/memories/1/content'],
    ['PUT', `${PATH}/by-key/blank`, draft, '/content'],
    ['PATCH', `${PATH}/{id}`, draft, '/content'],
    ['POST', `${PATH}/update`, { updates: [{ id: '{id}', ...patch }] }, '/updates/0/patch/content'],
    ['POST', `${PATH}/{id}/supersede`, { draft }, '/draft/content'],
    ['POST', '/api/v1/memory/ingest', { conversation_text: BLANK }, '/conversation_text'],
    ['POST', '/api/v1/memory/ingest', { messages: [said], infer: false }, '/messages/0/content'],
    ['POST', '/v1/memories/', { messages: [said], user_id: 'ada' }, '/messages/0/content'],
    ['POST', '/v3/memories/add/', { messages: BLANK, user_id: 'ada', infer: false }, '/messages/0/content'],
    ['PUT', '/v1/memories/{id}/', { text: BLANK }, '/text'],
    ['PUT', '/v1/batch/', { memories: [{ memory_id: '{id}', text: BLANK }] }, '/memories/0/text'],
  ])('is refused by %s %s, which names the member, and nothing is written', async (method, path, body, pointer) => {
    const { id } = (await service.call('POST', PATH, { key: ada, body: { content: `kept ${path}` } })).body;
    await unchanged(async () => {
      const raw = JSON.stringify(body).replace('{id}', id);
      const answer = await service.call(method, path.replace('{id}', id), { key: ada, raw });
      const told = JSON.stringify(answer.body);
      expect([answer.status === 422 ? 400 : answer.status, told]).toEqual([400, expect.stringContaining(pointer)]);
      expect(told).toContain('more than white space');
    });
  });

  it('is refused by an import line by line, and by a tool', async () => {
    await unchanged(async () => {
      const headers = { 'Content-Type': 'application/x-ndjson' };
      const raw = JSON.stringify({ ...draft, user_id: 'ada' });
      const imported = await service.call('POST', '/api/v1/import', { key: ada, raw, headers });
      expect(imported.body).toMatchObject({ created: 0, failed: 1, errors: [{ pointer: '/content' }] });
      const params = { name: 'add_memory', arguments: draft };
      const called = await service.call('POST', '/mcp', {
        key: ada,
        body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
        headers: { Accept: 'application/json, text/event-stream' },
      });
      expect(JSON.stringify(called.body)).toContain('more than white space');
    });
  });

  it('beside what is said is passed over in the routes of mem0, as a message without words is', async () => {
    const messages = [said, { role: 'assistant', content: 'Noted: the kettle is blue' }, { role: 'user', content: '' }];
    const body = { messages, user_id: 'ada', infer: false };
    const answer = await service.call('POST', '/v1/memories/', { key: ada, body });
    expect(answer.body).toMatchObject([{ event: 'ADD', memory: 'Noted: the kettle is blue' }]);
  });
});

describe('an injection', () => {
  const INJECTIONS = [
    `'; DROP TABLE memories; --`,
    `" OR "1"="1`,
    '1); DELETE FROM users; --',
    '$1::uuid',
    '../../../../etc/passwd',
    '..%2f..%2fpolicies.json',
    '%00',
    '{{7*7}}%{7*7}',
    '\\x27 OR 1=1',
  ];

  it('in the path of any route reaches nothing', async () => {
    await unchanged(async () => {
      const told: string[] = [];
      for (const { method, path, hasBody } of operations.filter((operation) => operation.path.includes('{'))) {
        // mem0's settings of a project take options that nobody knows, as mem0's do, and keep none of them.
        if (path.startsWith('/api/v1/orgs/') && method === 'PATCH') continue;
        for (const value of INJECTIONS.slice(0, 5)) {
          const body = hasBody ? { body: { unheard: 'of' } } : {};
          const answer = await service.call(method, fill(path, value), { ...body, headers: { 'X-User-ID': 'ada' } });
          // A name of something is any text: there is none of this name, and none is made.
          const empty = answer.status === 200 && ['GET', 'DELETE'].includes(method);
          if (!empty && (answer.status < 400 || answer.status >= 500)) told.push(`${method} ${path}: ${answer.status}`);
        }
      }
      expect(told).toEqual([]);
    });
  });

  it('in any parameter of any query, a cursor included, is data or 4xx', async () => {
    await unchanged(async () => {
      const told: string[] = [];
      for (const { path, query } of operations.filter(({ method }) => method === 'GET')) {
        // Waits for what is to come, for as long as it is told to.
        if (path === '/api/v1/events') continue;
        for (const name of query) {
          for (const value of INJECTIONS.slice(0, 5)) {
            const asked = `${fill(path)}?${new URLSearchParams({ [name]: value })}`;
            const { status } = await service.call('GET', asked, { headers: { 'X-User-ID': 'ada' } });
            if (status >= 500) told.push(`${asked}: ${status}`);
            if (name === 'cursor' && status < 400) told.push(`${asked}: ${status}`);
          }
        }
      }
      expect(told).toEqual([]);
    });
  });

  it('in every member of the body of any route is data or 4xx that names the member, and the tables stand', async () => {
    const told: string[] = [];
    for (const { method, path, properties, hasBody } of operations) {
      // Its people are needed below.
      if (!hasBody || path.includes('/keys/')) continue;
      for (const name of Object.keys(properties)) {
        for (const value of [INJECTIONS[0], [{ [INJECTIONS[1] ?? '']: INJECTIONS[4] }]]) {
          const body = { [name]: value };
          const answer = await service.call(method, fill(path), { body, headers: { 'X-User-ID': 'mallory' } });
          const isNamed = answer.status < 400 || hasRemedy(answer);
          if ((answer.status >= 500 && answer.status !== 501) || !isNamed)
            told.push(`${method} ${path} ${name}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
        }
      }
    }
    expect(told).toEqual([]);
    expect((await service.call('GET', `${PATH}/${hers.id}`)).body.content).toBe('grace keeps a secret');
    await countRows();
  });

  it('in the name or value of a filter finds nothing, or is told which fields there are', async () => {
    for (const text of INJECTIONS) {
      const search = (filters: object) =>
        service.call('POST', `${PATH}/search`, { body: { query: 'secret', user_id: 'ada', filters } });
      const field = await search({ [text]: 'x' });
      expect([text, field.status, field.body.code]).toEqual([text, 400, 'invalid_filter']);
      const value = await search({ agent_id: text, 'metadata.a': text });
      expect([text, value.status, value.body.results]).toEqual([text, 200, []]);
    }
  });

  it('in a text comes back letter for letter', async () => {
    for (const text of INJECTIONS) {
      const names = {
        user_id: `u ${text}`,
        agent_id: text,
        session_id: text,
        app_id: text,
        subject: text,
        object: text,
      };
      const body = { content: text, ...names, metadata: { [text]: text } };
      const written = await service.call('POST', PATH, { body });
      expect(written.status).toBe(201);
      const read = await service.call('GET', `${PATH}/${written.body.id}`);
      expect(read.body).toMatchObject(body);
    }
  });
});

describe('a credential that is none', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => ({ iss: issuer.url, aud: 'memory', sub: 'ada', roles: ['admin'], exp: 4_000_000_000 });
  const forge: Readonly<Record<string, () => Promise<string> | string>> = {
    expired: () => signToken(issued, issuer.url, { expiresIn: -120 }),
    'for another audience': () => signToken(issued, issuer.url, { claims: { aud: 'billing' } }),
    'signed by a stranger': () => signToken({ ...stranger, kid: issued.kid }, issuer.url),
    'alg none': () => `${part({ alg: 'none', kid: issued.kid })}.${part(claims())}.`,
    'HS256 by the public key': () => {
      const text = `${part({ alg: 'HS256', kid: issued.kid })}.${part(claims())}`;
      return `${text}.${createHmac('sha256', JSON.stringify(issued.publicJwk)).update(text).digest('base64url')}`;
    },
    'an unknown key': () => `mb_${'A'.repeat(43)}`,
    'no key': () => '',
  };

  it.each(Object.keys(forge))('%s is 401 on every route, with a remedy, and nothing is written', async (name) => {
    const token = await forge[name]?.();
    await unchanged(async () => {
      const told: string[] = [];
      for (const { method, path, hasBody } of operations) {
        const body = hasBody ? { body: { content: 'x', user_id: 'ada' } } : {};
        const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
        const answer = await service.call(method, fill(path), { key: null, headers, ...body });
        if (answer.status !== 401 || !answer.headers.get('www-authenticate') || !hasRemedy(answer))
          told.push(`${method} ${path}: ${answer.status}`);
      }
      expect(told).toEqual([]);
    });
  });
});

describe("somebody else's", () => {
  it('id in the path is 404 on every route of a memory', async () => {
    await unchanged(async () => {
      for (const { method, path, hasBody } of operations.filter(({ path }) => path.startsWith(`${PATH}/{id}`))) {
        const body = hasBody
          ? { body: path.endsWith('legal-hold') ? { matter: 'm', reason: 'r' } : bodyFor(method, path) }
          : {};
        const answer = await service.call(method, fill(path, hers.id), { key: ada, ...body });
        expect([method, path, answer.status]).toEqual([method, path, 404]);
      }
    });
  });

  it('name in body, query, header or path is 403 and names the mismatch, whatever the route', async () => {
    await unchanged(async () => {
      const told: string[] = [];
      const note = (how: string, { status, body }: Answer): void => {
        if (status !== 403 && status !== 400) told.push(`${how}: ${status} ${JSON.stringify(body).slice(0, 150)}`);
      };
      for (const { method, path, properties, query } of operations.filter(({ path }) => path.startsWith('/api/v1/'))) {
        if (query.includes('user_id')) {
          note(`${method} ${path}?user_id`, await service.call(method, `${fill(path)}?user_id=grace`, { key: ada }));
        }
        if ('user_id' in properties && path !== '/api/v1/keys') {
          const body = { user_id: 'grace', content: 'x', query: 'x', conversation_text: 'I like tea.' };
          const known = Object.fromEntries(Object.entries(body).filter(([name]) => name in properties));
          note(`${method} ${path}`, await service.call(method, fill(path), { key: ada, body: known }));
        }
      }
      expect(told).toEqual([]);
      const header = await service.call('GET', PATH, { key: ada, headers: { 'X-User-ID': 'grace' } });
      expect([header.status, header.body.code]).toEqual([403, 'identity_mismatch']);
      const tenantHeader = await service.call('GET', PATH, { key: ada, headers: { 'X-Tenant-ID': 'other' } });
      expect([tenantHeader.status, tenantHeader.body.code]).toEqual([403, 'identity_mismatch']);
      const path = await service.call('GET', '/api/v1/memory/grace', { key: ada });
      expect([path.status, path.body.code]).toEqual([403, 'identity_mismatch']);
    });
  });

  it('cursor is 400', async () => {
    expect(hers.cursor).toEqual(expect.any(String));
    const answer = await service.call('GET', `${PATH}?limit=1&cursor=${encodeURIComponent(hers.cursor)}`, { key: ada });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/query/cursor']);
  });

  it('id or name in one item of a batch refuses the whole, and says which item', async () => {
    await unchanged(async () => {
      const drafts = { memories: [{ content: 'mine' }, { content: 'hers', user_id: 'grace' }] };
      const written = await service.call('POST', PATH, { key: ada, body: drafts });
      expect([written.status, written.body.errors[0]]).toMatchObject([422, { index: 1 }]);
      const updates = { updates: [{ id: hers.id, patch: { content: 'mine now' } }] };
      const updated = await service.call('POST', `${PATH}/update`, { key: ada, body: updates });
      expect([updated.status, updated.body.errors[0]]).toMatchObject([422, { index: 0 }]);
      const deleted = await service.call('POST', `${PATH}/delete`, { key: ada, body: { ids: [hers.id] } });
      expect(deleted.body).toMatchObject({ matched: 0, deleted: 0 });
      const superseded = { draft: { content: 'x' }, evidence: [hers.id] };
      const mine = (await service.call('GET', `${PATH}?limit=1`, { key: ada })).body.results[0].id;
      const answer = await service.call('POST', `${PATH}/${mine}/supersede`, { key: ada, body: superseded });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([404, '/evidence/0']);
    });
  });
});

const bodyFor = (method: string, path: string): object => {
  if (path.endsWith('supersede')) return { draft: { content: 'x' } };
  if (path.endsWith('feedback')) return { value: 'negative' };
  if (path.endsWith('review')) return { reason: 'r' };
  if (path.endsWith('promote')) return { scope: 'global', reason: 'r' };
  return method === 'PATCH' ? { content: 'mine now' } : {};
};

describe('without its keys', () => {
  it('the service says it is not ready, reads what it has keys for, and writes nothing in clear', async () => {
    const lonely = await createTestTenant();
    const alone = await startInProcess(lonely);
    const known = await alone.call('POST', PATH, { body: { user_id: 'ada', content: 'known before the loss' } });
    renameSync(join(lonely.directory, 'keys'), join(lonely.directory, 'keys.lost'));
    renameSync(join(lonely.directory, 'kms.key'), join(lonely.directory, 'kms.lost'));
    const ready = await eventually(
      () => alone.call('GET', '/readyz'),
      ({ status }) => status === 503,
      20_000,
    );
    expect(ready.headers.get('retry-after')).toMatch(/^\d+$/);
    const detailed = await alone.call('GET', '/health/detailed');
    expect(detailed.body.components.keys).toMatchObject({ status: 'down' });
    const read = await alone.call('GET', `${PATH}/${known.body.id}`);
    expect([read.status, read.body.content]).toEqual([200, 'known before the loss']);
    const write = await alone.call('POST', PATH, { body: { user_id: 'a stranger', content: 'plaintext-canary' } });
    expect([201, 503]).toContain(write.status);
    if (write.status === 503) expect(write.body.code).toBe('keys_unavailable');
    const client = new pg.Client({ connectionString: lonely.database.ownerUrl });
    await client.connect();
    const { rows } = await client.query<{ sealed: boolean; envelope: Buffer }>('SELECT sealed, envelope FROM memories');
    await client.end();
    expect(rows).toHaveLength(write.status === 503 ? 1 : 2);
    for (const { sealed, envelope } of rows) {
      expect([sealed, envelope.includes('plaintext-canary'), envelope.includes('known before')]).toEqual([
        true,
        false,
        false,
      ]);
    }
    await alone.stop();
    await lonely.drop();
  });
});
