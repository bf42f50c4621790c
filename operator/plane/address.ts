import type { MemoryPlane } from '../api/v1alpha1/types.js';
import type { KubeClient } from '../clients/kube.js';
import type { DatabaseAddress } from '../clients/postgres.js';
import { decodeSecret, readSecret } from '../clients/secrets.js';
import { done, type Outcome, wait } from '../runtime/outcome.js';

export type PlaneDatabase = MemoryPlane['spec']['postgres'][number];

/** Which database of the server holds the catalogue and the pooled tenants, unless the Secret names another. */
const DEFAULT_DATABASE = 'memplane';

/** A database's address with its administrator's credential, from the Secrets that the plane refers to. */
export async function resolveAddress(
  kube: KubeClient,
  namespace: string,
  entry: PlaneDatabase,
): Promise<Outcome<DatabaseAddress>> {
  const secret = await readSecret(kube, namespace, entry.adminSecretRef.name);
  if (secret === undefined) return missing(namespace, entry.adminSecretRef.name, `postgres ${entry.name}`);
  const credential = { user: decodeSecret(secret, 'username'), password: decodeSecret(secret, 'password') };
  if (!credential.user || !credential.password) {
    return incomplete(namespace, entry.adminSecretRef.name, 'username and password');
  }
  const tls = await resolveTls(kube, namespace, entry);
  if (tls.kind !== 'done') return tls;
  return done({
    host: entry.host,
    port: entry.port,
    database: decodeSecret(secret, 'database') ?? DEFAULT_DATABASE,
    user: credential.user,
    password: credential.password,
    tls: tls.facts,
  });
}

async function resolveTls(
  kube: KubeClient,
  namespace: string,
  { name, tls }: PlaneDatabase,
): Promise<Outcome<DatabaseAddress['tls']>> {
  if (tls.mode === 'Disable') return done(undefined);
  const verifyName = tls.mode === 'VerifyFull';
  if (tls.caSecretRef === undefined) return done({ ca: undefined, verifyName });
  const secret = await readSecret(kube, namespace, tls.caSecretRef.name);
  if (secret === undefined) return missing(namespace, tls.caSecretRef.name, `the CA of postgres ${name}`);
  const ca = decodeSecret(secret, tls.caSecretRef.key);
  return ca === undefined ? incomplete(namespace, tls.caSecretRef.name, tls.caSecretRef.key) : done({ ca, verifyName });
}

const RETRY_MS = 5_000;

const missing = (namespace: string, name: string, what: string): Outcome<never> =>
  wait('SecretMissing', `Secret ${namespace}/${name} (${what}) does not exist; create it`, RETRY_MS);

const incomplete = (namespace: string, name: string, keys: string): Outcome<never> =>
  wait('SecretIncomplete', `Secret ${namespace}/${name} lacks ${keys}; add it`, RETRY_MS);
