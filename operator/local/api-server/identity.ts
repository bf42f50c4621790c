import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { isDict, stringAt } from './objects.js';

/** Who the server is, across restarts: its certificate, the admin's token, and the key that signs tokens. */
export interface Identity {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly adminToken: string;
  readonly signingKey: string;
}

const FILE = 'identity.json';
const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000;
/** A new certificate is made when the old one has less than a month left. */
const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000;

interface Pair {
  readonly key: string;
  readonly cert: string;
}

type Dates = { readonly notBeforeDate: Date; readonly notAfterDate: Date };

async function createAuthority(dates: Dates): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: 'memplane-local-ca' }], {
    ...dates,
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

async function createCertificate(ca: Pair, dates: Dates): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: 'memplane-local' }], {
    ...dates,
    keyType: 'ec',
    algorithm: 'sha256',
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: 'kubernetes.default.svc' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}

async function createIdentity(): Promise<Identity & { readonly notAfter: number }> {
  const notAfter = Date.now() + TEN_YEARS_MS;
  // A minute back, for clocks that differ a little.
  const dates = { notBeforeDate: new Date(Date.now() - 60_000), notAfterDate: new Date(notAfter) };
  const ca = await createAuthority(dates);
  const server = await createCertificate(ca, dates);
  return {
    caPem: ca.cert,
    certificatePem: server.cert,
    keyPem: server.key,
    adminToken: randomBytes(32).toString('base64url'),
    signingKey: randomBytes(32).toString('base64'),
    notAfter,
  };
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not what we wrote; remove the file to get a new identity`, { cause });
  }
}

async function readIdentity(path: string): Promise<Identity | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (isDict(cause) && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
  const value = parse(text, path);
  const field = (name: string): string => {
    const found = stringAt(value, name);
    if (found === undefined) throw new Error(`${path} lacks "${name}"; remove the file to get a new identity`);
    return found;
  };
  const notAfter = isDict(value) ? Number(value.notAfter) : 0;
  if (notAfter < Date.now() + RENEW_BEFORE_MS) return undefined;
  return {
    caPem: field('caPem'),
    certificatePem: field('certificatePem'),
    keyPem: field('keyPem'),
    adminToken: field('adminToken'),
    signingKey: field('signingKey'),
  };
}

/** The identity kept in a folder, or a new one (kept there, readable by its owner only). */
export async function loadIdentity(directory: string | undefined): Promise<Identity> {
  if (directory === undefined) return await createIdentity();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, FILE);
  const known = await readIdentity(path);
  if (known !== undefined) return known;
  const identity = await createIdentity();
  const file = await open(`${path}.part`, 'w', 0o600);
  await file.writeFile(JSON.stringify(identity));
  await file.sync();
  await file.close();
  await rename(`${path}.part`, path);
  return identity;
}
