import pg from 'pg';
import { prepareVectorDatabase } from '../../../app/vectors/prepare-database.js';
import { createTestTenant, startInProcess, type TestTenant } from '../../support/memory-service.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';
import { describeOutsideIndex } from '../../support/vector-contract.js';
// @ts-expect-error a module of the set-up, plain JavaScript
import { startPostgres16 } from '../setup/postgres16.mjs';

interface Servers {
  readonly urls: readonly [string];
  readonly version: string;
  stop(): Promise<void>;
}

const prepare = (tenant: TestTenant, provider: string): Promise<void> =>
  prepareVectorDatabase({
    url: tenant.database.ownerUrl,
    serviceRole: tenant.database.serviceRole,
    provider,
    dimensions: 64,
  });

describePart('pgvector', partExists('postgres16'), () => {
  let server: Servers;
  let tenant: TestTenant;
  const asAdmin = async (sql: string): Promise<readonly { readonly count: number }[]> => {
    const client = new pg.Client({ connectionString: tenant.database.adminUrl });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  afterAll(async () => {
    await tenant.drop();
    await server.stop();
  });

  describeOutsideIndex('pgvector', async () => {
    server = (await startPostgres16(PART_PATHS.postgres16, 1)) as Servers;
    process.stdout.write(`  pgvector: Postgres ${server.version}\n`);
    tenant = await createTestTenant({ adminUrl: server.urls[0] });
    await asAdmin('CREATE EXTENSION IF NOT EXISTS vector');
    await prepare(tenant, 'pgvector');
    const points = `${tenant.database.schema}.vector_points`;
    return {
      service: await startInProcess(tenant, { VECTOR_PROVIDER: 'pgvector' }),
      held: async () => Number((await asAdmin(`SELECT count(*) AS count FROM ${points}`))[0]?.count),
      // What the database does by itself after a crash.
      lose: async () => void (await asAdmin(`TRUNCATE ${points}, ${points}_whole`)),
      down: async () => void (await asAdmin(`ALTER TABLE ${points} RENAME TO vector_points_away`)),
      up: async () => void (await asAdmin(`ALTER TABLE ${points}_away RENAME TO vector_points`)),
    };
  });

  it('is made by the role migrate, again without harm, and anew for another size', async () => {
    await prepare(tenant, 'pgvector');
    await prepareVectorDatabase({
      url: tenant.database.ownerUrl,
      serviceRole: tenant.database.serviceRole,
      provider: 'pgvector',
      dimensions: 32,
    });
    const [{ count } = { count: -1 }] = await asAdmin(
      `SELECT atttypmod AS count FROM pg_attribute WHERE attrelid = '${tenant.database.schema}.vector_points'::regclass AND attname = 'vector'`,
    );
    expect(count).toBe(32);
  });
});

const { QDRANT_URL, QDRANT_API_KEY } = process.env;
if (QDRANT_URL === undefined) {
  describe('Qdrant', () => {
    it.skip('no registry has the server: set QDRANT_URL (and QDRANT_API_KEY) to run the contract on a real one', () =>
      undefined);
  });
} else {
  const tenants: TestTenant[] = [];
  afterAll(async () => {
    for (const tenant of tenants) await tenant.drop();
  });
  const ask = async (method: string, path: string, body?: object) =>
    fetch(`${QDRANT_URL}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(QDRANT_API_KEY ? { 'api-key': QDRANT_API_KEY } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  // An unreachable server is not simulated here: the stand-in's suite does that.
  for (const precision of ['half', 'int8'] as const) {
    const collection = `memplane-contract-${process.pid}-${precision}`;
    const drop = async (): Promise<void> => void (await ask('DELETE', `/collections/${collection}`));
    const held = async (): Promise<number> => {
      const response = await ask('POST', `/collections/${collection}/points/count`, { exact: true });
      return response.ok ? ((await response.json()) as { result: { count: number } }).result.count : 0;
    };
    afterAll(drop);
    describeOutsideIndex(`Qdrant, ${precision}`, async () => {
      const { version } = (await (await ask('GET', '/')).json()) as { version: string };
      process.stdout.write(`  Qdrant ${version}, ${precision}\n`);
      const tenant = await createTestTenant();
      tenants.push(tenant);
      await prepare(tenant, 'qdrant');
      return {
        service: await startInProcess(tenant, {
          VECTOR_PROVIDER: 'qdrant',
          VECTOR_PRECISION: precision,
          VECTOR_DB_ENDPOINT: QDRANT_URL,
          VECTOR_DB_NAMESPACE: collection,
          ...(QDRANT_API_KEY ? { VECTOR_DB_API_KEY: QDRANT_API_KEY } : {}),
        }),
        held,
        lose: drop,
        down: drop,
        up: async () => undefined,
      };
    });
  }
}
