import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Outbound } from '../http/outbound.js';
import { createLruMap } from '../tenancy/lru-map.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import { createKeySet, type KeySet, KeysUnavailable, type VerificationKey } from './jwks.js';
import type { GrantScope, Permission } from './permissions.js';
import type { Principal } from './principal.js';
import type { Roles } from './roles.js';

/** One entry of `spec.access.jwt`. */
export interface Issuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksURI: string;
  readonly claims: { readonly user: string; readonly roles: string; readonly tenant?: string | undefined };
  /** Refuse tokens whose `typ` is not at+jwt. */
  readonly strictType: boolean;
}

export interface Tokens {
  /** Whose token it is. Throws a problem that says what is wrong with it, never what would be right. */
  authenticate(text: string): Promise<Principal>;
}

export interface TokensOptions {
  readonly db: Queryable;
  readonly vault: Vault;
  readonly people: People;
  readonly roles: Roles;
  readonly outbound: Pick<Outbound, 'request'>;
  readonly issuers: () => readonly Issuer[];
  readonly tenant: { readonly id: string; readonly name: string };
  readonly log: { warn(fields: object, message: string): void };
  readonly now?: () => number;
}

const SKEW_SECONDS = 60;
/** Headers by which a token would choose its own key, or demand what we do not know. */
const FORBIDDEN_HEADERS = ['jku', 'x5u', 'x5c', 'jwk', 'crit'] as const;
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
const STRICT_TYPES = new Set(['at+jwt', 'application/at+jwt']);
const MAX_SUBJECT = 256;
const MAX_ROLES = 100;

export const createTokens = (options: TokensOptions): Tokens => {
  const sets = new Map<string, KeySet>();
  const keySetOf = ({ jwksURI: uri }: Issuer): KeySet => {
    const known = sets.get(uri) ?? createKeySet({ ...options, uri });
    sets.set(uri, known);
    return known;
  };
  const verifyToken = async (text: string, issuer: Issuer): Promise<Verified> => {
    const header = decodeProtectedHeader(text);
    checkHeader(header, issuer);
    const key = await findKey(keySetOf(issuer), header.kid, issuer);
    if (header.alg !== key.algorithm) throw refuse(`its algorithm is not the one of its key, ${key.algorithm}`);
    const payload = await verify(text, key, issuer, options.now);
    checkTenantClaim(payload, issuer, options.tenant);
    const subject = readSubject(payload, issuer);
    return {
      issuer,
      subject,
      roles: readRoles(payload, issuer),
      endsAt: ((payload.exp as number) + SKEW_SECONDS) * 1000,
      expiresAt: new Date(Math.min((payload.exp as number) * 1000, LAST_DATE)),
    };
  };
  const sessions = createSessions(options);
  return {
    authenticate: async (text) => {
      const issuer = issuerOf(text, options.issuers());
      const session = sessions.find(text, issuer) ?? sessions.open(text, await verifyToken(text, issuer));
      return buildPrincipal(options, session);
    },
  };
};

interface Verified {
  readonly issuer: Issuer;
  readonly subject: string;
  readonly roles: readonly string[];
  readonly endsAt: number;
  readonly expiresAt: Date;
}

/** A signature is checked once for the requests of half a minute, each of which would pay a tenth of a millisecond for it. */
const SESSION_MS = 30_000;
const SESSIONS = 5_000;
/** What a Date can hold; a token may name a later end. */
const LAST_DATE = 8.64e15;

/** By the token's keyed hash, so that no token stays in memory; an issuer whose settings changed has none. */
const createSessions = ({ vault, now = Date.now }: Pick<TokensOptions, 'vault' | 'now'>) => {
  const sessions = createLruMap<string, Verified>(SESSIONS);
  const nameOf = (text: string): string => vault.apiKeyToken(text).toString('base64');
  return {
    find: (text: string, issuer: Issuer): Verified | undefined => {
      const known = sessions.get(nameOf(text));
      return known !== undefined && known.issuer === issuer && known.endsAt > now() ? known : undefined;
    },
    open: (text: string, verified: Verified): Verified => {
      const session = { ...verified, endsAt: Math.min(verified.endsAt, now() + SESSION_MS) };
      sessions.set(nameOf(text), session);
      return session;
    },
  };
};

const refuse = (why: string, cause?: unknown) =>
  problem('unauthenticated', `The token is refused: ${why}.`, {
    remedy: 'Get a new token from your issuer, or send an API key.',
    cause,
  });

/** Read without trust, to know whose key to ask for; what it says is verified afterwards. */
const issuerOf = (text: string, issuers: readonly Issuer[]): Issuer => {
  if (issuers.length === 0) throw refuse('this tenant accepts API keys only');
  let claimed: unknown;
  try {
    claimed = decodeJwt(text).iss;
  } catch (cause) {
    throw refuse('it cannot be read', cause);
  }
  const issuer = issuers.find((candidate) => candidate.issuer === claimed);
  if (issuer === undefined) throw refuse('its issuer is not one of this tenant');
  return issuer;
};

