// What must hold after a kill, asked of the database itself and of the service.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '../../dist/app/audit/bundle.js';
import { openFolder } from '../../dist/app/audit/bundle-files.js';
import { httpSource } from '../../dist/app/audit/export.js';
import { leafHash } from '../../dist/app/audit/merkle.js';
import { verifyBundle } from '../../dist/app/audit/verify.js';
import { parsePolicy } from '../../dist/app/audit/verify-policy.js';
import { eventually, jsonOf, pick, send, withClient } from './lab.mjs';

const READ_EACH_TIME = 30;
const NAMES = ['lost', 'phantom', 'doubled', 'content', 'quota', 'vectors', 'chain', 'data'];

export const isSound = (check) => NAMES.every((name) => (check[name] ?? 0) === 0);

const count = async (db, sql) => Number((await db.query(sql)).rows[0].n);

const checkRows = async (db, world, details) => {
  const { rows } = await db.query('SELECT id FROM memories');
  const present = new Set(rows.map(({ id }) => id));
  const lost = [...world.acknowledged.keys()].filter((id) => !present.has(id));
  const phantom = rows.filter(({ id }) => !world.acknowledged.has(id));
  world.lostIds = [...(world.lostIds ?? []), ...lost];
  if (lost.length > 0) details.push(`lost: ${lost.slice(0, 3).join(', ')}`);
  if (phantom.length > 0)
    details.push(
      `not acknowledged: ${phantom
        .slice(0, 3)
        .map(({ id }) => id)
        .join(', ')}`,
    );
  // What is lost or too much is told once, not after each kill again.
  for (const id of lost) world.acknowledged.delete(id);
  for (const { id } of phantom) world.acknowledged.set(id, { phantom: true });
  const doubled = await count(db, 'SELECT count(*) - count(DISTINCT content_hash) AS n FROM memories');
  const fresh = doubled - (world.doubled ?? 0);
  world.doubled = doubled;
  return { lost: lost.length, phantom: phantom.length, doubled: Math.max(0, fresh) };
};

const checkContents = async (world, details) => {
  const entries = [...world.acknowledged].filter(([, { phantom }]) => !phantom);
  const asked = [...world.writers.keyed.values()].map((id) => [id, world.acknowledged.get(id)]);
  for (let n = 0; n < READ_EACH_TIME && entries.length > 0; n++) asked.push(pick(world.random, entries));
  let wrong = 0;
  for (const [id, fact] of asked) {
    if (fact === undefined || fact.phantom) continue;
    const answer = await send(world.url, { path: `/api/v1/memories/${id}`, key: world.tenant.adminKey });
    if (answer.status === 200 && jsonOf(answer)?.content === fact.content) continue;
    details.push(`${id} is not "${fact.content}" but ${answer.status} ${answer.text.slice(0, 200)}`);
    wrong++;
  }
  const deleted = [...world.deleted].slice(-READ_EACH_TIME);
  for (const id of deleted) {
    const { status } = await send(world.url, { path: `/api/v1/memories/${id}`, key: world.tenant.adminKey });
    if (status !== 404) wrong++;
  }
  return wrong;
};

const checkCounters = async (db) =>
  count(
    db,
    `SELECT abs((SELECT sum(memories) FROM tenant_usage) - (SELECT count(*) FROM memories))
       + (SELECT count(*) FROM (SELECT user_ref, count(*) AS n FROM memories WHERE user_ref IS NOT NULL GROUP BY 1) AS rows
            FULL JOIN (SELECT * FROM user_usage WHERE memories <> 0) AS usage USING (user_ref)
            WHERE coalesce(rows.n, 0) <> coalesce(usage.memories, 0)) AS n`,
  );

const checkVectors = async (db) => {
  await eventually(async () => (await count(db, 'SELECT count(*) AS n FROM outbox')) === 0, 60_000);
  return count(
    db,
    `SELECT (SELECT count(*) FROM outbox)
       + (SELECT count(*) FROM memories AS m FULL JOIN vectors AS v ON v.memory_id = m.id
            WHERE v.memory_id IS NULL OR m.id IS NULL OR m.vector_status <> 1) AS n`,
  );
};

