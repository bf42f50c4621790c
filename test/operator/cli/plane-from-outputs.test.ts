import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { OPERATOR, OPERATOR_NAMESPACE } from '../../../charts/manifests/names.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { memoryPlane } from '../../../operator/api/v1alpha1/schema/memory-plane.js';
import { validateKind } from '../../../operator/api/v1alpha1/validate.js';
import { TenantClouds } from '../../../operator/plane/tenant-clouds.js';
import { memoryctl } from '../../support/cli.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';
import { terraformOutputs } from '../../support/stack-outputs.js';
import { planeOf } from '../../support/tenants.js';

const stacks = reviewedStacks();
const names = [...stacks.keys()].filter((name) => name.endsWith('-plane'));
const outputsOf = (name: string) => terraformOutputs(stacks.get(name) ?? {});
const folder = mkdtempSync(join(tmpdir(), 'memplane-outputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, value: unknown): string => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};

async function objectsOf(name: string, ...flags: readonly string[]): Promise<readonly K8sObject[]> {
  const { code, out, notes } = await memoryctl(['plane', 'from-outputs', file(name, outputsOf(name)), ...flags]);
  if (code !== 0) throw new Error(notes);
  return parseAllDocuments(out).map((one) => one.toJS() as K8sObject);
}

const specOf = (plane: K8sObject | undefined) =>
  (plane?.spec ?? {}) as { readonly postgres?: readonly { readonly adminSecretRef: { readonly name: string } }[] };

type Halves = Record<'buckets' | 'kms', Record<string, unknown>>;

function outputOf(outputs: Record<string, { value: unknown }>, name: string): Halves {
  const output = outputs[name];
  if (output === undefined) throw new Error(`no output ${name}`);
  return output.value as Halves;
}

/** Outputs with one thing changed; a path of undefined is taken away. */
function changed(name: string, changes: Readonly<Record<string, unknown>>): string {
  const outputs = structuredClone(outputsOf(name));
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const holder = keys.reduce<Record<string, unknown>>(
      (at, key) => at[key] as Record<string, unknown>,
      outputOf(outputs, 'memplane'),
    );
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return JSON.stringify(outputs);
}

describe('memoryctl plane from-outputs', () => {
  let awsObjects: readonly K8sObject[] = [];
  beforeAll(async () => {
    awsObjects = await objectsOf('aws-prod-plane');
  });

  it.each(names.filter((name) => !name.startsWith('aws')))(
    'says all that the operator needs to make the keys of tenants on %s, and where each key is',
    async (name) => {
      const [plane] = await objectsOf(name);
      const { kms, identity } = (plane?.spec ?? {}) as { readonly kms: object; readonly identity: object };
      expect(kms).toMatchObject({ mode: 'PerTenant', protection: expect.stringMatching(/^(Hsm|Software)$/) });
      const opened = new TenantClouds({}).of(planeOf({ ...(plane?.spec as object) }));
      expect([opened.kind, identity]).toEqual(['done', expect.objectContaining({ tenantRoles: expect.anything() })]);
    },
  );

  it.each(names)('makes a valid MemoryPlane of what %s puts out', async (name) => {
    const [plane] = await objectsOf(name);
    expect(validateKind(memoryPlane, plane)).toEqual([]);
    const output = outputOf(outputsOf(name), 'memplane') as unknown as {
      clusterID: string;
      postgres: { host: string }[];
    };
    expect(plane?.spec).toMatchObject({
      clusterID: output.clusterID,
      postgres: [{ name: 'pg-a', host: output.postgres[0]?.host, tls: { mode: 'VerifyFull' } }],
      rings: [{ name: 'stable', version: '1.4.0' }],
    });
  });

  it('says the same of one output, of all outputs, of a file and of standard input', async () => {
    const outputs = outputsOf('aws-prod-plane');
    const [all, one, stdin] = await Promise.all([
      memoryctl(['plane', 'from-outputs', file('all', outputs)]),
      memoryctl(['plane', 'from-outputs', file('one', outputs.memplane?.value)]),
      memoryctl(['plane', 'from-outputs', '-'], { stdin: JSON.stringify(outputs) }),
    ]);
    expect(all.code).toBe(0);
    expect(one.out).toBe(all.out);
    expect(stdin.out).toBe(all.out);
  });

  it('keeps manifests on standard output and tells what else is needed on standard error', async () => {
    const { out, notes } = await memoryctl(['plane', 'from-outputs', file('notes', outputsOf('aws-prod-plane'))]);
    expect(out).not.toContain('needs');
    expect(notes).toContain(`Secret ${OPERATOR_NAMESPACE}/pg-a-admin with username and password`);
    expect(notes).toContain('--ca-bundle FILE');
    expect(notes).toContain('--gateway NAMESPACE/NAME');
  });

  it('as JSON is one list that kubectl takes', async () => {
    const { out } = await memoryctl(['plane', 'from-outputs', file('list', outputsOf('gcp-prod-plane')), '--json']);
    const { kind, items } = JSON.parse(out) as { kind: string; items: readonly K8sObject[] };
    expect([kind, items.map((item) => item.kind)]).toEqual(['List', expect.arrayContaining(['MemoryPlane', 'Secret'])]);
  });

  it('carries certificates, which are public, to where the plane looks for them', async () => {
    const objects = await objectsOf('gcp-prod-plane', '--trust-bundle');
    const [plane, secret, trust] = ['MemoryPlane', 'Secret', 'ConfigMap'].map((kind) =>
      objects.find((one) => one.kind === kind),
    );
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { name: 'pg-a-ca', namespace: OPERATOR_NAMESPACE } });
    expect(plane?.spec).toMatchObject({
      postgres: [{ tls: { caSecretRef: { name: 'pg-a-ca', key: 'ca.crt' } } }],
      trustBundle: { configMapRef: { name: trust?.metadata.name, key: 'ca.crt' } },
    });
    const held = Buffer.from(
      (secret?.data as Record<string, string> | undefined)?.['ca.crt'] ?? '',
      'base64',
    ).toString();
    expect(held).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  it('uses a bundle for servers whose authority systems do not trust', async () => {
    const bundle = file('bundle', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
    const objects = await objectsOf('aws-prod-plane', '--ca-bundle', bundle);
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['MemoryPlane', 'Secret', 'ConfigMap']));
    const { code, notes } = await memoryctl([
      ...['plane', 'from-outputs', file('p', outputsOf('aws-prod-plane'))],
      ...['--ca-bundle', file('none', 'no certificate')],
    ]);
    expect([code, notes]).toEqual([3, expect.stringContaining('holds no certificate in PEM')]);
  });

  it.each([
    ['aws-prod-plane', { aws: { service: 'SecretsManager', region: 'eu-central-1' } }],
    ['gcp-prod-plane', { gcpsm: { projectID: 'example-memplane-prod' } }],
    ['azure-prod-plane', { azurekv: { vaultUrl: 'https://mp-prod-p-ex4mp2.vault.azure.net/' } }],
  ])('fetches passwords of %s by External Secrets when asked to', async (name, provider) => {
    const [plane, store, secret] = await objectsOf(name, '--external-secrets');
    expect(store).toMatchObject({ kind: 'ClusterSecretStore', spec: { provider } });
    const { postgres } = specOf(plane);
    expect(secret).toMatchObject({
      kind: 'ExternalSecret',
      metadata: { namespace: OPERATOR_NAMESPACE },
      spec: { target: postgres?.[0]?.adminSecretRef, secretStoreRef: { name: store?.metadata.name } },
    });
  });

  it('takes what the platform decides', async () => {
    const flags = ['--name', 'eu', '--ring', 'canary=1.5.0', '--ring', 'stable=1.4.0', '--gateway', 'gw/public/https'];
    const [plane] = await objectsOf(
      'azure-dev-plane',
      ...flags,
      '--issuer',
      'letsencrypt',
      '--pull-secret',
      'registry',
    );
    expect(plane).toMatchObject({
      metadata: { name: 'eu' },
      spec: {
        rings: [
          { name: 'canary', version: '1.5.0' },
          { name: 'stable', version: '1.4.0' },
        ],
        gateway: {
          parentRefs: [{ namespace: 'gw', name: 'public', sectionName: 'https' }],
          issuerRef: { name: 'letsencrypt' },
        },
        image: { pullSecretRefs: [{ name: 'registry' }] },
      },
    });
  });

  it('says how pods prove who they are, and annotates the operator', async () => {
    const [aws, account] = ['MemoryPlane', 'ServiceAccount'].map((kind) => awsObjects.find((one) => one.kind === kind));
    const role = (worker: string): string => `arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-${worker}`;
    expect(aws?.spec).toMatchObject({
      identity: {
        provider: 'eks-pod-identity',
        tenantRoleARN: role('tenant'),
        backupRoleARN: role('backup'),
        auditRoleARN: role('audit'),
        clusterName: expect.any(String),
      },
    });
    const annotations = { 'eks.amazonaws.com/role-arn': role('operator') };
    const { serviceAccount: name } = OPERATOR;
    expect(account?.metadata).toMatchObject({ name, namespace: OPERATOR_NAMESPACE, annotations });
    const [gcp] = await objectsOf('gcp-prod-plane');
    expect(gcp?.spec).toMatchObject({
      identity: { provider: 'gke', workloadPool: 'example-memplane-prod.svc.id.goog' },
    });
    const [azure] = await objectsOf('azure-prod-plane');
    const tenantVaultURI = 'https://mp-prod-t-ex4mp2.vault.azure.net/';
    expect(azure?.spec).toMatchObject({ identity: { provider: 'aks', tenantVaultURI, issuerURL: expect.any(String) } });
  });

  it('makes the class of encrypted volumes, which keeps what nobody claims', () => {
    const made = awsObjects.find(({ kind }) => kind === 'StorageClass');
    expect(made).toMatchObject({ reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' });
    expect(awsObjects[0]?.spec).toMatchObject({ storageClassName: made?.metadata.name });
  });

  it('points to the vector store once it is there', async () => {
    const [plane] = await objectsOf('aws-prod-plane', '--qdrant', 'http://qdrant.memplane-data.svc:6333');
    const url = 'http://qdrant.memplane-data.svc:6333';
    expect(plane?.spec).toMatchObject({ qdrant: [{ name: 'q-a', url, shards: 6, replicationFactor: 2 }] });
  });

  it('names everything that is missing or wrong at once, and writes nothing', async () => {
    const stdin = changed('aws-prod-plane', {
      version: 2,
      'buckets.keys': undefined,
      'kms.mode': 'none',
      'postgres.0.host': 'https://pg',
      'redis.0.port': 70_000,
      registry: ['$', '{aws_ecr_repository.x.url}'].join(''),
    });
    const { code, out, notes } = await memoryctl(['plane', 'from-outputs', '-'], { stdin });
    expect([code, out]).toEqual([3, '']);
    expect(notes.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}memplane\.registry: is an expression and not a value/),
      expect.stringMatching(/^ {2}memplane\.version: is not a version that this memoryctl reads \(1\) \(got 2\)/),
      expect.stringMatching(/^ {2}memplane\.buckets\.keys: is missing/),
      expect.stringMatching(
        /^ {2}memplane\.kms\.mode: is not one of the choices \(got "none"\); use shared, perTenant/,
      ),
      expect.stringMatching(/^ {2}memplane\.postgres\[0\]\.host: .*\(got "https:\/\/pg"\); write a host name/),
      expect.stringMatching(/^ {2}memplane\.redis\[0\]\.port: is out of range \(maximum 65535\) \(got 70000\)/),
    ]);
  });

  it('lets through what it does not know: outputs grow without a new version', async () => {
    const stdin = changed('aws-prod-plane', { 'kms.later': 'x', 'buckets.later': {}, later: 1 });
    const { code, out } = await memoryctl(['plane', 'from-outputs', '-'], { stdin });
    expect(code).toBe(0);
    expect(out).not.toContain('later');
  });

  it('refuses what the resource itself would refuse, by its fields', async () => {
    const stdin = changed('aws-prod-plane', { clusterID: 'Prod_1', 'postgres.0.capacity': 501 });
    const { code, notes } = await memoryctl(['plane', 'from-outputs', '-', '--ring', 'Stable=one'], { stdin });
    expect(code).toBe(3);
    for (const path of ['spec.clusterID', 'spec.postgres[0].capacity', 'spec.rings[0].name', 'spec.rings[0].version']) {
      expect(notes).toContain(`  ${path}: `);
    }
  });

  it.each([
    ['', 'standard input is empty'],
    ['{"memplane":', 'standard input is not JSON'],
    ['null', 'is not an object of outputs'],
    ['{}', 'output "memplane" of the plane stack is missing'],
  ])('%j is said to be no outputs', async (stdin, words) => {
    const { code, notes } = await memoryctl(['plane', 'from-outputs', '-'], { stdin });
    expect([code, notes]).toEqual([3, expect.stringContaining(words)]);
    expect(notes).toContain('terraform output -json');
  });

  it.each([
    ['aws-prod-plane', { route53: { region: 'eu-central-1', hostedZoneID: 'the-zoneID' } }],
    ['gcp-prod-plane', { cloudDNS: { project: 'example-memplane-prod', hostedZoneName: 'the-zoneID' } }],
    ['azure-prod-plane', { azureDNS: { hostedZoneName: 'memory.azure.example.com', environment: 'AzurePublicCloud' } }],
  ])('writes the ClusterIssuer of %s, which proves names in its zone', async (name, dns01) => {
    const objects = await objectsOf(name, '--cluster-issuer', '--gateway', 'gateway-system/public');
    const issuer = objects.find(({ kind }) => kind === 'ClusterIssuer');
    expect(issuer).toMatchObject({
      metadata: { name: 'letsencrypt' },
      spec: { acme: { email: 'on-call@example.com', solvers: [{ dns01 }] } },
    });
    expect(objects[0]?.spec).toMatchObject({ gateway: { issuerRef: { name: 'letsencrypt' } } });
  });

  it('says what the parent of the zone must delegate, and which accounts need which annotation', async () => {
    const args = ['plane', 'from-outputs', file('edge', outputsOf('aws-prod-plane'))];
    const { notes } = await memoryctl(args);
    expect(notes).toContain('the delegation of memory.aws.example.com to ns-1.example.net, ns-2.example.net');
    expect(notes).toContain('service account cert-manager/cert-manager with eks.amazonaws.com/role-arn: arn:aws:iam::');
    expect(notes).toContain('service account monitoring/prometheus with eks.amazonaws.com/role-arn: arn:aws:iam::');
    expect(notes).toContain('ClusterIssuer letsencrypt');
  });

  it('writes no issuer for a zone that the plane may not write into', async () => {
    const stdin = changed('aws-prod-plane', { 'edge.zoneID': undefined });
    const { code, notes, out } = await memoryctl(['plane', 'from-outputs', '-', '--cluster-issuer'], { stdin });
    expect([code, out]).toEqual([3, '']);
    expect(notes).toContain('set edge.manageZone, or edge.zoneId, in the spec');
  });

  it('says which file is not there', async () => {
    const { code, notes } = await memoryctl(['plane', 'from-outputs', join(folder, 'nowhere.json')]);
    expect([code, notes]).toEqual([3, expect.stringMatching(/nowhere\.json does not exist/)]);
  });

  it.each(['aws-prod', 'gcp-prod', 'azure-prod'])('finds plane and vault of %s in agreement', async (name) => {
    const plane = outputsOf(`${name}-plane`);
    const vault = outputsOf(`${name}-vault`);
    // The vault's own values, which a fill-in cannot know: what the plane derived.
    const derived = outputOf(plane, 'memplane');
    const truth = outputOf(vault, 'memplane_vault');
    for (const kind of ['audit', 'auditReplica', 'keys', 'keysReplica']) truth.buckets[kind] = derived.buckets[kind];
    truth.kms.anchor = derived.kms.anchorKeyID;
    const args = ['plane', 'from-outputs', file('p', plane), '--vault'];
    expect((await memoryctl([...args, file('v', vault)])).code).toBe(0);
    Object.assign(truth, { environment: 'dev' });
    const { code, notes } = await memoryctl([...args, file('v', vault)]);
    expect([code, notes]).toEqual([
      3,
      expect.stringContaining('environment: the plane says "prod", the vault "dev"; apply both from one spec'),
    ]);
  });
});
