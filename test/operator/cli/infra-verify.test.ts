import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { azureAnswers } from '../../support/azure-cloud.js';
import { memoryctl, type Said } from '../../support/cli.js';
import { type Answers, type StandIn, startStandIn } from '../../support/cloud-facts.js';
import { googleAnswers } from '../../support/google-cloud.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';
import type { StackJson } from '../../support/terraform-json.js';

const TOKEN = 'a-token-of-this-test';
/** Azure after the second apply, which locks; before it nothing is promised. */
const reviewed = reviewedStacks();
const stacks = new Map(
  [...reviewed].map(([name, stack]): [string, StackJson] => [
    name,
    name.startsWith('azure-prod') ? JSON.parse(JSON.stringify(stack).replaceAll('"Unlocked"', '"Locked"')) : stack,
  ]),
);
const out = mkdtempSync(join(tmpdir(), 'memplane-verify-'));

beforeAll(() => {
  for (const [name, stack] of stacks) {
    mkdirSync(join(out, 'stacks', name), { recursive: true });
    writeFileSync(join(out, 'stacks', name, 'cdk.tf.json'), JSON.stringify(stack));
  }
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

const stacksOf = (environment: string): readonly StackJson[] =>
  [...stacks].filter(([name]) => name.startsWith(`${environment}-`)).map(([, stack]) => stack);

interface Report {
  readonly summary: Readonly<Record<'ok' | 'drift' | 'missing' | 'unreadable', number>>;
  readonly rows: readonly { readonly property: string; readonly verdict: string; readonly live: unknown }[];
}

const CLOUDS: readonly (readonly [name: string, answers: (stacks: readonly StackJson[]) => Answers])[] = [
  ['gcp', googleAnswers],
  ['azure', azureAnswers],
];

describe.each(CLOUDS)('memoryctl infra verify on %s (a stand-in of its API)', (cloud, answersOf) => {
  const environment = `${cloud}-prod`;
  let api: StandIn;
  let answers: Answers;
  beforeEach(async () => {
    answers = answersOf(stacksOf(environment));
    api = await startStandIn(answers, TOKEN);
  });
  afterEach(() => api.stop());

  const verify = (...flags: readonly string[]): Promise<Said> =>
    memoryctl(['infra', 'verify', environment, '--out', out, '--endpoint-url', api.url, ...flags], {
      config: { googleToken: TOKEN, azureToken: TOKEN },
    });
  const report = async (): Promise<Report & { readonly code: number }> => {
    const { code, out: text, notes } = await verify('--json', '--drift-only');
    if (text === '') throw new Error(notes);
    return { code, ...(JSON.parse(text) as Report) };
  };
  /** One answer with one change, wherever the text stands. */
  const change = (path: RegExp, from: string, to: string): void => {
    const [key, body] = Object.entries(answers).find(([one]) => path.test(one)) ?? [];
    const text = JSON.stringify(body);
    if (key === undefined || !text.includes(from)) throw new Error(`no answer of ${path} has ${from}`);
    api.answer(key, JSON.parse(text.replace(from, to)));
  };

  it('is content with what was synthesised, having asked of every resource', async () => {
    const { code, summary } = await report();
    expect([code, summary]).toEqual([0, { ok: expect.any(Number), drift: 0, missing: 0, unreadable: 0 }]);
    expect(summary.ok).toBeGreaterThan(100);
    expect([...new Set(api.asked)].sort()).toEqual(Object.keys(answers).sort());
  });

  const drifts: readonly (readonly [property: string, path: RegExp, from: string, to: string])[] =
    cloud === 'gcp'
      ? [
          ['locked', /b\/memplane-prod-audit-/, '"isLocked":true', '"isLocked":false'],
          ['lock seconds', /b\/memplane-prod-audit-/, '"31536000"', '"86400"'],
          ['encryption key', /b\/memplane-prod-keys-/, '/cryptoKeys/keys"', '/cryptoKeys/other"'],
          ['undelete seconds', /b\/memplane-prod-keys-/, 'Seconds":"0"', 'Seconds":"604800"'],
          ['public access', /b\/memplane-prod-artifacts/, '"enforced"', '"inherited"'],
          ['state', /cryptoKeys\/audit$/, '"ENABLED"', '"DISABLED"'],
          ['rotation', /cryptoKeys\/data$/, '"7776000s"', '"31536000s"'],
          ['PITR', /instances\/memplane-prod-pg-a$/, '"pointInTimeRecoveryEnabled":true', '"x":1'],
          ['PITR days', /instances\/memplane-prod-pg-a$/, 'LogRetentionDays":7', 'LogRetentionDays":1'],
          ['TLS', /instances\/memplane-prod-pg-a$/, 'ENCRYPTED_ONLY', 'ALLOW_UNENCRYPTED_AND_ENCRYPTED'],
          ['encryption key', /topics\/memplane-prod-writes$/, '/cryptoKeys/data"', '/cryptoKeys/other"'],
          ['stays in', /topics\/memplane-prod-writes$/, '"europe-west3"', '"us-east1"'],
          ['ends by itself', /subscriptions\/memplane-prod-writes$/, '"expirationPolicy":{}', '"x":{}'],
          ['encryption keys', /secrets\/memplane-prod-pg-a-admin$/, '/cryptoKeys/data"', '/cryptoKeys/other"'],
          ['tags stay', /repositories\/memplane-prod$/, '"immutableTags":true', '"immutableTags":false'],
          ['encryption key', /clusters\/memplane-prod$/, '"ENCRYPTED"', '"DECRYPTED"'],
          ['public', /clusters\/memplane-prod$/, '"enablePrivateEndpoint":true', '"enablePrivateEndpoint":false'],
          ['signed images', /clusters\/memplane-prod$/, 'PROJECT_SINGLETON_POLICY_ENFORCE', 'DISABLED'],
          ['old permissions', /clusters\/memplane-prod$/, '"legacyAbac":{}', '"legacyAbac":{"enabled":true}'],
          ['metadata of', /nodePools\/services$/, 'GKE_METADATA', 'GCE_METADATA'],
          ['locked', /buckets\/memplane-prod-audit$/, '"locked":true', '"locked":false'],
          ['kept days', /buckets\/memplane-prod-flows$/, '400', '30'],
          ['signed', /managedZones\/memplane-prod-edge$/, '"on"', '"off"'],
          ['tells', /alertPolicies$/, '"notificationChannels":["projects/p/notificationChannels/0"]', '"x":1'],
          ['on', /sinks\/memplane-prod-flows$/, '"writerIdentity"', '"disabled":true,"writerIdentity"'],
          ['what', /sinks\/memplane-prod-flows$/, 'vpc_flows', 'other'],
          ['denied', /denypolicies\//, 'cryptoKeyVersions.useToDecrypt', 'cryptoKeyVersions.get'],
          ['except', /denypolicies\//, 'memplane-break-glass@', 'everybody@'],
          ['by default', /prod\/policy$/, 'ALWAYS_DENY', 'ALWAYS_ALLOW'],
          ['enforced', /storage.publicAccessPrevention$/, '"enforce":true', '"enforce":false'],
          ['TLS', /instances\/memplane-prod-redis/, 'SERVER_AUTHENTICATION', 'TRANSIT_ENCRYPTION_DISABLED'],
          ['access logged in', /b\/memplane-prod-artifacts-1/, '"logging"', '"x"'],
          ['ends', /b\/memplane-prod-artifacts-1/, '"daysSinceNoncurrentTime":7', '"daysSinceNoncurrentTime":1'],
          ['flag log_statement', /instances\/memplane-prod-pg-a$/, '"value":"ddl"', '"value":"none"'],
          ['network', /instances\/memplane-prod-pg-a$/, 'networks/memplane-prod"', 'networks/default"'],
          ['signs in by', /users\/memplane_admin$/, '"kind"', '"type":"CLOUD_IAM_USER","kind"'],
          ['setting maxmemory-policy', /instances\/memplane-prod-redis/, 'volatile-lru', 'noeviction'],
          ['rules', /global\/firewalls$/, 'networks/default"', 'networks/memplane-prod"'],
          ['rules', /global\/firewalls$/, '"targetTags":["gke-memplane-prod-1a2b3c4d-node"]', '"x":1'],
          ['from', /firewalls\/memplane-prod-nodes-into-nodes$/, '10.0.32.0/20', '0.0.0.0/0'],
          ['denies', /firewalls\/memplane-prod-deny-out$/, '"all"', '"udp"'],
          ['on', /firewalls\/memplane-prod-deny-in$/, '"disabled":false', '"disabled":true'],
          ['written down', /firewalls\/memplane-prod-deny-in$/, '"enable":true', '"enable":false'],
          ['share of flows', /subnetworks\/memplane-prod-nodes$/, '"flowSampling":1', '"flowSampling":0.1'],
          ['lets out', /routers\//, 'LIST_OF_SUBNETWORKS', 'ALL_SUBNETWORKS_ALL_IP_RANGES'],
          ['state', /transferJobs$/, '"ENABLED"', '"DISABLED"'],
          ['to', /transferJobs$/, 'gcsDataSink":{"bucketName":"memplane', 'gcsDataSink":{"bucketName":"else'],
          ['overwrites', /transferJobs$/, '"NEVER"', '"ALWAYS"'],
          ['deletions follow', /transferJobs$/, '"overwriteWhen"', '"deleteObjectsUniqueInSink":true,"overwriteWhen"'],
          ['may', /roles\/memplaneProdAuditAppend$/, 'storage.objects.create', 'storage.objects.delete'],
          [
            'roles/secretmanager.secretAccessor to principal://iam.googleapis.com/projects/*/locations/global/' +
              'workloadIdentityPools/example-memplane-prod.svc.id.goog/subject/ns/external-secrets/sa/external-secrets',
            /secrets\/memplane-prod-pg-a-admin:getIamPolicy$/,
            'sa/external-secrets',
            'sa/somebody-else',
          ],
          ['to everybody', /secrets\/memplane-prod-pg-a-admin:getIamPolicy$/, 'user:who@example.com', 'allUsers'],
          ['written down', /projects\/example-memplane-prod:getIamPolicy$/, '"DATA_READ"', '"DATA_WRITE"'],
          ['on', /services\/cloudkms.googleapis.com$/, '"ENABLED"', '"DISABLED"'],
          ['keys of its own', /serviceAccounts\/.*\/keys$/, '{}', '{"keys":[{"name":"k"}]}'],
          ['only', /providers\/pipeline$/, 'environment:prod', 'environment:any'],
          ['counts', /metrics\/memplane-prod-ended-keys$/, 'DestroyCryptoKeyVersion', 'Nothing'],
          ['whom', /notificationChannels$/, 'on-call@example.com"}', 'nobody@example.com"}'],
          ['system', /nodePools\/services$/, 'COS_CONTAINERD', 'UBUNTU_CONTAINERD'],
        ]
      : [
          ['lock state', /storageAccounts\/mpprodaudit/, '"Locked"', '"Unlocked"'],
          ['lock days', /storageAccounts\/mpprodaudit/, 'InDays":365', 'InDays":30'],
          ['encryption key', /storageAccounts\/mpprodkeys/, '"keyname":"keys"', '"keyname":"other"'],
          ['TLS minimum', /storageAccounts\/mpprodarts/, 'TLS1_2', 'TLS1_0'],
          ['shared keys', /storageAccounts\/mpprodarts/, 'SharedKeyAccess":false', 'SharedKeyAccess":true'],
          ['enabled', /keys\/audit$/, '"enabled":true', '"enabled":false'],
          ['purge protection', /vaults\/mp-prod-v-/, 'Protection":true', 'Protection":false'],
          ['PITR days', /flexibleServers\/mp-prod-pg-a-ex4mp2$/, 'RetentionDays":35', 'RetentionDays":7'],
          ['geo backup key', /flexibleServers\/mp-prod-pg-a-ex4mp2$/, 'keys/data/0123456789abcdef"},', 'keys/x/0"},'],
          ['encryption key', /namespaces\/mp-prod-queue-ex4mp2$/, '"keyName":"data"', '"keyName":"other"'],
          ['shared keys', /namespaces\/mp-prod-queue-ex4mp2$/, '"disableLocalAuth":true', '"disableLocalAuth":false'],
          ['enabled', /secrets\/pg-a-admin$/, '"enabled":true', '"enabled":false'],
          ['a password', /registries\/mpprodimagesex4mp2$/, '"adminUserEnabled":false', '"adminUserEnabled":true'],
          ['carried elsewhere', /registries\/mpprodimagesex4mp2$/, '"disabled"', '"enabled"'],
          ['local accounts', /managedClusters\/memplane-prod$/, 'Accounts":true', 'Accounts":false'],
          [
            'encryption key',
            /managedClusters\/memplane-prod$/,
            '"azureKeyVaultKms":{"enabled":true',
            '"azureKeyVaultKms":{"enabled":false',
          ],
          ['private', /managedClusters\/memplane-prod$/, 'PrivateCluster":true', 'PrivateCluster":false'],
          ['follows rotation', /diskEncryptionSets\/memplane-prod-disks$/, 'Enabled":true', 'Enabled":false'],
          ['kept days', /workspaces\/memplane-prod-logs$/, '400', '30'],
          ['public', /accounts\/memplane-prod-metrics$/, '"Disabled"', '"Enabled"'],
          ['level', /locks\/mp-prod-pg-a-ex4mp2-keep$/, 'CanNotDelete', 'ReadOnly'],
          [
            'TLS required',
            /pg-a-ex4mp2\/configurations$/,
            '"require_secure_transport","properties":{"value":"on"',
            '"require_secure_transport","properties":{"value":"off"',
          ],
          ['parameter log_statement', /pg-a-ex4mp2\/configurations$/, '"value":"ddl"', '"value":"none"'],
          [
            'sign-in by Entra',
            /flexibleServers\/mp-prod-pg-a-ex4mp2$/,
            'DirectoryAuth":"Enabled',
            'DirectoryAuth":"Disabled',
          ],
          ['network otherwise', /vaults\/mp-prod-v-ex4mp2$/, '"Deny"', '"Allow"'],
          ['addresses', /vaults\/mp-prod-v-ex4mp2$/, '"ipRules":[]', '"ipRules":[{"value":"203.0.113.7/32"}]'],
          ['roles, not policies', /vaults\/mp-prod-v-ex4mp2$/, 'RbacAuthorization":true', 'RbacAuthorization":false'],
          ['versions end after', /keys\/objects$/, '"P180D"', '"P1Y"'],
          ['may', /keys\/audit$/, '"wrapKey","unwrapKey"', '"wrapKey","unwrapKey","decrypt"'],
          [
            'lock of every version',
            /Accounts\/mpprodaudit/,
            'Versioning":{"enabled":true',
            'Versioning":{"enabled":false',
          ],
          [
            'encrypted twice',
            /Accounts\/mpprodarts/,
            'InfrastructureEncryption":true',
            'InfrastructureEncryption":false',
          ],
          ['containers may be public', /Accounts\/mpprodarts/, 'BlobPublicAccess":false', 'BlobPublicAccess":true'],
          ['network otherwise', /Accounts\/mpprodkeysex/, '"Deny"', '"Allow"'],
          ['versioning', /mpprodauditex4mp2\/blobServices\/default$/, 'Enabled":true', 'Enabled":false'],
          ['public', /mpprodarts.*\/containers\/[^/]+$/, '"None"', '"Blob"'],
          ['ends', /mpprodarts.*managementPolicies\/default$/, 'GreaterThan":7', 'GreaterThan":1'],
          [
            'containers',
            /mpprodaudit.*objectReplicationPolicies$/,
            '"destinationContainer":"',
            '"destinationContainer":"x',
          ],
          [
            'rules',
            /SecurityGroups\/memplane-prod-postgres$/,
            '"securityRules":[',
            '"securityRules":[{"name":"mine"},',
          ],
          ['rule deny-in', /SecurityGroups\/memplane-prod-postgres$/, '"Deny"', '"Allow"'],
          ['rules', /subnets\/postgres$/, 'memplane-prod-postgres"', 'other"'],
          ['way out of Azure', /subnets\/postgres$/, 'OutboundAccess":false', 'OutboundAccess":true'],
          ['state', /privateEndpoints\/memplane-prod-to-anchor-vault$/, 'Approved', 'Rejected'],
          ['network', /privatelink.vaultcore.*virtualNetworkLinks/, 'memplane-prod"', 'other"'],
          ['taken in', /privateLinkScopes\/memplane-prod-metrics$/, 'PrivateOnly', 'Open'],
          ['may with data', /roleDefinitions\/a3fdd9e9/, 'keys/sign/action', 'keys/decrypt/action'],
          [
            'a3fdd9e9-3761-8b20-b8ed-5d0dc1035812 to memplane-prod-witness',
            /keys\/anchor\/providers.*roleAssignments$/,
            'principal-of-memplane-prod-witness',
            'somebody',
          ],
          [
            'signed in by',
            /Identities\/memplane-prod-operator\/federated\w+$/,
            'memplane-system:operator',
            'x:operator',
          ],
          ['issuer', /federatedIdentityCredentials\/operator$/, 'prod-aks.azure.com', 'example.com'],
          ['put aside after', /queues\/writes$/, '"maxDeliveryCount":5', '"maxDeliveryCount":50'],
          ['hidden seconds', /queues\/writes$/, 'PT5M', 'PT1M'],
          ['encrypted on the host', /agentPools\/services1$/, 'EncryptionAtHost":true', 'EncryptionAtHost":false'],
          ['administrators', /managedClusters\/memplane-prod$/, '-000000000214', '-000000000999'],
          ['public', /redisEnterprise\/mp-prod-redis-ex4mp2$/, '"Disabled"', '"Enabled"'],
          ['people', /actionGroups\//, 'on-call@example.com', 'nobody@example.com'],
          ['on', /activityLogAlerts\/memplane-prod-lock-gone$/, '"enabled":true', '"enabled":false'],
          ['what', /activityLogAlerts\/memplane-prod-lock-gone$/, 'locks/delete', 'locks/write'],
          ['threshold', /metricAlerts\/memplane-prod-cache$/, '"threshold":80', '"threshold":100'],
          ['tells', /metricAlerts\/memplane-prod-cache$/, 'memplane-prod-people', 'nobody'],
          [
            'what',
            /mpprodaudit.*diagnosticSettings/,
            '"category":"StorageDelete","enabled":true',
            '"category":"StorageDelete","enabled":false',
          ],
          ['on', /flowLogs\/memplane-prod-flows$/, '"enabled":true', '"enabled":false'],
          ['copied to', /mpprodaudit.*objectReplicationPolicies$/, '"destinationAccount":"', '"x":"'],
          ['kind', /dnsZones\//, '"Public"', '"Private"'],
          ['TLS', /databases\/default$/, '"Encrypted"', '"Plaintext"'],
        ];

  it.each(drifts)('sees a change of "%s" (%s), and exits 1', async (property, path, from, to) => {
    change(path, from, to);
    const { code, summary, rows } = await report();
    expect(code).toBe(1);
    expect(summary).toMatchObject({ drift: 1, missing: 0, unreadable: 0 });
    expect(rows).toEqual([expect.objectContaining({ property, verdict: 'drift' })]);
  });

  it('says what is not there', async () => {
    const [path = ''] = Object.keys(answers);
    api.answer(path, 404);
    const { code, rows } = await report();
    expect([code, rows]).toEqual([
      1,
      [expect.objectContaining({ property: 'exists', verdict: 'missing', live: false })],
    ]);
  });

  it('decides nothing while something cannot be read, and says why', async () => {
    const [path = ''] = Object.keys(answers);
    api.answer(path, 403);
    const { code, out: table } = await verify('--drift-only');
    expect(code).toBe(3);
    expect(table).toContain('403 status 403, says the stand-in');
    expect(table).toMatch(/ok, 0 drift, 0 missing, 1 unreadable\n$/);
  });

  it.each([[[]], [{ bindings: 'x', value: 'x', properties: 'x', rules: 7 }], ['text'], [null]])(
    'decides nothing by an answer of another shape: %j',
    async (body) => {
      const path = Object.keys(answers).find((one) => /getIamPolicy|roleAssignments/.test(one)) ?? '';
      api.answer(path, body);
      const { code, out: table, notes } = await verify('--drift-only');
      expect([1, 3]).toContain(code);
      expect(table).toMatch(/drift|missing|unreadable/);
      expect(table + notes).not.toMatch(/^ +at /m);
    },
  );

  it('says of a deviation in one line which resource and setting, what was wanted and found, and what to do', async () => {
    const [, path, from, to] = drifts[0] ?? ['', /x/, '', ''];
    change(path, from, to);
    const { out: table } = await verify('--drift-only');
    const words =
      cloud === 'gcp'
        ? ['locked: wanted true, found false', 'npx cdktf deploy gcp-prod-vault sets it back']
        : ['lock state: wanted Locked, found Unlocked', "set immutability: 'Locked'"];
    const line = table.split('\n').find((one) => one.includes(words[0] ?? ''));
    expect(line).toMatch(/^\w+\.audit \([^)]+\) /);
    expect(line).toContain(words[1]);
  });

  it('prints a table of property, expected, live and verdict', async () => {
    const { out: table, notes } = await verify();
    expect(table).toMatch(/^RESOURCE +PROPERTY +EXPECTED +LIVE +VERDICT\n/);
    expect(notes).toMatch(/^reading \d+ resources of /);
    expect(table + notes).not.toContain(TOKEN);
  });

  it('ends with 3 when the token is not taken or nobody answers', async () => {
    const args = ['infra', 'verify', environment, '--out', out, '--endpoint-url'];
    const config = { googleToken: 'old', azureToken: 'old' };
    const expired = await memoryctl([...args, api.url], { config });
    expect([expired.code, expired.notes]).toEqual([3, expect.stringContaining('sign in again')]);
    const gone = await memoryctl([...args, 'http://127.0.0.1:1'], { config });
    expect([gone.code, gone.notes]).toEqual([3, expect.stringContaining('127.0.0.1:1 does not answer')]);
  });
});

describe('memoryctl infra verify', () => {
  it.each([
    [['aws-prd'], 3, 'there is no stack aws-prd; did you mean aws-prod?'],
    [['xyzzy', 'gcp-none'], 3, 'there is no stack xyzzy; there are aws-dev-'],
    [[], 64, 'STACK is missing'],
    [['aws-prod', '--endpoint-url', 'localhost'], 64, '--endpoint-url localhost is not a URL'],
  ])('%j ends with %d and says what there is', async (args, code, words) => {
    const said = await memoryctl(['infra', 'verify', ...args, '--out', out]);
    expect([said.code, said.notes]).toEqual([code, expect.stringContaining(words)]);
  });

  it('asks to synthesise first when there is no graph', async () => {
    const said = await memoryctl(['infra', 'verify', 'aws-prod', '--out', join(out, 'nowhere')]);
    expect([said.code, said.notes]).toEqual([3, expect.stringContaining('run "npm run synth"')]);
  });

  it('takes Unlocked for drift where audit is promised, whatever the stack says', async () => {
    const unlocked = [...reviewed].filter(([name]) => name.startsWith('azure-prod')).map(([, stack]) => stack);
    const api = await startStandIn(azureAnswers(unlocked), TOKEN);
    try {
      const args = [
        'infra',
        'verify',
        'azure-prod-vault',
        '--out',
        out,
        '--endpoint-url',
        api.url,
        '--json',
        '--drift-only',
      ];
      const { code, out: text } = await memoryctl(args, { config: { azureToken: TOKEN } });
      expect(code).toBe(1);
      const { rows } = JSON.parse(text) as Report;
      expect(new Set(rows.map(({ property, live }) => `${property}=${String(live)}`))).toEqual(
        new Set(['lock state=Unlocked']),
      );
    } finally {
      await api.stop();
    }
  });
});
