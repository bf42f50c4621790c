import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, TerraformStack } from 'cdktf';
import type { AwsSite, AzureSite, GcpSite } from '../../infra/support/site.js';

const role = (name: string): string => `arn:aws:iam::111122223333:role/memplane/test/memplane-test-${name}`;

export const AWS: AwsSite = {
  cloud: 'aws',
  partition: 'aws',
  accountId: '111122223333',
  region: 'eu-central-1',
  rolePath: '/memplane/test/',
  principals: {
    deploy: role('deploy'),
    compliance: role('compliance'),
    breakGlass: role('break-glass'),
    operator: role('operator'),
    tenant: role('tenant'),
    witness: role('witness'),
    externalSecrets: role('external-secrets'),
  },
};

export const GCP: GcpSite = {
  cloud: 'gcp',
  projectId: 'example-memplane',
  projectNumber: '100000000001',
  region: 'europe-west3',
  principals: {
    deploy: 'deploy@example-memplane.iam.gserviceaccount.com',
    compliance: 'compliance@example.com',
    breakGlass: 'break-glass@example.com',
  },
};

export const AZURE: AzureSite = {
  cloud: 'azure',
  entraTenantId: '00000000-0000-4000-8000-000000000100',
  region: 'germanywestcentral',
  resourceGroup: 'memplane-test-vault',
  subscriptionId: '00000000-0000-4000-8000-000000000101',
  deployPrincipalId: '00000000-0000-4000-8000-000000000111',
  complianceGroupId: '00000000-0000-4000-8000-000000000112',
  breakGlassGroupId: '00000000-0000-4000-8000-000000000113',
  adminGroupId: '00000000-0000-4000-8000-000000000114',
  immutability: 'Locked',
};

export const SITES = { aws: AWS, gcp: GCP, azure: AZURE } as const;

/** A name that each cloud takes for a bucket, and one for a key store. */
export const NAMES = {
  aws: { bucket: 'memplane-test-audit', keys: 'memplane-test' },
  gcp: { bucket: 'memplane-test-audit', keys: 'memplane-test-vault' },
  azure: { bucket: 'mptestauditabcdef', keys: 'mp-test-v-abcdef' },
} as const;

export const TAGS = { owner: 'platform@example.com' };

/** cdktf makes the folder of an app at once, and writes into it only when the app is synthesised. */
export function emptyStack(): TerraformStack {
  const outdir = mkdtempSync(join(tmpdir(), 'memplane-unit-'));
  const stack = new TerraformStack(new App({ outdir }), 'test');
  rmSync(outdir, { recursive: true });
  return stack;
}
