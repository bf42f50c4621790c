import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../../operator/clients/postgres.js';
import { type LocalPostgres, postgresHome, startPostgres } from '../../../../operator/local/postgres/server.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-local-postgres-'));
afterAll(() => {
  for (const folder of ['postgres', 'locked'])
    rmSync(postgresHome(join(root, folder)), { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
});

const query = async (server: LocalPostgres, text: string): Promise<readonly object[]> => {
  const database = openDatabase({ ...server, tls: undefined });
  try {
    return await database.query(text);
  } finally {
    await database.close();
  }
};

describe('the Postgres of one machine', () => {
  it('keeps its data over a stop, an outage and a crash of whoever started it', async () => {
    const folder = join(root, 'postgres');
    const first = await startPostgres(folder);
    await query(first, 'CREATE TABLE kept (n int)');
    await query(first, 'INSERT INTO kept VALUES (1)');
    await first.restart();
    expect(await query(first, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);

    // Never stopped: the second start finds the first one's server and ends it by its id.
    const second = await startPostgres(folder);
    expect(second.password).toBe(first.password);
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await second.stop();
    expect(() => process.kill(first.pid, 0)).toThrow();
    await expect(query(second, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('refuses a login without the password', async () => {
    const server = await startPostgres(join(root, 'locked'));
    try {
      await expect(query({ ...server, password: 'guess' }, 'SELECT 1')).rejects.toThrow(
        /password authentication failed/,
      );
    } finally {
      await server.stop();
    }
  });
});
