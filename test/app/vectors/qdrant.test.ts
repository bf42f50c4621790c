import { createQdrantIndex, type QdrantOptions } from '../../../app/vectors/qdrant.js';
import { type QdrantStandIn, startQdrantStandIn } from '../../support/qdrant-stand-in.js';

let standIn: QdrantStandIn;
beforeEach(async () => {
  standIn = await startQdrantStandIn('a-key');
});
afterEach(() => standIn.stop());

const ACME = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const PERSON = '33333333-3333-4333-8333-333333333333';
const MEMORY = '44444444-4444-4444-8444-444444444444';

const open = (more: Partial<QdrantOptions> = {}) =>
  createQdrantIndex({
    url: standIn.url,
    apiKey: 'a-key',
    collection: 'shared',
    tenantId: ACME,
    dimensions: 4,
    model: 'm',
    quantization: 'none',
    ...more,
  });
const point = (first: number) => ({ id: MEMORY, partition: PERSON, vector: Float32Array.of(first, 1, 0, 0) });

describe('a collection that tenants share', () => {
  const liveTogether = async (): Promise<void> => {
    const [acme, other] = [open(), open({ tenantId: OTHER })];
    await acme.prepare();
    await other.prepare();
    await acme.put([point(1)]);
    await other.put([point(-1)]);
    expect([await acme.count(), await other.count()]).toEqual([1, 1]);
    const [hit] = await acme.search([PERSON], Float32Array.of(1, 1, 0, 0), 10);
    expect(hit).toEqual({ id: MEMORY, score: expect.closeTo(1, 5) });
    await acme.remove([MEMORY]);
    expect(await acme.search([PERSON], Float32Array.of(1, 1, 0, 0), 10)).toEqual([]);
    expect(await other.count()).toBe(1);
    await acme.put([point(1)]);
    await acme.clear();
    expect([await acme.count(), await other.count()]).toEqual([0, 1]);
  };

  it('keeps two tenants apart who chose the same ids for people and memories', liveTogether);

  it('is asked with the tenant in every request that names a condition', async () => {
    await liveTogether();
    const asked = standIn.seen.filter(({ body }) => body && typeof body === 'object' && 'filter' in body);
    expect(asked.length).toBeGreaterThan(5);
    for (const { body } of asked)
      expect((body as { filter: { must: unknown[] } }).filter.must).toContainEqual({
        key: 'tenant',
        match: { value: expect.stringMatching(`^(${ACME}|${OTHER})$`) },
      });
  });

  it('holds ids alone', async () => {
    await liveTogether();
    const points = [...(standIn.collections.get('shared')?.points.values() ?? [])];
    expect(points).toHaveLength(1);
    for (const { payload } of points) expect(Object.keys(payload).sort()).toEqual(['memory', 'partition', 'tenant']);
  });
});

describe('a collection that does not fit', () => {
  it('is refused when its vectors have another size, with both sizes and what to do', async () => {
    await open().prepare();
    await expect(open({ dimensions: 5 }).prepare()).rejects.toThrow(
      'Qdrant collection shared has vectors of 4 dimensions, distance Cosine; wanted: 5, Cosine. Name another collection in VECTOR_DB_NAMESPACE, or delete this one: it is built anew from Postgres',
    );
  });

  it('is refused when the server dropped its tenant index without a word', async () => {
    await open({ collection: 'flat' }).prepare();
    const fields = standIn.collections.get('flat')?.fields;
    fields?.set('tenant', { data_type: 'keyword', params: {} });
    await expect(open({ collection: 'flat' }).prepare()).rejects.toThrow('has no tenant index on the field "tenant"');
  });
});

describe('a server that refuses', () => {
  it('is told apart from one that is away, and the key is in neither message', async () => {
    const refused = open({ apiKey: 'a-wrong-key' }).count();
    await expect(refused).rejects.toThrow('the key was refused (401); check VECTOR_DB_API_KEY');
    await expect(refused).rejects.not.toThrow('a-wrong-key');
    await expect(open({ url: 'http://127.0.0.1:1' }).count()).rejects.toThrow('no answer from VECTOR_DB_ENDPOINT');
  });
});
