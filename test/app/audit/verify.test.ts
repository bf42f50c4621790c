import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { writeBundle } from '../../../app/audit/bundle.js';
import { type BundleFiles, memoryBundle, openFolder } from '../../../app/audit/bundle-files.js';
import { formatCheckpoint, parseCheckpoint, signCheckpoint } from '../../../app/audit/checkpoint.js';
import { databaseSource } from '../../../app/audit/export.js';
import { leafHash, merkleRoot } from '../../../app/audit/merkle.js';
import { buildNote, parseNote } from '../../../app/audit/note.js';
import { inclusionProof } from '../../../app/audit/proof.js';
import { formatProof } from '../../../app/audit/tlog.js';
import { verifyBundle } from '../../../app/audit/verify.js';
import { parsePolicy, type VerifyPolicy } from '../../../app/audit/verify-policy.js';
import { inTransaction } from '../../../app/db/pool.js';
import { newLogKey, newWitness } from '../../support/audit-keys.js';
import { createTestLog, recordWrite, type TestLog } from '../../support/audit-log.js';
import { memoryctl } from '../../support/cli.js';

// A cluster and a tenant's keys are made before the first claim.
jest.setTimeout(90_000);

let test: TestLog;
let folder: string;
beforeAll(async () => {
  test = await createTestLog();
  folder = mkdtempSync(join(tmpdir(), 'memplane-bundle-'));
  const log = test.open();
  const source = databaseSource(test.db, test.vault, log);
  for (let i = 0; i < 3; i++) await recordWrite(test, log, 2);
  await log.observe({ type: 'memory.read', code: 'get', slot: 16, ids: [test.newId()] });
  await writeBundle(source, folder);
  await inTransaction(test.db, async (transaction) => {
    for (let i = 0; i < 300; i++) await log.record(transaction, { type: 'key.create' });
  });
  await writeBundle(source, folder);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await test.drop();
});

const policyOf = (more: object = {}): VerifyPolicy => {
  const { origin, vkey } = test.keys.logKey();
  const policy = parsePolicy(JSON.stringify({ v: 1, origin, keys: [vkey], require: 'signed', ...more }));
  if (!('origin' in policy)) throw new Error(policy.join());
  return policy;
};

const loaded = (): Map<string, Buffer> => {
  const files = openFolder(folder);
  return new Map(files.list('.').map((name) => [name, files.read(name) ?? Buffer.alloc(0)]));
};
const verdict = (files: BundleFiles, policy = policyOf()): string => verifyBundle(files, policy).verdict;

