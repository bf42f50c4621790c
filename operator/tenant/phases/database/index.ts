import { randomBytes } from 'node:crypto';
import { SECRETS } from '../../../../charts/manifests/names.js';
import { recordCredential, recordDestruction, type TenantRecord } from '../../../catalogue/catalogue.js';
import type { Database } from '../../../clients/postgres.js';
import { decodeSecret, readSecret, type SecretView } from '../../../clients/secrets.js';
import { describeDatabaseProblem } from '../../../plane/database-problem.js';
import { done, type Outcome } from '../../../runtime/outcome.js';
import type { Facts } from '../../facts.js';
import type { Phase, PhaseContext, TeardownContext } from '../phase.js';
import { createGroup, createRole, createSchema, dropTenant, lockOut, setPasswords } from './apply.js';
import { auditorRole, type DatabaseObservation, observeRoles, ownerRole } from './observe.js';
import { type DatabaseAction, planDatabase } from './plan.js';

/** Schema, roles and least grants of a pooled tenant, and the Secret with its connection strings. */
export const databasePhase: Phase = {
  name: 'database',

  async run(context) {
    try {
      const observed = await observe(context);
      await apply(context, planDatabase(observed));
      return done<Facts>({ placement: placement(context.record) });
    } catch (error) {
      return unreachable(context.stores.database, error);
    }
  },

  async teardown({ stores, record, fate }: TeardownContext) {
    try {
      if (fate === 'destroy') {
        await recordDestruction(stores.catalogue, record.tenantId);
        await dropTenant(stores.database, record.schema);
      } else await lockOut(stores.database, record.schema);
      return done(undefined);
    } catch (error) {
      return unreachable(stores.database, error);
    }
  },
};

const placement = (record: TenantRecord): Facts['placement'] => ({
  tier: record.tier,
  plane: record.plane,
  database: record.database,
  schema: record.schema,
});

async function observe({ kube, options, record, stores }: PhaseContext): Promise<DatabaseObservation> {
  const secret = await readSecret(kube, options.namespace, SECRETS.database);
  return {
    ...(await observeRoles(stores.database, record.schema)),
    secret: secret === undefined ? undefined : { uid: secret.uid, complete: fits(secret, stores.database) },
    credentialSecretUid: record.credentialSecretUid,
  };
}

const ROLE_NAMES = { owner: ownerRole, service: (schema: string) => schema, auditor: auditorRole } as const;

/** The Secret first; then everything of the tenant in one transaction, because a commit is what takes time. */
async function apply(context: PhaseContext, actions: readonly DatabaseAction[]): Promise<void> {
  const { database, catalogue } = context.stores;
  const { schema, tenantId } = context.record;
  const planned = (action: DatabaseAction['action']): boolean => actions.some((step) => step.action === action);
  if (planned('writeCredential')) await writeCredential(context);
  if (planned('createGroup')) await createGroup(database);
  const roles = actions.flatMap((step) => (step.action === 'createRole' ? [step.role] : []));
  if (roles.length === 0 && !planned('createSchema') && !planned('setPasswords')) return;
  const credential = planned('setPasswords') ? await readCredential(context) : undefined;
  await database.transaction(async (sql) => {
    for (const role of roles) await createRole(sql, ROLE_NAMES[role](schema));
    if (planned('createSchema')) await createSchema(sql, schema);
    if (credential !== undefined) await setPasswords(sql, schema, credential.passwords);
  });
  if (credential !== undefined) await recordCredential(catalogue, tenantId, credential.uid);
}

async function readCredential({ kube, options }: PhaseContext) {
  const secret = await readSecret(kube, options.namespace, SECRETS.database);
  const passwords = secret === undefined ? undefined : passwordsOf(secret);
  if (secret === undefined || passwords === undefined) {
    throw new Error(`Secret ${options.namespace}/${SECRETS.database} vanished before it was used`);
  }
  return { uid: secret.uid, passwords };
}

/** Made here, once, and stored where the platform keeps secrets; the database gets a verifier of it. */
async function writeCredential({ objects, options, record, stores }: PhaseContext): Promise<void> {
  const { host, port, database, sslMode } = stores.database;
  const url = (role: string): string =>
    `postgres://${role}:${randomBytes(24).toString('base64url')}@${host}:${port}/${encodeURIComponent(database)}` +
    (sslMode === undefined ? '' : `?sslmode=${sslMode}`);
  await objects.writeSecret(options, SECRETS.database, {
    url: url(record.schema),
    ownerUrl: url(ownerRole(record.schema)),
  });
}

/** Both connection strings are there and lead to where the database is now. */
function fits(secret: SecretView, database: Database): boolean {
  const leads = (key: string): boolean => {
    const text = decodeSecret(secret, key);
    if (text === undefined || !URL.canParse(text)) return false;
    const url = new URL(text);
    return url.hostname === database.host && Number(url.port || 5432) === database.port;
  };
  return passwordsOf(secret) !== undefined && leads('url') && leads('ownerUrl');
}

function passwordsOf(secret: SecretView): { readonly owner: string; readonly service: string } | undefined {
  const password = (key: string): string | undefined => {
    const text = decodeSecret(secret, key);
    return text !== undefined && URL.canParse(text) ? new URL(text).password : undefined;
  };
  const [owner, service] = [password('ownerUrl'), password('url')];
  return owner && service ? { owner, service } : undefined;
}

const unreachable = ({ host, port, database }: Database, error: unknown): Outcome<never> =>
  describeDatabaseProblem(`postgres ${host}:${port}/${database}`, error);
