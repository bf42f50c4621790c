import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { createTestTenant, startInProcess, type TestTenant } from '../../support/memory-service.js';

jest.setTimeout(900_000);

/** As often as the documents ask for; 1,000 are one request. */
const CANARIES = 10_000;
const ALGORITHMS = ['sha256', 'sha1', 'sha512', 'md5'] as const;
const contentOf = (i: number): string => `The canary number ${i} prefers window seats`;

describe('a hash that anybody could compute', () => {
  let tenant: TestTenant;
  afterAll(() => tenant.drop());

  /** Every row of every table, as text, in which bytes are hexadecimal. */
  const dumpTables = async (): Promise<string> => {
    const db = new pg.Client({ connectionString: tenant.database.ownerUrl });
    await db.connect();
    const { rows } = await db.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`,
    );
    const texts: string[] = [];
    for (const { name } of rows) {
      const { rows: found } = await db.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" AS t`);
      texts.push(...found.map(({ row }) => row));
    }
    await db.end();
    return texts.join('\n');
  };
  /** Each hash in hexadecimal, in base64, and in base64 within an event's bytes, which the dump shows in hexadecimal. */
  const patternsOf = (content: string): readonly string[] =>
    ALGORITHMS.flatMap((algorithm) => {
      const digest = createHash(algorithm).update(content).digest();
      const base64 = digest.toString('base64').replace(/=+$/, '').slice(0, 20);
      return [digest.toString('hex').slice(0, 32), base64, Buffer.from(base64).toString('hex')];
    });
  const hits = (patterns: readonly string[], text: string): number => {
    const [wanted, dump] = [join(tenant.directory, 'patterns'), join(tenant.directory, 'dump')];
    writeFileSync(wanted, `${patterns.join('\n')}\n`);
    writeFileSync(dump, text);
    try {
      const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
      return Number(execFileSync('grep', ['-c', '-F', '-f', wanted, dump], options).trim());
    } catch (cause) {
      // It ends with 1 when it finds nothing.
      if ((cause as { status?: number }).status === 1) return 0;
      throw cause;
    }
  };

  it(`of one of ${CANARIES} contents is in no table, no bucket and no scratch file`, async () => {
    tenant = await createTestTenant();
    const scratch = join(tenant.directory, 'scratch');
    const service = await startInProcess(tenant, { MEMPLANE_SCRATCH_DIR: scratch });
    for (let from = 0; from < CANARIES; from += 1_000) {
      const memories = Array.from({ length: 1_000 }, (_, i) => ({ user_id: 'ada', content: contentOf(from + i) }));
      const { status } = await service.call('POST', '/api/v1/memories', { body: { memories } });
      expect(status).toBeLessThan(300);
    }
    const headers = { 'Idempotency-Key': 'once' };
    await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: contentOf(0) }, headers });
    await service.call('POST', '/api/v1/memories/search', { body: { query: contentOf(1), user_id: 'ada' } });
    await service.call('GET', '/api/v1/audit/head');
    const files = readdirSync(tenant.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    const text = [await dumpTables(), ...files.flatMap((bytes) => [bytes.toString('hex'), bytes.toString('latin1')])];
    const patterns = Array.from({ length: CANARIES }, (_, i) => patternsOf(contentOf(i))).flat();
    expect(hits(patterns, text.join('\n'))).toBe(0);
    // The control: one plain hash among all of it is found.
    const planted = createHash('sha1').update(contentOf(4_711)).digest('hex');
    expect(hits(patterns, [...text, `("\\\\x00${planted}00")`].join('\n'))).toBe(1);
    await service.stop();
  });
});