describe('an exported log', () => {
  it('is valid by its policy, checkpoint by checkpoint', () => {
    const report = verifyBundle(openFolder(folder), policyOf());
    expect(report).toMatchObject({ verdict: 'valid', findings: [], gaps: [], tail: { events: 0 } });
    expect(report.ranges).toEqual([{ level: 'signed', from: 0, to: report.size - 1 }]);
    expect(report.size).toBeGreaterThan(300);
    expect(openFolder(folder).list('checkpoints')).toHaveLength(2);
  });

  it.each([
    ['an entry', /^tile\/entries\/000\.p/],
    ['a hash of a tile', /^tile\/0\/000$/],
    ['the facts of a write', /^batches\/0+1$/],
    ['a checkpoint', /^checkpoints\//],
  ])('is tampered with one bit of %s', (_, pattern) => {
    const files = loaded();
    const name =
      [...files.keys()].find((path) => pattern.test(path)) ??
      [...files.keys()].find((path) => path.startsWith('tile/entries/'));
    if (name === undefined) throw new Error('no such file');
    const bytes = Buffer.from(files.get(name) ?? '');
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    files.set(name, bytes);
    expect(verdict(memoryBundle(files))).toBe('tampered');
  });

  it('names the event that was changed', () => {
    const files = loaded();
    const name = 'tile/entries/000';
    const bytes = Buffer.from(files.get(name) ?? '');
    const at = bytes.indexOf('"seq":"77"');
    bytes.write('"seq":"78"', at);
    files.set(name, bytes);
    expect(verifyBundle(memoryBundle(files), policyOf()).findings[0]).toMatchObject({ seq: 77 });
  });

  it('signed again by another key under the same origin is tampered, and so is one of another origin', () => {
    const { origin } = test.keys.logKey();
    const files = loaded();
    for (const [name, bytes] of files) {
      if (!name.startsWith('checkpoint')) continue;
      const { size, root } = parseCheckpoint(parseNote(bytes)?.text ?? '') ?? { size: 0, root: Buffer.alloc(32) };
      files.set(name, signCheckpoint(newLogKey(origin), size, root));
    }
    expect(verdict(memoryBundle(files))).toBe('tampered');
    const other = newLogKey('memplane.dev/other/audit/1');
    const foreign = parsePolicy(JSON.stringify({ v: 1, origin: other.origin, keys: [other.vkey] }));
    if (!('origin' in foreign)) throw new Error('no policy');
    expect(verdict(openFolder(folder), foreign)).toBe('tampered');
  });

  it('rolled back to an earlier state of itself is found by a checkpoint that was kept elsewhere', () => {
    const files = loaded();
    const newest = files.get('checkpoint')?.toString() ?? '';
    const [first] = [...files.keys()].filter((name) => name.startsWith('checkpoints/')).sort();
    const size = Number(first?.slice('checkpoints/'.length));
    const old = new Map([...files].filter(([name]) => !/^(tile|checkpoint)/.test(name) || name === first));
    const whole = files.get('tile/entries/000') ?? Buffer.alloc(0);
    let end = 0;
    for (let i = 0; i < size; i++) end += 2 + whole.readUInt16BE(end);
    old.set(`tile/entries/000.p/${size}`, whole.subarray(0, end));
    expect(verdict(memoryBundle(old))).toBe('valid');
    expect(verdict(memoryBundle(old), policyOf({ checkpoints: [newest] }))).toBe('tampered');
  });
});

describe('what holds for an event', () => {
  it('is told by range: anchored in a log of the plane, witnessed by a quorum, signed, unsigned', async () => {
    const files = loaded();
    const [first, second] = [...files.keys()].filter((name) => name.startsWith('checkpoints/')).sort();
    if (!first || !second) throw new Error('two checkpoints are needed');
    const anchor = newLogKey('example.com/anchor/1');
    const witnesses = [newWitness('w1.example'), newWitness('w2.example')];
    const body = parseNote(files.get(first) ?? Buffer.alloc(0))?.text ?? '';
    const leaves = [
      leafHash(Buffer.from('another tenant')),
      leafHash(Buffer.from(body)),
      leafHash(Buffer.from('a third')),
    ];
    const hashes = await inclusionProof(async (_, from, to) => leaves.slice(from, to), 1, 3);
    const checkpoint = signCheckpoint(anchor, 3, merkleRoot(leaves));
    files.set(first.replace('checkpoints', 'anchors'), Buffer.from(formatProof({ index: 1, hashes, checkpoint })));
    const note = parseNote(files.get(second) ?? Buffer.alloc(0));
    if (!note) throw new Error('no note');
    files.set(second, buildNote(note.text, [...note.signatures, ...witnesses.map((one) => one.cosign(note.text))]));
    const policy = (quorum: number) =>
      policyOf({
        anchors: [anchor.vkey],
        witnesses: { quorum, keys: witnesses.map(({ vkey }) => vkey) },
        require: 'anchored',
      });
    const anchored = parseCheckpoint(body)?.size ?? 0;
    const report = verifyBundle(memoryBundle(files), policy(2));
    expect(report.ranges).toEqual([
      { level: 'anchored', from: 0, to: anchored - 1 },
      { level: 'witnessed', from: anchored, to: report.size - 1 },
    ]);
    expect(report.tail.events).toBe(report.size - anchored);
    files.set(
      second,
      buildNote(note.text, [...note.signatures, ...witnesses.slice(1).map((one) => one.cosign(note.text))]),
    );
    expect(verifyBundle(memoryBundle(files), policy(2)).ranges[1]?.level).toBe('signed');
    const forged = formatCheckpoint({ origin: 'x', size: 1, root: Buffer.alloc(32) });
    const other = { index: 0, hashes: [], checkpoint: signCheckpoint(anchor, 1, leafHash(Buffer.from(forged))) };
    files.set(first.replace('checkpoints', 'anchors'), Buffer.from(formatProof(other)));
    expect(verdict(memoryBundle(files), policy(2))).toBe('tampered');
  });
});

describe('memoryctl audit verify', () => {
  const verify = async (policy: object | undefined, ...flags: readonly string[]) => {
    const path = join(folder, '..', `policy-${process.pid}.json`);
    if (policy) writeFileSync(path, JSON.stringify(policy));
    try {
      return await memoryctl(['audit', 'verify', folder, ...(policy ? ['--policy', path] : []), ...flags]);
    } finally {
      rmSync(path, { force: true });
    }
  };
  const base = () => ({ v: 1, origin: test.keys.logKey().origin, keys: [test.keys.logKey().vkey] });

  it('ends with 0, 1, 2 or 3: covered, tampered, not covered yet, undecided', async () => {
    expect(await verify({ ...base(), require: 'signed' })).toMatchObject({
      code: 0,
      out: expect.stringContaining('valid'),
    });
    expect(await verify({ ...base(), keys: [newLogKey(base().origin).vkey] })).toMatchObject({ code: 1 });
    expect(await verify(base())).toMatchObject({ code: 2, out: expect.stringContaining('signed') });
    expect(await verify(base(), '--max-lag', '1h')).toMatchObject({ code: 0 });
    expect(await verify(base(), '--max-lag', '3')).toMatchObject({ code: 2 });
    expect(await verify(undefined)).toMatchObject({ code: 3, notes: expect.stringContaining('--policy') });
    expect(await verify({ ...base(), keys: ['nonsense'] })).toMatchObject({
      code: 3,
      notes: expect.stringContaining('nonsense'),
    });
    expect(await memoryctl(['audit', 'verify', '/nonexistent', '--policy', '/nonexistent'])).toMatchObject({ code: 3 });
    expect(await verify(base(), '--max-lag', 'soon')).toMatchObject({ code: 64 });
  });

  it('prints all of it as JSON', async () => {
    const { out } = await verify({ ...base(), require: 'signed' }, '--json');
    expect(JSON.parse(out)).toMatchObject({ verdict: 'valid', exitCode: 0, ranges: [{ level: 'signed', from: 0 }] });
  });
});
