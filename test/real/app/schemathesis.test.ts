import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createTestTenant, startChild } from '../../support/memory-service.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';

jest.setTimeout(600_000);

/** Requests an operation, beside those for the edges of every schema. */
const EXAMPLES = process.env.MEMPLANE_SCHEMATHESIS_EXAMPLES ?? '15';
/** For the whole run: what the coverage of every schema leaves goes to fuzzing. */
const SECONDS = process.env.MEMPLANE_SCHEMATHESIS_SECONDS ?? '70';
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
  it('finds no server error, no status and no body that is not documented', async () => {
    const tenant = await createTestTenant();
    const service = await startChild(tenant, { ARTIFACTS_BUCKET_URL: `file://${join(tenant.directory, 'files')}` });
    const folder = mkdtempSync(join(tmpdir(), 'memplane-schemathesis-'));
    try {
      const document = (await service.call('GET', '/openapi.json')).body as OpenApi;
      writeFileSync(join(folder, 'schemathesis.toml'), buildConfig(document));
      const found = await run(service.url, tenant.adminKey, folder);
      // The whole report is what somebody needs who reads a failure.
      if (found.code !== 0) throw new Error(found.output);
      expect(found.output).toMatch(/[1-9]\d* passed|No issues found/i);
    } finally {
      await service.end('SIGTERM');
      await tenant.drop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** A generated body of megabytes hides what failed. */
const shorten = (output: string): string =>
  output
    .split('\n')
    .map((line) => line.slice(0, 1_000))
    .join('\n')
    .slice(-100_000);

/** Keys are left out: it would revoke the one that it works with. */
const run = (
  url: string,
  key: string,
  folder: string,
): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const args = [
      'run',
      `${url}/openapi.json`,
      '--header',
      `X-API-Key: ${key}`,
      '--header',
      `Authorization: Bearer ${key}`,
      '--checks',
      CHECKS.join(','),
    ];
    const limits = [
      '--max-examples',
      EXAMPLES,
      '--seed',
      '1',
      '--workers',
      '1',
      '--request-timeout',
      '30',
      '--max-time',
      SECONDS,
    ];
    const kinds = ['--phases', PHASES, '--mode', 'all', '--exclude-path-regex', '^/api/v1/keys/'];
    const shown = ['--no-color', '--generation-database', 'none'];
    const child = spawn(PART_PATHS.schemathesis, [...args, ...limits, ...kinds, ...shown], {
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
