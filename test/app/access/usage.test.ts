import { createUsageMeter, dayOf } from '../../../app/access/usage.js';
import { createPool, type Database } from '../../../app/db/pool.js';
import { holdBack } from '../../support/held-back.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.serviceUrl, size: 3, onError: () => undefined });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('what is read includes what is being written just then', async () => {
  const { db, letGo } = holdBack(pool, /^\s*INSERT/);
  const at = Date.now();
  const meter = createUsageMeter(db, () => at);
  const day = dayOf(at);
  meter.add('searches', 3);
  const reads = [meter.read(day, day), meter.read(day, day)];
  letGo();
  for (const rows of await Promise.all(reads)) expect(rows).toMatchObject([{ kind: 'searches', count: 3 }]);
  await meter.stop();
});