/** From where the last check ended; each event follows the one before it. */
const checkChain = async (db, world) => {
  const signed = await send(world.url, { path: '/api/v1/audit/checkpoint', key: world.tenant.adminKey });
  let broken = signed.status === 200 ? 0 : 1;
  broken += await count(db, 'SELECT (count(*) - coalesce(max(seq) + 1, 0)) AS n FROM audit_events').then(Math.abs);
  world.chain ??= { size: 0, prev: Buffer.alloc(32) };
  for (;;) {
    const { rows } = await db.query(
      'SELECT seq, bytes, leaf FROM audit_events WHERE seq >= $1 ORDER BY seq LIMIT 5000',
      [world.chain.size],
    );
    for (const { seq, bytes, leaf } of rows) {
      const event = JSON.parse(bytes.toString());
      const follows = Number(seq) === world.chain.size && event.prev === world.chain.prev.toString('base64');
      if (!follows || !leafHash(bytes).equals(leaf)) broken++;
      world.chain = { size: Number(seq) + 1, prev: leaf };
    }
    if (rows.length < 5_000) return broken;
  }
};

const checkData = async (world, details) => {
  const answer = await send(world.url, { path: '/api/v1/audit/verify-data', key: world.tenant.adminKey });
  const report = jsonOf(answer);
  if (answer.status !== 200 || !report) {
    details.push(`verify-data: ${answer.status} ${answer.text.slice(0, 200)}`);
    return 1;
  }
  for (const { id, what } of report.findings.slice(0, 3)) details.push(`verify-data: ${id} ${what}`);
  return report.findings.length + report.unlogged;
};

/** As an auditor does it: exports the whole log and verifies the copy. */
const checkBundle = async (world) => {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-campaign-log-'));
  try {
    const head = jsonOf(await send(world.url, { path: '/api/v1/audit/head', key: world.tenant.adminKey }));
    await writeBundle(httpSource(world.url, world.tenant.adminKey), folder);
    const policy = parsePolicy(JSON.stringify({ v: 1, origin: head.origin, keys: [head.vkey], require: 'signed' }));
    return verifyBundle(openFolder(folder), policy).verdict;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const checkWorld = (world, { isWhole = false, isLast = false } = {}) =>
  withClient(world.tenant.adminUrl, async (db) => {
    await db.query(`SET search_path = ${world.tenant.role}`);
    const details = [];
    const check = await checkRows(db, world, details);
    check.content = await checkContents(world, details);
    check.vectors = await checkVectors(db);
    check.quota = await checkCounters(db);
    check.chain = await checkChain(db, world);
    if (isWhole) check.data = await checkData(world, details);
    if (isLast) check.bundle = await checkBundle(world);
    for (const name of ['vectors', 'quota', 'chain'])
      if (check[name] > 0) details.push(`${name}: ${check[name]} wrong`);
    return { ...check, details };
  });

/** Damages what each check looks at, once the campaign is over: a check that sees nothing wrong then is blind. */
export const damageControls = (world) =>
  withClient(world.tenant.adminUrl, async (db) => {
    await db.query(`SET search_path = ${world.tenant.role}`);
    const said = (n) => (n > 0 ? `caught (${n} found in damaged data)` : 'not caught');
    const one = async (sql) => (await db.query(sql)).rows[0];
    const { id } = await one('SELECT id FROM memories ORDER BY id LIMIT 1');
    await db.query('UPDATE tenant_usage SET memories = memories + 1 WHERE shard = 3');
    const quota = said(await checkCounters(db));
    await db.query('DELETE FROM vectors WHERE memory_id = $1', [id]);
    const vectors = said(await checkVectors(db));
    const content = said(
      await checkContents(
        {
          ...world,
          writers: { keyed: new Map([['damaged', id]]) },
          acknowledged: new Map([[id, { content: 'something else' }]]),
        },
        [],
      ),
    );
    await db.query(
      'UPDATE memories SET envelope = (SELECT envelope FROM memories WHERE id <> $1 LIMIT 1) WHERE id = $1',
      [id],
    );
    const data = said(await checkData(world, []));
    // The tables of the log refuse changes; whoever owns the database can lift that.
    await db.query('ALTER TABLE audit_events DISABLE TRIGGER ALL');
    await db.query('DELETE FROM audit_events WHERE seq = (SELECT max(seq) / 2 FROM audit_events)');
    const chain = said(await checkChain(db, { ...world, chain: undefined }));
    const verdict = await checkBundle(world).catch(() => 'refused');
    return { quota, vectors, content, data, chain, bundle: verdict === 'valid' ? 'not caught' : `caught (${verdict})` };
  });
