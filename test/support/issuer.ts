/** An issuer of tokens: real keys, a real HTTPS server with its key set. What it cannot be is a public address. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { generate } from 'selfsigned';

export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly publicJwk: Record<string, unknown>;
}

export interface TestIssuer {
  readonly url: string;
  readonly jwksURI: string;
  readonly ca: string;
  /** How often the key set was asked for. */
  readonly fetches: () => number;
  publish(keys: readonly Record<string, unknown>[]): void;
  /** What the server answers in place of the key set. */
  answer(
    respond: ((url: string) => { status: number; headers?: Record<string, string>; body: string }) | undefined,
  ): void;
  stop(): Promise<void>;
}

export const createIssuerKey = async (alg: string, kid: string = alg): Promise<IssuerKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
};

export const startIssuer = async (): Promise<TestIssuer> => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'issuer' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  let keys: readonly Record<string, unknown>[] = [];
  let fetches = 0;
  let respond: Parameters<TestIssuer['answer']>[0];
  const server = createServer({ key, cert }, (request, response) => {
    fetches++;
    const {
      status,
      headers = {},
      body,
    } = respond?.(request.url ?? '/') ?? {
      status: 200,
      body: JSON.stringify({ keys }),
    };
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    jwksURI: `https://127.0.0.1:${port}/keys`,
    ca: cert,
    fetches: () => fetches,
    publish: (published) => {
      keys = published;
    },
    answer: (answer) => {
      respond = answer;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

export interface TokenOptions {
  readonly header?: Record<string, unknown>;
  readonly claims?: JWTPayload;
  /** Seconds from now; `null` leaves `exp` out. @default 300 */
  readonly expiresIn?: number | null;
}

export const signToken = async (
  key: IssuerKey,
  issuer: string,
  { header = {}, claims = {}, expiresIn = 300 }: TokenOptions = {},
): Promise<string> => {
  const token = new SignJWT({ iss: issuer, aud: 'memory', sub: 'ada', roles: ['user'], ...claims }).setProtectedHeader({
    alg: key.alg,
    kid: key.kid,
    ...header,
  });
  if (expiresIn !== null) token.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn);
  return token.sign(key.privateKey);
};
