import { importJWK, type JWK } from 'jose';
import { messageOf } from '../http/cause.js';
import type { Outbound } from '../http/outbound.js';

export interface VerificationKey {
  readonly key: Awaited<ReturnType<typeof importJWK>>;
  /** The only algorithm this key verifies. */
  readonly algorithm: string;
  readonly kid: string | undefined;
}

/** The public keys of one issuer, fetched when they are needed and kept while they are good. */
export interface KeySet {
  /** `undefined` when the issuer has no such key. Throws `KeysUnavailable` when nothing is known of its keys. */
  find(kid: string | undefined): Promise<VerificationKey | undefined>;
}

export class KeysUnavailable extends Error {}

export interface KeySetOptions {
  readonly uri: string;
  readonly outbound: Pick<Outbound, 'request'>;
  readonly log: { warn(fields: object, message: string): void };
  readonly now?: () => number;
}

/** Issuers rotate within hours or days; a key that was withdrawn is not accepted for longer than this. */
const MAX_AGE_MS = 10 * 60_000;
/** An unknown key id may be a new key, or anybody's invention: one fetch in this time, whoever asks. */
const COOLDOWN_MS = 30_000;
/** While the issuer cannot be reached its last keys are good for so long. */
const MAX_STALE_MS = 24 * 3_600_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 64;

export const createKeySet = (options: KeySetOptions): KeySet => {
  const now = options.now ?? Date.now;
  let keys: readonly VerificationKey[] = [];
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  const fetchKeys = async (): Promise<void> => {
    triedAt = now();
    try {
      keys = await loadKeys(options);
      fetchedAt = now();
    } catch (cause) {
      options.log.warn({ uri: options.uri, reason: messageOf(cause) }, "an issuer's keys cannot be fetched");
    } finally {
      fetching = undefined;
    }
  };
  const refetch = async (): Promise<void> => {
    if (fetching === undefined && now() - triedAt >= COOLDOWN_MS) fetching = fetchKeys();
    await fetching;
  };
  const pick = (kid: string | undefined): VerificationKey | undefined =>
    // Without a key id there must be nothing to choose.
    kid === undefined ? (keys.length === 1 ? keys[0] : undefined) : keys.find((key) => key.kid === kid);

  return {
    find: async (kid) => {
      if (now() - fetchedAt > MAX_AGE_MS) await refetch();
      if (now() - fetchedAt > MAX_STALE_MS) {
        throw new KeysUnavailable(`The keys at ${options.uri} cannot be fetched.`);
      }
      const known = pick(kid);
      if (known !== undefined) return known;
      await refetch();
      return pick(kid);
    },
  };
};

const loadKeys = async ({ uri, outbound }: KeySetOptions): Promise<readonly VerificationKey[]> => {
  const headers = { Accept: 'application/jwk-set+json, application/json' };
  const { status, body } = await outbound.request(uri, { headers, timeoutMs: 5_000, maxBytes: MAX_BYTES });
  if (status !== 200) throw new Error(`status ${status}`);
  const set = JSON.parse(body.toString('utf8')) as { readonly keys?: unknown };
  if (!Array.isArray(set.keys)) throw new Error('the answer is no key set');
  const loaded = await Promise.all(set.keys.slice(0, MAX_KEYS).map((jwk) => loadKey(jwk as JWK)));
  return loaded.filter((key) => key !== undefined);
};

/** A key that is not for signatures, or of a kind that is not accepted, is as if it were not there. */
const loadKey = async (jwk: JWK): Promise<VerificationKey | undefined> => {
  const algorithm = typeof jwk === 'object' && jwk !== null ? algorithmOf(jwk) : undefined;
  if (algorithm === undefined || (jwk.use !== undefined && jwk.use !== 'sig') || 'd' in jwk) return undefined;
  try {
    const { kty, n, e, crv, x, y, kid } = jwk;
    return { key: await importJWK({ kty, n, e, crv, x, y } as JWK, algorithm), algorithm, kid };
  } catch {
    return undefined;
  }
};

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const EC: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' };

/** The key decides, never the token. Symmetric keys have no algorithm here. */
const algorithmOf = ({ kty, crv, alg }: JWK): string | undefined => {
  if (kty === 'RSA') return alg === undefined ? 'RS256' : RSA.find((known) => known === alg);
  const fixed = kty === 'EC' ? EC[crv ?? ''] : kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined;
  if (fixed === 'EdDSA') return alg === undefined || alg === 'EdDSA' || alg === 'Ed25519' ? 'EdDSA' : undefined;
  return alg === undefined || alg === fixed ? fixed : undefined;
};
