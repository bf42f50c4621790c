import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { readMemoryConfig } from '../../../app/config.js';
import { startFoundation } from '../../../app/memory-role.js';
import { startFeeder } from '../../../app/vectors/feeder.js';
import type { IndexPoint, VectorIndex } from '../../../app/vectors/vector-index.js';
import { createTestTenant, eventually, type TestTenant } from '../../support/memory-service.js';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTestTenant();
});
afterAll(() => tenant.drop());

const log = pino({ level: 'silent' });

/** An index elsewhere, as far as a feeder goes. */
class Elsewhere implements VectorIndex {
  readonly name = 'elsewhere';
  readonly held = new Set<string>();
  readonly #whileCounting: () => Promise<unknown>;
  cleared = 0;

  constructor(whileCounting: () => Promise<unknown>) {
    this.#whileCounting = whileCounting;
  }

  async prepare(): Promise<void> {}
  async put(points: readonly IndexPoint[]): Promise<void> {
    for (const { id } of points) this.held.add(id);
  }
  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.held.delete(id);
  }
  async search(): Promise<readonly []> {
    return [];
  }
  async count(): Promise<number> {
    const held = this.held.size;
    await this.#whileCounting();
    return held;
  }
  async clear(): Promise<void> {
    this.cleared++;
    this.held.clear();
  }
  async close(): Promise<void> {}
}

it('an index is not taken for lost because something was committed while its points were counted', async () => {
  const { core, stop } = await startFoundation(readMemoryConfig(tenant.env), log);
  const writer = new pg.Client({ connectionString: tenant.database.serviceUrl });
  await writer.connect();
  const put = (id: string) =>
    writer.query(
      `INSERT INTO vectors (memory_id, version, slot, partition, model, sealed, vector)
       VALUES ($1, 1, 16, $2, $3, false, decode(repeat('0000803f', 64), 'hex'))`,
      [id, randomUUID(), core.embedder.model],
    );
  // Begun before the feeder's own transaction, and committed while that counts.
  await writer.query('BEGIN');
  await put(randomUUID());
  const index = new Elsewhere(() => writer.query('COMMIT'));
  const { db, vault, embedder } = core;
  const feeder = startFeeder({ db, vault, dimensions: 64, model: embedder.model, index, log });
  try {
    await eventually(
      async () => index.held.size,
      (held) => held === 1,
    );
    expect(index.cleared).toBe(0);
  } finally {
    await feeder.stop();
    await writer.end();
    await stop();
  }
});
