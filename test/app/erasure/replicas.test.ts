import { startReplica } from '../../../app/erasure/replicas.js';
import { createTestLog, type TestLog } from '../../support/audit-log.js';
import { holdBack } from '../../support/held-back.js';

let test: TestLog;
beforeAll(async () => {
  test = await createTestLog();
});
afterAll(() => test.drop());

it('a replica that ends while its beat is on its way leaves nothing behind that an erasure would wait for', async () => {
  const { db, letGo } = holdBack(test.db, /^\s*INSERT INTO replicas/);
  const replica = startReplica({ db, vault: test.vault, newId: test.newId, log: { warn: () => undefined } });
  const beat = replica.beat();
  const stopped = replica.stop();
  // Whatever else a stop does is done before the beat arrives.
  await test.db.query('SELECT pg_sleep(0.2)');
  letGo();
  await Promise.all([beat, stopped]);
  expect((await test.db.query('SELECT id FROM replicas')).rows).toEqual([]);
});
