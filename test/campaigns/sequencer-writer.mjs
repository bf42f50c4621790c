// One of the processes that the campaign kills: commits events after random delays, tells each commit, and sequences.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildEventParts } from '../../dist/app/audit/event.js';
import { insertPending, sequencePending } from '../../dist/app/audit/store.js';
import { createPool, inTransaction } from '../../dist/app/db/pool.js';

const [url, commits] = [process.argv[2], Number(process.argv[3])];
const db = createPool({ url, size: 24, onError: () => undefined });
const told = (text) => new Promise((resolve) => process.stdout.write(text, resolve));

const commit = async () => {
  const id = randomUUID();
  const at = new Date();
  const actor = { kind: 'system', ref: 'campaign', role: null };
  const nothing = { batch: null, code: null, detail: null, request: null, resource: null, scope: null, subject: null };
  const event = { ...nothing, id, log: 'campaign', time: at.toISOString(), type: 'data.test', actor, outcome: 'ok' };
  await inTransaction(db, async (transaction) => {
    await insertPending(transaction, {
      ...buildEventParts(event),
      ...{ id, at, type: event.type, actor: 'campaign', resource: null, batch: null, details: [] },
    });
    await transaction.query('INSERT INTO control_pending (id) VALUES ($1)', [id]);
    // Whoever drew a low number may commit long after higher ones.
    await sleep(Math.random() ** 4 * 60);
  });
  await told(`${id}\n`);
};

let left = commits;
const writer = async () => {
  while (left-- > 0) await commit();
};
let done = false;
const sequencer = async () => {
  while (!done) {
    await sequencePending(db, 1_000);
    await sleep(20 + Math.random() * 40);
  }
};
const sequencing = sequencer();
await Promise.all(Array.from({ length: 20 }, writer));
done = true;
await sequencing;
await db.end();
process.exit(0);
