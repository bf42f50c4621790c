import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createIssuerKey, type IssuerKey, signToken, startIssuer, type TestIssuer } from '../../support/issuer.js';
import {
  type ChildService,
  createTestTenant,
  defaultPolicies,
  startChild,
  type TestTenant,
} from '../../support/memory-service.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';

jest.setTimeout(1_200_000);

/** Requests an operation, beside those for the edges of every schema. */
const EXAMPLES = process.env.MEMPLANE_SCHEMATHESIS_EXAMPLES ?? '3';
/** Where keys are managed there are nine operations. */
const KEY_EXAMPLES = process.env.MEMPLANE_SCHEMATHESIS_KEY_EXAMPLES ?? '30';
/** Of this seed the same requests come on every machine, fast or slow; another one tries others. */
const SEED = process.env.MEMPLANE_SCHEMATHESIS_SEED ?? '1';
const PHASES = process.env.MEMPLANE_SCHEMATHESIS_PHASES ?? 'examples,coverage,fuzzing';
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string; responses: object }>>>>;
}

/** What these offer is known to their clients and not done here; nothing is switched off, so no other may answer 501. */
const UNSUPPORTED = ['mem0SetProfiles', 'mem0ProfileJob', 'reembed'];

const buildConfig = ({ paths }: OpenApi): string => {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const documented = operations.filter(({ operationId }) => UNSUPPORTED.includes(operationId));
  expect(documented.map(({ responses }) => '501' in responses)).toEqual(UNSUPPORTED.map(() => true));
  const rule = '[operations.checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 501]\n';
  return `[[operations]]\ninclude-operation-id = ${JSON.stringify(UNSUPPORTED)}\n${rule}`;
};

describePart('schemathesis over /openapi.json', partExists('schemathesis'), () => {
  let tenant: TestTenant;
  let issuer: TestIssuer;
  let signer: IssuerKey;
  let service: ChildService;
  let folder: string;
  beforeAll(async () => {
    [tenant, issuer, signer] = await Promise.all([createTestTenant(), startIssuer(), createIssuerKey('ES256')]);
    issuer.publish([signer.publicJwk]);
    const ca = join(tenant.directory, 'ca.pem');
    writeFileSync(ca, issuer.ca);
    const trust = { issuer: issuer.url, audiences: ['memory'], jwksURI: issuer.jwksURI, strictType: false };
    const claims = { user: 'sub', roles: 'roles' };
    tenant.writePolicies({ ...defaultPolicies, access: { jwt: [{ ...trust, claims }] } });
    service = await startChild(tenant, {
      ...{ MEMPLANE_CA_FILE: ca, MEMPLANE_EGRESS_ALLOW: '127.0.0.1/32' },
      ARTIFACTS_BUCKET_URL: `file://${join(tenant.directory, 'files')}`,
    });
    folder = mkdtempSync(join(tmpdir(), 'memplane-schemathesis-'));
    const document = (await service.call('GET', '/openapi.json')).body as OpenApi;
    writeFileSync(join(folder, 'schemathesis.toml'), buildConfig(document));
  });
  afterAll(async () => {
    await service.end('SIGTERM');
    await tenant.drop();
    await issuer.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const check = async (headers: readonly string[], examples: string, paths: readonly string[]): Promise<void> => {
    const found = await run(service.url, { headers, examples, paths, folder });
    // The whole report is what somebody needs who reads a failure.
    if (found.code !== 0) throw new Error(found.output);
    expect(found.output).toMatch(/[1-9]\d* passed|No issues found/i);
    process.stdout.write(`  schemathesis, seed ${SEED}: ${/\d+ generated, .*/.exec(found.output)?.[0]}\n`);
  };

  it('finds no server error, no status and no body that is not documented', () => {
    const key = [`X-API-Key: ${tenant.adminKey}`, `Authorization: Bearer ${tenant.adminKey}`];
    return check(key, EXAMPLES, ['--exclude-path-regex', '^/api/v1/keys/']);
  });

  it('nor where keys are managed: as an admin with a token, which no request can revoke', async () => {
    const token = await signToken(signer, issuer.url, { claims: { roles: ['admin'] }, expiresIn: 3_600 });
    await check([`Authorization: Bearer ${token}`], KEY_EXAMPLES, ['--include-path-regex', '^/api/v1/(keys|roles)']);
    const whoami = await service.call('GET', '/api/v1/whoami', {
      key: null,
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(whoami.status).toBe(200);
  });
});

/** A generated body of megabytes hides what failed. */
const shorten = (output: string): string =>
  output
    .split('\n')
    .map((line) => line.slice(0, 1_000))
    .join('\n')
    .slice(-100_000);

interface Run {
  readonly headers: readonly string[];
  readonly examples: string;
  readonly paths: readonly string[];
  readonly folder: string;
}

const run = (
  url: string,
  { headers, examples, paths, folder }: Run,
): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const args = ['run', `${url}/openapi.json`, ...headers.flatMap((header) => ['--header', header])];
    // No limit of time: what a faster machine would try beyond it nobody has seen answered.
    const limits = ['--max-examples', examples, '--seed', SEED, '--workers', '1', '--request-timeout', '120'];
    const kinds = ['--checks', CHECKS.join(','), '--phases', PHASES, '--mode', 'all', '--suppress-health-check', 'all'];
    const shown = ['--no-color', '--generation-database', 'none'];
    const child = spawn(PART_PATHS.schemathesis, [...args, ...limits, ...kinds, ...paths, ...shown], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: shorten(output) }));
  });
