import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { writeBundle } from '../../../app/audit/bundle.js';
import { memoryBundle, openFolder } from '../../../app/audit/bundle-files.js';
import { databaseSource } from '../../../app/audit/export.js';
import { parseNote, parseVerifierKey, signersOf } from '../../../app/audit/note.js';
import { openPlaneKey, type PlaneKey } from '../../../app/audit/plane-key.js';
import { type Report, verifyBundle } from '../../../app/audit/verify.js';
import { parsePolicy } from '../../../app/audit/verify-policy.js';
import { createTestLog, recordWrite, type TestLog } from '../../support/audit-log.js';
import { memoryctl } from '../../support/cli.js';
import { eventually } from '../../support/memory-service.js';

jest.setTimeout(90_000);

const NAME = 'example.com/plane';
let test: TestLog;
let folder: string;
let keyFile: string;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const exported = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
beforeEach(async () => {
  test = await createTestLog();
  folder = mkdtempSync(join(tmpdir(), 'memplane-plane-'));
  keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await test.drop();
});

const openKey = (): PlaneKey => openPlaneKey(NAME, { provider: 'file', keyId: keyFile });
const policyText = (more: object = {}): string => {
  const { origin, vkey } = test.keys.logKey();
  const plane = [{ name: NAME, publicKey: exported }];
  return JSON.stringify({ v: 1, origin, keys: [vkey], require: 'signed', plane, ...more });
};
const verified = (bundle: string, text = policyText()): Report => {
  const policy = parsePolicy(text);
  if (!('origin' in policy)) throw new Error(policy.join());
  return verifyBundle(openFolder(bundle), policy);
};

describe('a checkpoint with the plane’s signature', () => {
  it('is what whoever asks gets, and verifies by the exported public key', async () => {
    const log = test.open({ plane: openKey() });
    await recordWrite(test, log);
    const note = parseNote((await log.settle())?.note ?? Buffer.alloc(0));
    if (!note) throw new Error('no note');
    expect(note.signatures.map(({ name }) => name)).toEqual([test.keys.logKey().origin, NAME]);
    const verifier = parseVerifierKey((await log.planeKey()) ?? '');
    if (!verifier) throw new Error('no key');
    expect(signersOf(note, [verifier])).toHaveLength(1);
    expect(signersOf({ ...note, text: note.text.replace(/\n1\n|\n2\n/, '\n3\n') }, [verifier])).toEqual([]);

    const bundle = join(folder, 'bundle');
    await writeBundle(databaseSource(test.db, test.vault, log), bundle);
    const report = verified(bundle);
    expect(report).toMatchObject({ verdict: 'valid', tail: { events: 0 } });
    expect(openFolder(bundle).list('keys')).toHaveLength(2);
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, policyText());
    expect((await memoryctl(['audit', 'verify', bundle, '--policy', policy])).code).toBe(0);
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' });
    expect(verified(bundle, policyText({ plane: [{ name: NAME, publicKey: pem }] })).tail.events).toBe(0);
  });

  it('is demanded by a policy that names the key: without it events count as unsigned, with a forged one the log is tampered', async () => {
    const alone = test.open();
    await recordWrite(test, alone);
    const bundle = join(folder, 'bundle');
    await writeBundle(databaseSource(test.db, test.vault, alone), bundle);
    const report = verified(bundle);
    expect(report.verdict).toBe('valid');
    expect(report.ranges).toEqual([{ level: 'unsigned', from: 0, to: report.size - 1 }]);
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, policyText());
    expect((await memoryctl(['audit', 'verify', bundle, '--policy', policy])).code).toBe(2);

    const log = test.open({ plane: openKey() });
    await recordWrite(test, log);
    await writeBundle(databaseSource(test.db, test.vault, log), bundle);
    expect(verified(bundle).tail.events).toBe(0);
    const files = new Map(
      openFolder(bundle)
        .list('.')
        .map((name) => [name, openFolder(bundle).read(name) ?? Buffer.alloc(0)]),
    );
    const lines = (files.get('checkpoint') ?? Buffer.alloc(0)).toString().split('\n');
    const own = lines.findIndex((line) => line.startsWith(`— ${NAME} `));
    const blob = Buffer.from(lines[own]?.split(' ')[2] ?? '', 'base64');
    blob[blob.length - 1] = (blob[blob.length - 1] ?? 0) ^ 1;
    lines[own] = `— ${NAME} ${blob.toString('base64')}`;
    files.set('checkpoint', Buffer.from(lines.join('\n')));
    const forged = parsePolicy(policyText());
    if (!('origin' in forged)) throw new Error('no policy');
    expect(verifyBundle(memoryBundle(files), forged)).toMatchObject({
      verdict: 'tampered',
      findings: [{ what: 'checkpoint has a signature of the plane that does not hold' }],
    });
  });

  it('comes by itself, once for all replicas, and catches up after a KMS that was away', async () => {
    const away = join(folder, 'away');
    renameSync(keyFile, away);
    const options = { planeEveryMs: 1 };
    const replicas = [
      test.open({ ...options, plane: openKey() }),
      test.open({ ...options, plane: openKey() }),
    ] as const;
    const [log] = replicas;
    await recordWrite(test, log, 3);
    // Nobody waits for the key: the events are in order and signed by the log's own.
    const checkpoint = await log.settle();
    expect(parseNote(checkpoint?.note ?? Buffer.alloc(0))?.signatures).toHaveLength(1);
    expect(log.planeTrouble()).toContain('ENOENT');
    expect(log.trouble()).toBeUndefined();
    expect(await countRows()).toBe(0);

    renameSync(away, keyFile);
    await recordWrite(test, log, 3);
    const rows = await eventually(countRows, (count) => count > 0);
    expect(rows).toBeGreaterThan(0);
    const after = await log.settle();
    await eventually(
      async () => parseNote((await log.settle())?.note ?? Buffer.alloc(0))?.signatures.length,
      (count) => count === 2,
    );
    expect(after?.size).toBeGreaterThan(checkpoint?.size ?? 0);
    const bundle = join(folder, 'bundle');
    await writeBundle(databaseSource(test.db, test.vault, log), bundle);
    expect(verified(bundle)).toMatchObject({ verdict: 'valid', tail: { events: 0 } });
  });

  it('can be added to by the service’s role and never taken back', async () => {
    const log = test.open({ plane: openKey() });
    await recordWrite(test, log);
    await log.settle();
    for (const sql of ['DELETE FROM audit_countersignatures', "UPDATE audit_countersignatures SET name = 'x'"]) {
      await expect(test.db.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });

  const countRows = async (): Promise<number> =>
    (await test.db.query('SELECT 1 FROM audit_countersignatures')).rows.length;
});

describe('a policy', () => {
  it('says which key of the plane it cannot read', () => {
    expect(parsePolicy(policyText({ plane: [{ name: NAME, publicKey: 'AAAA' }] }))).toEqual([
      `plane: publicKey of ${NAME} is no ECDSA P-256 public key, in PEM or in base64`,
    ]);
    expect(parsePolicy(policyText({ plane: ['x+y'] }))).toEqual(['plane: x+y is no verifier key']);
  });
});
