/** A tenant's audit log on a real database with real keys, without the rest of the service. */
import { randomBytes } from 'node:crypto';
import { type AuditLog, type AuditOptions, createAuditLog } from '../../app/audit/create.js';
import type { AuditFact } from '../../app/audit/trail.js';
import { createPool, type Database, inTransaction } from '../../app/db/pool.js';
import type { TenantKeys } from '../../app/keys/index.js';
import { createUuid7 } from '../../app/memories/uuid7.js';
import { createVault, type Vault } from '../../app/tenancy/vault.js';
import { bearTenant, type KeyTenant, openKeyHouse } from './keys.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';

export interface TestLog {
  readonly database: TestDatabase;
  readonly tenant: KeyTenant;
  readonly keys: TenantKeys;
  readonly db: Database;
  readonly vault: Vault;
  readonly newId: () => string;
  /** Another replica on the same database. */
  open(options?: Partial<AuditOptions>): AuditLog;
  drop(): Promise<void>;
}

export const createTestLog = async (): Promise<TestLog> => {
  const house = await openKeyHouse();
  const tenant = await bearTenant(house);
  const database = await createTestDatabase();
  const keys = await tenant.open();
  const vault = createVault(keys, true);
  await vault.prepare([0, 1, 2, 16, 17]);
  const db = createPool({ url: database.serviceUrl, size: 8, onError: () => undefined });
  const newId = createUuid7();
  const logs: AuditLog[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    ...{ database, tenant, keys, db, vault, newId },
    open: (options = {}) => {
      const opened = createAuditLog({
        ...{ db, vault, newId, log, policies: () => ({}), replica: 'test', directory: undefined },
        ...options,
      });
      logs.push(opened);
      return opened;
    },
    drop: async () => {
      for (const opened of logs) await opened.stop();
      await db.end();
      await database.drop();
      house.remove();
    },
  };
};

export const fact = (id: string, version = 1): AuditFact => ({ id, version, op: 'put', commit: randomBytes(32) });

/** A write of so many memories, as the service tells of one. */
export const recordWrite = ({ db, newId }: Pick<TestLog, 'db' | 'newId'>, log: AuditLog, facts = 1): Promise<string> =>
  inTransaction(db, (transaction) =>
    log.record(transaction, {
      type: 'memory.write',
      code: 'created',
      slot: 16,
      scope: 'user',
      facts: Array.from({ length: facts }, () => fact(newId())),
      detail: { reason: 'because' },
    }),
  );
