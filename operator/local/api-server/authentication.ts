import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { unauthorized } from './errors.js';
import { type Dict, isDict, stringAt } from './objects.js';

export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const MASTERS = 'system:masters';
const AUTHENTICATED = 'system:authenticated';

export const ADMIN: User = { name: 'admin', uid: 'admin', groups: [MASTERS, AUTHENTICATED], extra: {} };

export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function serviceAccountUser({ namespace, name, uid }: ServiceAccountRef): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
    extra: {},
  };
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(part: string): Dict | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isDict(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const ISSUER = 'https://kubernetes.default.svc';

/** Tokens of service accounts: signed by a key that only this server has, and good until they expire. */
export class TokenSigner {
  readonly #key: Buffer;
  readonly #now: () => number;
  constructor(key: Buffer, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  #sign(payload: string): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest();
  }

  mint(account: ServiceAccountRef, audiences: readonly string[], seconds: number): { token: string; expires: Date } {
    const issued = Math.floor(this.#now() / 1000);
    const claims = {
      iss: ISSUER,
      sub: `system:serviceaccount:${account.namespace}:${account.name}`,
      aud: audiences,
      iat: issued,
      exp: issued + seconds,
      'kubernetes.io': { namespace: account.namespace, serviceaccount: { name: account.name, uid: account.uid } },
    };
    const payload = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return {
      token: `${payload}.${this.#sign(payload).toString('base64url')}`,
      expires: new Date((issued + seconds) * 1000),
    };
  }

  /** Whose token it is; undefined when it is not ours, changed, or expired. */
  verify(token: string): ServiceAccountRef | undefined {
    const [header, body, signature, ...rest] = token.split('.');
    if (header === undefined || body === undefined || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const wanted = this.#sign(`${header}.${body}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const claims = decode(body);
    if (claims === undefined || typeof claims.exp !== 'number' || claims.exp * 1000 <= this.#now()) return undefined;
    const own = claims['kubernetes.io'];
    const namespace = stringAt(own, 'namespace');
    const name = stringAt(own, 'serviceaccount', 'name');
    const uid = stringAt(own, 'serviceaccount', 'uid');
    return namespace === undefined || name === undefined || uid === undefined ? undefined : { namespace, name, uid };
  }
}

export interface Authenticator {
  authenticate(headers: IncomingHttpHeaders): User;
  verifyToken(token: string): User | undefined;
}

const sameText = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** `exists` says whether a service account is still the one the token was made for. */
export function createAuthenticator(
  adminToken: string,
  signer: TokenSigner,
  exists: (account: ServiceAccountRef) => boolean,
): Authenticator {
  const verifyToken = (token: string): User | undefined => {
    if (sameText(token, adminToken)) return ADMIN;
    const account = signer.verify(token);
    return account !== undefined && exists(account) ? serviceAccountUser(account) : undefined;
  };
  return {
    verifyToken,
    authenticate({ authorization }) {
      const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
      const user = token === undefined ? undefined : verifyToken(token);
      if (user === undefined) throw unauthorized();
      return user;
    },
  };
}

/** `kubectl --as`: whoever the headers name, if the caller may be them. */
export function impersonated(headers: IncomingHttpHeaders): User | undefined {
  const name = headers['impersonate-user'];
  if (typeof name !== 'string' || name === '') return undefined;
  const given = headers['impersonate-group'];
  const groups =
    given === undefined ? [] : Array.isArray(given) ? given : given.split(',').map((group) => group.trim());
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account !== null && groups.length === 0) {
    return { ...serviceAccountUser({ namespace: account[1] ?? '', name: account[2] ?? '', uid: '' }), uid: '' };
  }
  return { name, uid: '', groups: [...new Set([...groups, AUTHENTICATED])], extra: {} };
}
