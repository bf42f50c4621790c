import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jcsBytes } from '../../../app/sealing/index.js';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let folder: string;
beforeAll(async () => {
  tenant = await createTestTenant();
  folder = join(tenant.directory, 'artifacts');
  service = await startInProcess(tenant, { ARTIFACTS_BUCKET_URL: `file://${folder}` });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/artifacts';
const CONTENT = 'minutes of the meeting';
const sha256 = createHash('sha256').update(CONTENT).digest('hex');
const store = (body: object = {}, key?: string) =>
  service.call('POST', PATH, {
    body: { content: Buffer.from(CONTENT).toString('base64'), content_type: 'text/plain', ...body },
    ...(key ? { key } : {}),
  });
const objects = () => {
  const place = join(folder, 'mem-test', 'artifacts');
  return existsSync(place) ? readdirSync(place).map((name) => join(place, name)) : [];
};

describe('an artifact', () => {
  it('comes back byte for byte, signed, and lies sealed in its bucket', async () => {
    const { status, body, headers } = await store({ user_id: 'ada', name: 'März (1).txt', sha256 });
    expect([status, headers.get('location')]).toEqual([201, `${PATH}/${body.id}`]);
    expect(body).toMatchObject({ sha256, bytes: CONTENT.length, memory_id: null, url: `${PATH}/${body.id}/content` });
    const content = await service.call('GET', body.url);
    expect([content.body, content.headers.get('content-type'), content.headers.get('content-disposition')]).toEqual([
      CONTENT,
      'text/plain',
      "attachment; filename*=UTF-8''M%C3%A4rz%20%281%29.txt",
    ]);
    const { id, name, content_type, bytes, created_at, created_by, signature, vkey } = body;
    const manifest = { id, sha256, bytes, name, content_type, created_at, created_by };
    const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
    const key = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
      format: 'der',
      type: 'spki',
    });
    const signed = Buffer.concat([Buffer.from('memplane/artifact/1\n'), jcsBytes(manifest)]);
    expect(verify(null, signed, key, Buffer.from(signature, 'base64'))).toBe(true);
    for (const path of objects()) expect(readFileSync(path).includes(CONTENT)).toBe(false);
  });

  it('outlives its memory, without the link', async () => {
    const memory = (await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x' } })).body;
    const { body } = await store({ memory_id: memory.id });
    const listed = await service.call('GET', `${PATH}?memory_id=${memory.id}`);
    expect(listed.body.results).toMatchObject([{ id: body.id, memory_id: memory.id }]);
    await service.call('DELETE', `/api/v1/memories/${memory.id}`);
    expect((await service.call('GET', `${PATH}/${body.id}`)).body).toMatchObject({ id: body.id, memory_id: null });
    expect((await service.call('GET', body.url)).body).toBe(CONTENT);
  });

  it('is not there for others', async () => {
    const { body } = await store({ user_id: 'ada' });
    const key = (await service.call('POST', '/api/v1/keys', { body: { name: 'g', role: 'user', user_id: 'grace' } }))
      .body.key;
    for (const path of [`${PATH}/${body.id}`, body.url])
      expect((await service.call('GET', path, { key })).status).toBe(404);
    expect((await service.call('GET', PATH, { key })).body.results).toEqual([]);
    const memory = (await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x' } })).body;
    expect((await store({ memory_id: memory.id }, key)).status).toBe(404);
    expect((await store({ user_id: 'ada' }, key)).status).toBe(403);
    expect((await store({ scope: 'global' }, key)).status).toBe(403);
  });

  it('with a changed byte is not given out', async () => {
    const before = new Set(objects());
    const { body } = await store({ user_id: 'ada' });
    const path = objects().find((name) => !before.has(name)) ?? '';
    const bytes = readFileSync(path);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const answer = await service.call('GET', body.url);
    expect([answer.status, JSON.stringify(answer.body).includes('minutes')]).toEqual([500, false]);
  });

  it.each([
    ['/sha256', { sha256: '0'.repeat(64) }],
    ['/content', { content: 'not base64!' }],
    ['/content_type', { content_type: 'text' }],
    ['/memory_id', { memory_id: randomUUID() }],
    ['/name', { name: 'a\nb' }],
    ['/more', { more: 1 }],
  ])('is refused for %s, and nothing is kept', async (pointer, body) => {
    const before = objects().length;
    const answer = await store({ user_id: 'ada', ...body });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
    expect(objects()).toHaveLength(before);
  });
});
