import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { jest } from '@jest/globals';
import { writeBundle } from '../../../app/audit/bundle.js';
import { databaseSource } from '../../../app/audit/export.js';
import { inTransaction } from '../../../app/db/pool.js';
import { createTestLog, recordWrite, type TestLog } from '../../support/audit-log.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';

jest.setTimeout(900_000);

const MISMATCH = /tile\/0\/001|tile\/1\/000/;

/** The log as verifiers of others see it: Tessera's fsck recomputes every tile from the entries. */
describePart('tessera fsck', partExists('fsck'), () => {
  let test: TestLog;
  let folder: string;
  beforeAll(async () => {
    test = await createTestLog();
    folder = mkdtempSync(join(tmpdir(), 'memplane-fsck-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await test.drop();
  });

  /** What it says of a bundle, up to the first word of a mismatch: version 1.0.2 may then wait for ever, or end with 0. */
  const check = (bundle: string): Promise<string> => {
    const key = join(folder, 'log.vkey');
    writeFileSync(key, test.keys.logKey().vkey);
    const args = [
      '-storage_url',
      `${pathToFileURL(bundle).href}/`,
      '-public_key',
      key,
      '-ui=false',
      '-logtostderr',
      '-N',
      '4',
    ];
    return new Promise((resolve, reject) => {
      const child = spawn(PART_PATHS.fsck, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        if (MISMATCH.test(said)) child.kill('SIGKILL');
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('error', reject);
      child.once('close', () => resolve(said));
    });
  };

  it('accepts an exported log of several tiles, whatever its events say, and refuses it with one bit changed', async () => {
    const log = test.open();
    // What a second serialisation would change: 1.0, 2^53, escapes, members out of order, characters beyond ASCII.
    const detail = { z: 1, a: '\u2028"\\ é 𝄞', big: 9_007_199_254_740_991, nested: { b: [1.5, null], a: true } };
    await inTransaction(test.db, (transaction) =>
      log.record(transaction, { type: 'data.odd', code: '\u2028"\\ é 𝄞 </script>', slot: 16, detail }),
    );
    await recordWrite(test, log, 100);
    await inTransaction(test.db, async (transaction) => {
      for (let i = 0; i < 1_100; i++) await log.record(transaction, { type: 'key.create', code: `n${i}` });
    });
    const bundle = join(folder, 'bundle');
    const { size } = await writeBundle(databaseSource(test.db, test.vault, log), bundle);
    expect(size).toBeGreaterThan(1_100);
    expect(await check(bundle)).toContain(`Successfully fsck'd log with size ${size} and root`);

    const damaged = join(folder, 'damaged');
    cpSync(bundle, damaged, { recursive: true });
    const entry = join(damaged, 'tile', 'entries', '001');
    const bytes = readFileSync(entry);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(entry, bytes);
    const refused = await check(damaged);
    expect(refused).not.toContain('Successfully');
    // It checks tiles side by side and ends at the first that differs: the entry's own, or the one above it.
    expect(refused).toMatch(MISMATCH);
  });
});
