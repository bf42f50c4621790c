// Many processes commit events after random delays and are killed; every acknowledged one must be in the log, in one chain.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { leafHash } from '../../dist/app/audit/merkle.js';
import { selectEvents, sequencePending } from '../../dist/app/audit/store.js';
import { migrateDatabase } from '../../dist/app/db/migrate.js';
import { createPool } from '../../dist/app/db/pool.js';
import { startPostgres } from '../../dist/operator/local/postgres/server.js';

const WRITER = fileURLToPath(new URL('./sequencer-writer.mjs', import.meta.url));
const PROCESSES = 3;
/** Each life of a process is this many commits, or shorter when it is killed. */
const COMMITS_A_LIFE = 4_000;

const prepare = async (server) => {
  const url = (user, password) => `postgres://${user}:${password}@127.0.0.1:${server.port}/memplane`;
  const admin = new pg.Client({ connectionString: url('postgres', encodeURIComponent(server.password)) });
  await admin.connect();
  for (const role of ['t_campaign', 't_campaign_owner']) {
    await admin.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'campaign-only'; ALTER ROLE ${role} SET search_path = t_campaign`,
    );
  }
  await admin.query(
    'CREATE SCHEMA t_campaign AUTHORIZATION t_campaign_owner; GRANT USAGE ON SCHEMA t_campaign TO t_campaign',
  );
  await admin.end();
  await migrateDatabase({ url: url('t_campaign_owner', 'campaign-only'), serviceRole: 't_campaign' });
  const owner = new pg.Client({ connectionString: url('t_campaign_owner', 'campaign-only') });
  await owner.connect();
  await owner.query(`CREATE TABLE control_pending (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL);
    GRANT SELECT, INSERT ON control_pending TO t_campaign`);
  await owner.end();
  return url('t_campaign', 'campaign-only');
};

/** Runs lives one after another until enough is acknowledged; most of them end by SIGKILL. */
const keepWriting = async (url, wanted, acknowledged, tally) => {
  while (acknowledged.size < wanted) {
    const child = spawn(process.execPath, [WRITER, url, String(COMMITS_A_LIFE)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rest = '';
    child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const id of lines) acknowledged.add(id);
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const life = 1_500 + Math.random() * 3_000;
    await Promise.race([ended, sleep(life)]);
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      tally.kills++;
    }
    await ended;
  }
};

/** The seeded bug: goes on from the highest number that it has seen. */
const followByNumber = async (db, seen, state) => {
  let last = 0;
  while (!state.done) {
    const { rows } = await db.query('SELECT n, id FROM control_pending WHERE n > $1 ORDER BY n', [last]);
    for (const { n, id } of rows) {
      seen.add(id);
      last = n;
    }
    await sleep(30);
  }
};

const checkLog = async (db, acknowledged) => {
  const found = new Set();
  let [prev, broken, size] = [Buffer.alloc(32), 0, 0];
  for (;;) {
    const rows = await selectEvents(db, size, 5_000);
    for (const { seq, id, bytes, leaf } of rows) {
      const event = JSON.parse(bytes.toString());
      const follows = seq === size && event.seq === String(seq) && event.prev === prev.toString('base64');
      if (!follows || found.has(id) || !leafHash(bytes).equals(leaf)) broken++;
      found.add(id);
      prev = leaf;
      size++;
    }
    if (rows.length < 5_000) break;
  }
  const lost = [...acknowledged].filter((id) => !found.has(id)).length;
  return { size, broken, lost, found };
};

export const campaignSequencer = async ({ commits = '100000' }) => {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-sequencer-'));
  const server = await startPostgres(folder);
  try {
    const url = await prepare(server);
    const db = createPool({ url, size: 4, onError: () => undefined });
    const [acknowledged, seen, tally, state] = [new Set(), new Set(), { kills: 0 }, { done: false }];
    const control = followByNumber(db, seen, state);
    await Promise.all(Array.from({ length: PROCESSES }, () => keepWriting(url, Number(commits), acknowledged, tally)));
    while ((await sequencePending(db, 1_000)) !== 0) await sleep(10);
    state.done = true;
    await control;
    const { size, broken, lost, found } = await checkLog(db, acknowledged);
    const pending = await db.query('SELECT id FROM control_pending');
    const committed = new Set(pending.rows.map(({ id }) => id));
    const phantom = [...found].filter((id) => !committed.has(id)).length;
    const missed = pending.rows.filter(({ id }) => !seen.has(id)).length;
    await db.end();
    const caught = missed > 0 ? `caught (${missed} slip through)` : 'not caught';
    return [
      {
        attack: `commits acknowledged, ${tally.kills} kills`,
        tried: acknowledged.size,
        passed: acknowledged.size - lost,
        control: caught,
      },
      { attack: 'events in one chain without a gap, each once', tried: size, passed: size - broken, control: caught },
      { attack: 'events that were committed', tried: size, passed: size - phantom, control: caught },
    ];
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