const checkHeader = (header: ReturnType<typeof decodeProtectedHeader>, { strictType }: Issuer): void => {
  const forbidden = FORBIDDEN_HEADERS.find((name) => name in header);
  if (forbidden !== undefined) throw refuse(`its header has ${forbidden}`);
  const type = typeof header.typ === 'string' ? header.typ.toLowerCase() : undefined;
  if (strictType ? !STRICT_TYPES.has(type ?? '') : type !== undefined && !TYPES.has(type)) {
    throw refuse(`its typ is not ${strictType ? 'at+jwt' : 'JWT or at+jwt'}`);
  }
};

const findKey = async (set: KeySet, kid: unknown, issuer: Issuer): Promise<VerificationKey> => {
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) throw refuse('its kid is no short text');
  let key: VerificationKey | undefined;
  try {
    key = await set.find(kid);
  } catch (cause) {
    if (!(cause instanceof KeysUnavailable)) throw cause;
    throw problem('provider_unavailable', `The keys of the issuer ${issuer.issuer} cannot be fetched now.`, {
      remedy: 'Try again after the seconds that Retry-After says, or send an API key.',
      cause,
    });
  }
  if (key === undefined) throw refuse('it is signed by a key that its issuer does not publish');
  return key;
};

const verify = async (
  text: string,
  { key, algorithm }: VerificationKey,
  { issuer, audiences }: Issuer,
  now: (() => number) | undefined,
): Promise<JWTPayload> => {
  try {
    const { payload } = await jwtVerify(text, key, {
      algorithms: [algorithm],
      issuer,
      audience: [...audiences],
      clockTolerance: SKEW_SECONDS,
      requiredClaims: ['exp', 'iss', 'aud'],
      ...(now === undefined ? {} : { currentDate: new Date(now()) }),
    });
    // What was issued in the future was issued by a wrong clock, or by somebody who prepares.
    const seconds = (now?.() ?? Date.now()) / 1000;
    if (payload.iat !== undefined && payload.iat > seconds + SKEW_SECONDS) throw refuse('its iat lies in the future');
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw refuse('it has expired', cause);
    if (cause instanceof errors.JWTClaimValidationFailed) throw refuse(`its claim ${cause.claim} is not valid`, cause);
    if (cause instanceof errors.JOSEError) throw refuse('its signature or form is not valid', cause);
    throw cause;
  }
};

const checkTenantClaim = (payload: JWTPayload, { claims }: Issuer, tenant: TokensOptions['tenant']): void => {
  if (claims.tenant === undefined) return;
  const named = claimOf(payload, claims.tenant);
  const all = Array.isArray(named) ? named : [named];
  if (!all.some((value) => value === tenant.name || value === tenant.id)) throw refuse('it is for another tenant');
};

/** A claim by its whole name (they may be URLs), else by a path of names: `realm_access.roles`. */
const claimOf = (payload: JWTPayload, name: string): unknown => {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
};

const readSubject = (payload: JWTPayload, { claims }: Issuer): string => {
  const subject = claimOf(payload, claims.user);
  const isName = typeof subject === 'string' && subject !== '' && subject.length <= MAX_SUBJECT;
  if (isName && !/[\p{Cc}\p{Surrogate}]/u.test(subject)) return subject;
  throw refuse(`its claim ${claims.user} names no user`);
};

const readRoles = (payload: JWTPayload, { claims }: Issuer): readonly string[] => {
  const claimed = claimOf(payload, claims.roles);
  const names = typeof claimed === 'string' ? claimed.split(/[\s,]+/) : Array.isArray(claimed) ? claimed : [];
  return names.filter((name): name is string => typeof name === 'string').slice(0, MAX_ROLES);
};

const buildPrincipal = async (options: TokensOptions, session: Verified): Promise<Principal> => {
  const { db, people, roles, vault } = options;
  const { issuer, subject } = session;
  const stale = roles.freshen();
  if (stale !== undefined) await stale;
  const person = (await people.ensure(db, [subject])).get(subject);
  return {
    kind: 'jwt',
    keyId: stableId(vault.lookupToken('jwt', `${issuer.issuer}\n${subject}`)),
    ...mergeRoles(roles, session.roles),
    userId: subject,
    userRef: person?.ref ?? null,
    teamRefs: [],
    organizationRefs: [],
    expiresAt: session.expiresAt,
  };
};

/** All that the token's roles allow together, under the name of the one that allows most. One with none that is known may read. */
const mergeRoles = (roles: Roles, claimed: readonly string[]): Pick<Principal, 'role' | 'grants'> => {
  const known = claimed.filter((role) => roles.has(role)).map((role) => ({ role, grants: roles.grantsOf(role, true) }));
  const [widest] = [...known].sort((a, b) => b.grants.size - a.grants.size);
  if (widest === undefined) return { role: 'readonly', grants: roles.grantsOf('readonly', true) };
  if (known.length === 1) return widest;
  const grants = new Map<Permission, ReadonlySet<GrantScope>>();
  for (const role of known) {
    for (const [permission, scopes] of role.grants) {
      grants.set(permission, new Set([...(grants.get(permission) ?? []), ...scopes]));
    }
  }
  return { role: widest.role, grants };
};

/** A UUID (version 8) from a keyed hash: rows name the credential by it, and nobody can tell whose it is. */
const stableId = (token: Buffer): string => {
  const bytes = Buffer.from(createHash('sha256').update(token).digest().subarray(0, 16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
