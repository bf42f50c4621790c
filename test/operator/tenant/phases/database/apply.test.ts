import { randomBytes } from 'node:crypto';
import {
  createGroup,
  createRole,
  createSchema,
  dropTenant,
  lockOut,
  setPasswords,
} from '../../../../../operator/tenant/phases/database/apply.js';
import { auditorRole, observeRoles, ownerRole } from '../../../../../operator/tenant/phases/database/observe.js';
import { createPlaneDatabase, type PlaneDatabase } from '../../../../support/plane-database.js';

let plane: PlaneDatabase;
beforeAll(async () => {
  plane = await createPlaneDatabase();
  await Promise.all([1, 2, 3].map(() => createGroup(plane.database)));
});
afterAll(() => plane.drop());

/** Roles are of the whole server, which other suites use as well. */
const newSchema = (): string => `t_${randomBytes(16).toString('hex')}`;
const passwords = { owner: 'owner-secret', service: 'service-secret' };

async function place(schema: string): Promise<void> {
  await plane.database.transaction(async (sql) => {
    await createRole(sql, ownerRole(schema));
    await createRole(sql, schema);
    await createRole(sql, auditorRole(schema));
    await createSchema(sql, schema);
    await setPasswords(sql, schema, passwords);
  });
}

describe('a pooled tenant in a shared database', () => {
  let schemas: { readonly acme: string; readonly globex: string };
  beforeEach(async () => {
    schemas = { acme: newSchema(), globex: newSchema() };
    for (const schema of Object.values(schemas)) await place(schema);
    const owner = plane.as(ownerRole(schemas.acme), passwords.owner);
    await owner.query('CREATE TABLE secrets (n int)');
    await owner.query('CREATE TABLE granted (n int)');
    await owner.query(`GRANT SELECT ON granted TO ${schemas.acme}`);
  });
  afterEach(async () => {
    for (const schema of Object.values(schemas)) await dropTenant(plane.database, schema);
  });

  it('is observed as it is', async () => {
    const state = { exists: true, canLogin: true };
    expect(await observeRoles(plane.database, schemas.acme)).toEqual({
      groupReady: true,
      owner: state,
      service: state,
      auditor: { exists: true, canLogin: false },
      schemaExists: true,
    });
  });

  it('is placed whole or not at all', async () => {
    const half = newSchema();
    const broken = plane.database.transaction(async (sql) => {
      await createRole(sql, half);
      await sql.query('SELECT 1 / 0');
    });
    await expect(broken).rejects.toThrow(/division by zero/);
    expect((await observeRoles(plane.database, half)).service.exists).toBe(false);
  });

  it('lets the service use what it was granted and nothing else', async () => {
    const service = plane.as(schemas.acme, passwords.service);
    expect(await service.query('SELECT * FROM granted')).toEqual([]);
    await expect(service.query('INSERT INTO granted VALUES (1)')).rejects.toThrow(/permission denied/);
    await expect(service.query('SELECT * FROM secrets')).rejects.toThrow(/permission denied/);
    await expect(service.query('CREATE TABLE mine (n int)')).rejects.toThrow(/permission denied/);
    await expect(service.query('CREATE TABLE public.mine (n int)')).rejects.toThrow(/permission denied/);
    await expect(service.query('SELECT * FROM memplane.tenants')).rejects.toThrow(/permission denied/);
  });

  it.each(['owner', 'service'] as const)("keeps another tenant's %s out", async (who) => {
    const other = plane.as(who === 'owner' ? ownerRole(schemas.globex) : schemas.globex, passwords[who]);
    await expect(other.query(`SELECT * FROM ${schemas.acme}.granted`)).rejects.toThrow(/permission denied/);
    await expect(other.query(`SET ROLE ${schemas.acme}`)).rejects.toThrow(/permission denied/);
  });

  it('lets an auditor in by a login of their own, to what was granted to the auditors of that tenant', async () => {
    const name = `jane_${schemas.acme}`;
    await plane.database.query(`CREATE ROLE ${name} LOGIN PASSWORD 'jane-secret' IN ROLE ${auditorRole(schemas.acme)}`);
    try {
      const owner = plane.as(ownerRole(schemas.acme), passwords.owner);
      await owner.query('CREATE VIEW auditor_numbers AS SELECT n FROM secrets');
      await owner.query(`GRANT USAGE ON SCHEMA ${schemas.acme} TO ${auditorRole(schemas.acme)}`);
      await owner.query(`GRANT SELECT ON auditor_numbers TO ${auditorRole(schemas.acme)}`);
      const jane = plane.as(name, 'jane-secret');
      expect(await jane.query(`SELECT * FROM ${schemas.acme}.auditor_numbers`)).toEqual([]);
      for (const sql of [
        `SELECT * FROM ${schemas.acme}.secrets`,
        `INSERT INTO ${schemas.acme}.auditor_numbers VALUES (1)`,
        `SELECT * FROM ${schemas.globex}.secrets`,
        'SELECT * FROM memplane.tenants',
      ])
        await expect(jane.query(sql)).rejects.toThrow(/permission denied/);
    } finally {
      await plane.database.query(`DROP ROLE ${name}`);
    }
  });

  it('hides the password from whoever reads the catalogue of roles', async () => {
    const [row] = await plane.database.query<{ rolpassword: string }>(
      'SELECT rolpassword FROM pg_authid WHERE rolname = $1',
      [schemas.acme],
    );
    expect(row?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
    await expect(plane.as(schemas.acme, 'wrong').query('SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  it('is locked out and kept, then comes back', async () => {
    await lockOut(plane.database, schemas.acme);
    await expect(plane.as(schemas.acme, passwords.service).query('SELECT 1')).rejects.toThrow();
    await setPasswords(plane.database, schemas.acme, passwords);
    expect(await plane.as(schemas.acme, passwords.service).query('SELECT * FROM granted')).toEqual([]);
  });

  it('leaves nothing when it is dropped, however often, and leaves others alone', async () => {
    await dropTenant(plane.database, schemas.acme);
    await dropTenant(plane.database, schemas.acme);
    const none = { exists: false, canLogin: false };
    expect(await observeRoles(plane.database, schemas.acme)).toMatchObject({
      owner: none,
      service: none,
      auditor: none,
      schemaExists: false,
    });
    expect(await plane.as(schemas.globex, passwords.service).query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
