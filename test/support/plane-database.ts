import { randomBytes } from 'node:crypto';
import { migrateCatalogue } from '../../operator/catalogue/migrate.js';
import { type Database, openDatabase } from '../../operator/clients/postgres.js';
import { COPIED, testCluster } from './postgres.js';

/** A database as its administrator opens it by an address. */
export const openByAddress = (address: string): Database => {
  const url = new URL(address);
  return openDatabase({
    ...{ host: url.hostname, port: Number(url.port), database: url.pathname.slice(1) },
    ...{ user: url.username, password: url.password, tls: undefined },
  });
};

export interface PlaneDatabase {
  readonly database: Database;
  /** Opens the same database as somebody else. */
  as(user: string, password: string): Database;
  drop(): Promise<void>;
}

/** A database as the operator finds it in a plane: empty but for the catalogue, opened by its administrator. */
export async function createPlaneDatabase(): Promise<PlaneDatabase> {
  const url = new URL((await testCluster()).adminUrl);
  const open = (database: string, user = url.username, password = url.password): Database =>
    openDatabase({ host: url.hostname, port: Number(url.port), database, user, password, tls: undefined });
  const name = `plane_${randomBytes(6).toString('hex')}`;
  const admin = open('postgres');
  await admin.query(`CREATE DATABASE ${name} ${COPIED}`);
  const database = open(name);
  await migrateCatalogue(database);
  const others: Database[] = [];
  return {
    database,
    as: (user, password) => {
      const other = open(name, user, password);
      others.push(other);
      return other;
    },
    drop: async () => {
      for (const connection of [...others, database]) await connection.close();
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.close();
    },
  };
}
