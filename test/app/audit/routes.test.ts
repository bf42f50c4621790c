import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { openFolder } from '../../../app/audit/bundle-files.js';
import { leafHash } from '../../../app/audit/merkle.js';
import { parseNote, parseVerifierKey, signersOf } from '../../../app/audit/note.js';
import { verifyInclusion } from '../../../app/audit/proof.js';
import { decodeEntries, parseProof } from '../../../app/audit/tlog.js';
import { verifyBundle } from '../../../app/audit/verify.js';
import { parsePolicy } from '../../../app/audit/verify-policy.js';
import { memoryctl } from '../../support/cli.js';
import {
  type Client,
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

// A cluster and a tenant's keys are made before the first claim.
jest.setTimeout(90_000);

let tenant: TestTenant;
let service: InProcessService;
let call: Client;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  call = service.call;
});
afterAll(() => tenant.drop());

const CANARY = 'zebra-canary-4711';
const remember = async (content = `she likes ${CANARY}`): Promise<string> =>
  (await call('POST', '/api/v1/memories', { body: { content, user_id: 'ada' } })).body.id;
const head = async () => (await call('GET', '/api/v1/audit/head')).body;
interface Event {
  readonly seq: number;
  readonly event: { readonly id: string; readonly type: string; readonly code: string; readonly request: string };
  readonly detail: unknown;
  readonly facts?: readonly { readonly id: string; readonly version: number; readonly op: string }[];
  readonly reads?: readonly { readonly op: string; readonly ids: readonly string[]; readonly detail: unknown }[];
}
const eventsOf = async (query: string): Promise<readonly Event[]> => {
  await head();
  const { status, body } = await call('GET', `/api/v1/audit/events?${query}`);
  expect([status, body]).toMatchObject([200, { next_cursor: null }]);
  return body.results;
};
const inDatabase = async (sql: string): Promise<readonly Record<string, string>[]> => {
  const client = new pg.Client({ connectionString: tenant.database.adminUrl });
  await client.connect();
  try {
    await client.query(`SET search_path = ${tenant.database.schema}`);
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

describe('the life of a memory', () => {
  it('leaves an event for each write and read, found by the id of the memory, with who, what and when', async () => {
    const id = await remember();
    await call('GET', `/api/v1/memories/${id}`);
    await call('POST', '/api/v1/memories/search', { body: { query: CANARY, user_id: 'ada' } });
    await call('PATCH', `/api/v1/memories/${id}?reason=typo`, { body: { content: 'she likes tea' } });
    const { body: gone } = await call('DELETE', `/api/v1/memories/${id}`);
    const found = await eventsOf(`memory_id=${id}&limit=100`);
    const writes = found.filter(({ event }) => event.type === 'memory.write');
    expect(writes.flatMap(({ facts }) => facts ?? [])).toEqual([
      { id, version: 1, op: 'put' },
      { id, version: 2, op: 'put' },
      { id, version: 3, op: 'delete' },
    ]);
    expect(writes[2]?.event.id).toBe(gone.audit_event);
    const reads = found.flatMap((event) => event.reads ?? []);
    expect(reads.map(({ op }) => op)).toEqual(expect.arrayContaining(['get', 'search']));
    expect(reads.find(({ op }) => op === 'search')?.detail).toMatchObject({ query: CANARY });
    const { body: history } = await call('GET', `/api/v1/memories/${id}/history`);
    expect(history.results.map((entry: { audit_event: string }) => entry.audit_event)).toEqual(
      writes.map(({ event }) => event.id),
    );
  });

  it('is one event for a whole batch, however many memories it holds', async () => {
    const memories = Array.from({ length: 50 }, (_, i) => ({ content: `fact ${i}`, user_id: 'bob' }));
    const { body } = await call('POST', '/api/v1/memories', { body: { memories } });
    const [event, ...more] = await eventsOf(`memory_id=${body.results[17].id}&type=memory.write`);
    expect([event?.event, more]).toMatchObject([{ batch: { count: 50 }, scope: 'user' }, []]);
    expect(event?.facts).toEqual([{ id: body.results[17].id, version: 1, op: 'put' }]);
  });

  it('is in no table of the log in words', async () => {
    await remember();
    await head();
    for (const table of ['audit_events', 'audit_batches', 'audit_details', 'audit_pending', 'audit_checkpoints']) {
      const rows = await inDatabase(`SELECT to_jsonb(t)::text AS row FROM ${table} t`);
      const bytes = rows.map(({ row }) =>
        Buffer.from((row ?? '').replaceAll(/[^0-9a-f]/g, ''), 'hex').toString('latin1'),
      );
      expect(`${rows.map(({ row }) => row).join()}${bytes.join()}`).not.toMatch(/zebra|canary|"ada"/);
    }
  });
});

describe('what is refused', () => {
  it('is an event once, with the id of the request', async () => {
    const key = `mb_${'x'.repeat(43)}`;
    const { headers } = await call('GET', '/api/v1/memories', { key, headers: { 'X-Request-ID': 'denied-1' } });
    expect(headers.get('x-request-id')).toBe('denied-1');
    const denied = await eventually(
      () => eventsOf('type=auth.denied'),
      (events) => events.length > 0,
    );
    expect(denied.filter(({ event }) => event.request === 'denied-1')).toHaveLength(1);
  });

  it('is the log itself to whoever may not read it', async () => {
    const { body } = await call('POST', '/api/v1/keys', { body: { name: 'r', role: 'readonly', user_id: 'ada' } });
    for (const path of ['events', 'head', 'checkpoint', 'tile/0/000.p/1', 'batches/1', 'details/1', 'verify-data'])
      expect([path, (await call('GET', `/api/v1/audit/${path}`, { key: body.key })).status]).toEqual([path, 403]);
  });

  it('is closed with the tenant: who suspends it stops its files and its routes alike', async () => {
    const statusOf = async (path: string): Promise<number> => (await call('GET', `/api/v1/audit/${path}`)).status;
    expect(await statusOf('tile/0/999')).toBe(404);
    tenant.writePolicies({ ...defaultPolicies, mode: 'Suspended' });
    await eventually(
      () => statusOf('events'),
      (status) => status === 503,
    );
    for (const path of ['tile/0/999', 'tile/entries/000', 'batches/1', 'details/1'])
      expect([path, await statusOf(path)]).toEqual([path, 503]);
    tenant.writePolicies(defaultPolicies);
    await eventually(
      () => statusOf('events'),
      (status) => status === 200,
    );
  });

  it.each([
    ['events?from=yesterday', 400],
    ['events?memory_id=1', 400],
    ['events?limit=9999', 400],
    ['events?cursor=-1', 400],
    ['proof/00000000-0000-7000-8000-000000000000', 404],
    ['tile/0/999', 404],
    ['tile/0/../../memories', 404],
    ['tile/99/000', 404],
    ['batches/99999999999999999999', 404],
    ['details/x', 404],
  ])('%s is %i', async (path, status) => {
    expect((await call('GET', `/api/v1/audit/${path}`)).status).toBe(status);
  });
});

describe('a proof', () => {
  it('shows offline that an event is in the log that the tenant signed', async () => {
    const id = await remember();
    const [write] = await eventsOf(`memory_id=${id}&type=memory.write`);
    const { body, headers } = await call('GET', `/api/v1/audit/proof/${write?.event.id}`);
    expect(headers.get('content-type')).toMatch('text/plain');
    const proof = parseProof(body);
    const note = proof && parseNote(proof.checkpoint);
    const { vkey } = await head();
    const verifier = parseVerifierKey(vkey);
    if (!proof || !note || !verifier) throw new Error('no proof');
    expect(signersOf(note, [verifier])).toHaveLength(1);
    const [, size = '', root = ''] = note.text.split('\n');
    const bundle = await fetch(`${service.url}/api/v1/audit/tile/entries/000.p/${proof.index + 1}`, {
      headers: { 'X-API-Key': tenant.adminKey },
    });
    const entry = decodeEntries(Buffer.from(await bundle.arrayBuffer()))?.[proof.index] ?? Buffer.alloc(0);
    const claim = { index: proof.index, size: Number(size), leaf: leafHash(entry), proof: proof.hashes };
    expect(verifyInclusion({ ...claim, root: Buffer.from(root, 'base64') })).toBe(true);
    expect(JSON.parse(entry.toString()).id).toBe(write?.event.id);
  });
});

describe('memoryctl audit', () => {
  it('exports a running log, and finds rows that are not what the log says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'memplane-export-'));
    try {
      const [ada, bob] = [await remember('first'), await remember('second')];
      await call('PATCH', `/api/v1/memories/${ada}`, { body: { content: 'changed' } });
      const key = join(folder, 'key');
      writeFileSync(key, tenant.adminKey);
      // As the demo's tenants are called: whether a resolver knows such names differs from machine to machine.
      const at = ['--endpoint', service.url.replace('127.0.0.1', 'acme.localhost'), '--key-file', key];
      const bundle = join(folder, 'bundle');
      expect(await memoryctl(['audit', 'export', bundle, ...at])).toMatchObject({ code: 0 });
      const { origin, vkey } = await head();
      const policy = { v: 1, origin, keys: [vkey], require: 'signed' };
      const trusted = parsePolicy(JSON.stringify(policy));
      if (!('origin' in trusted)) throw new Error('no policy');
      expect(verifyBundle(openFolder(bundle), trusted)).toMatchObject({ verdict: 'valid', findings: [] });
      const file = join(folder, 'policy.json');
      writeFileSync(file, JSON.stringify(policy));
      const verify = () => memoryctl(['audit', 'verify', bundle, '--policy', file, '--against-data', ...at]);
      expect(await verify()).toMatchObject({ code: 0, out: expect.stringContaining('memories compared') });

      // A superuser of the database swaps two envelopes, deletes a row, and brings back a row that was deleted.
      await inDatabase(
        `UPDATE memories SET envelope = (SELECT envelope FROM memories WHERE id = '${bob}') WHERE id = '${ada}'`,
      );
      const swapped = await verify();
      expect([swapped.code, swapped.out]).toEqual([1, expect.stringContaining(`memory ${ada} cannot be opened`)]);
      await inDatabase(`DELETE FROM memories WHERE id = '${ada}'`);
      expect((await verify()).out).toContain(`memory ${ada} is gone`);
      await inDatabase(`UPDATE memories SET version = 7 WHERE id = '${bob}'`);
      expect((await verify()).out).toContain(`memory ${bob} is version 7`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the policy of a tenant', () => {
  it('turns the log of reads off and makes it strict, without a restart', async () => {
    const id = await remember();
    tenant.writePolicies({ ...defaultPolicies, audit: { reads: true, readsMode: 'Strict' } });
    const countReads = async () =>
      Number((await inDatabase('SELECT count(*) AS n FROM audit_batches WHERE kind = 2'))[0]?.n);
    await eventually(
      async () => {
        const count = await countReads();
        await call('GET', `/api/v1/memories/${id}`);
        return (await countReads()) - count;
      },
      (more) => more === 1,
    );
    tenant.writePolicies(defaultPolicies);
  });
});
