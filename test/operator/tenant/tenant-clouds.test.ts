import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLockedBucket } from '../../../app/archive/bucket-providers.js';
import { openBucket, openKms, openTenantKeys, type PodIdentity, type TenantKeys } from '../../../app/keys/index.js';
import type { K8sObject } from '../../../charts/manifests/object.js';
import { buildEnvironment } from '../../../charts/manifests/tenant/configuration.js';
import type { TenantOptions } from '../../../charts/manifests/tenant/options.js';
import type { TenantRecord } from '../../../operator/catalogue/catalogue.js';
import { offerKek } from '../../../operator/clients/kek-offer.js';
import { createResourceLookup } from '../../../operator/clients/kube-resources.js';
import { PlaneStores } from '../../../operator/plane/stores.js';
import type { CloudAccess } from '../../../operator/plane/tenant-cloud.js';
import { keysPhase } from '../../../operator/tenant/phases/keys/index.js';
import { namespacePhase } from '../../../operator/tenant/phases/namespace/index.js';
import type { Fate, PhaseContext, TeardownContext } from '../../../operator/tenant/phases/phase.js';
import { resolveTenant } from '../../../operator/tenant/resolve.js';
import * as azure from '../../support/azure-tenants.js';
import type { CloudServer } from '../../support/cloud-server.js';
import * as google from '../../support/google-tenants.js';
import { KubeMemory } from '../../support/kube-memory.js';
import { planeOf, tenantOf } from '../../support/tenants.js';

/** One cloud (a stand-in), the plane on it, and how a pod there says who it is. */
interface World {
  readonly cloud: CloudServer;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly access: CloudAccess;
  identity(kube: KubeMemory, namespace: string, account: string): Promise<PodIdentity>;
  readonly keys: ReadonlyMap<string, unknown>;
  readonly objects: ReadonlyMap<string, { readonly bytes: Buffer }>;
  /** Takes from the operator the right to make keys. */
  forbid(): void;
  disable(): void;
}

const folder = mkdtempSync(join(tmpdir(), 'memplane-clouds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const file = (text: string): string => {
  files += 1;
  const path = join(folder, `token-${files}`);
  writeFileSync(path, text);
  return path;
};

async function openGoogle(): Promise<World> {
  const cloud = await google.startGoogle(['keys-bucket', 'files-bucket', 'audit-bucket']);
  cloud.retaining.set('audit-bucket', 365);
  const bucket = (name: string) => ({ provider: 'gcs', name, region: 'europe-west3', endpoint: cloud.url });
  return {
    ...{ cloud, keys: cloud.keys, objects: cloud.objects },
    spec: {
      buckets: { keys: bucket('keys-bucket'), artifacts: bucket('files-bucket'), audit: bucket('audit-bucket') },
      kms: { provider: 'gcp', mode: 'PerTenant', keyID: google.RING, rotationDays: 30, deletionWindowDays: 7 },
      identity: {
        ...{ provider: 'gke', workloadPool: 'p.svc.id.goog', projectNumber: '12345' },
        tenantRoles: {
          keyringUse: 'projects/p/roles/keyringUse',
          artifactsUse: 'projects/p/roles/artifactsUse',
          auditAppend: 'projects/p/roles/auditAppend',
        },
      },
    },
    access: { endpoint: cloud.url, identity: { GCE_METADATA_HOST: await cloud.metadata(google.OPERATOR) } },
    identity: async (_, namespace, account) => ({
      GCE_METADATA_HOST: await cloud.metadata(google.memberOf(namespace, account)),
    }),
    forbid: () => void cloud.lost.add('cloudkms.cryptoKeys.create'),
    disable: () => {
      for (const { versions } of cloud.keys.values()) for (const version of versions) version.state = 'DISABLED';
    },
  };
}

async function openAzure(): Promise<World> {
  const cloud = await azure.startAzure(['keys', 'files', 'records']);
  cloud.immutable.set('records', 365);
  const bucket = (name: string) => ({ provider: 'azure', name, region: 'northeurope', endpoint: cloud.url });
  const pod = { AZURE_TENANT_ID: 'directory', AZURE_AUTHORITY_HOST: cloud.url };
  return {
    ...{ cloud, keys: cloud.keys, objects: cloud.blobs },
    spec: {
      buckets: { keys: bucket('keys'), artifacts: bucket('files'), audit: bucket('records') },
      kms: { provider: 'azure', mode: 'PerTenant', keyID: azure.VAULT_URI, rotationDays: 90 },
      identity: {
        ...{ provider: 'aks', resourceGroup: 'memplane-test-plane', issuerURL: 'https://issuer.example.com/x' },
        unwrapRoleID: azure.ROLE_IDS.unwrap,
        tenantRoles: {
          keyringUse: azure.ROLE_IDS.keyringUse,
          artifactsUse: azure.ROLE_IDS.artifactsUse,
          auditAppend: azure.ROLE_IDS.auditAppend,
        },
        scopes: {
          tenantVault: azure.VAULT_SCOPE,
          keys: azure.containerScope('keys'),
          artifacts: azure.containerScope('files'),
          audit: azure.containerScope('records'),
        },
      },
    },
    access: {
      endpoint: cloud.url,
      identity: {
        ...pod,
        ...{ AZURE_CLIENT_ID: azure.OPERATOR_CLIENT, AZURE_FEDERATED_TOKEN_FILE: file(azure.OPERATOR_TOKEN) },
      },
    },
    identity: async (kube, namespace, account) => {
      const annotations = kube.objects.get(`ServiceAccount/${namespace}/${account === 'audit' ? account : 'memory'}`)
        ?.metadata.annotations;
      const token = file(azure.podTokenText(namespace, account));
      const client = annotations?.['azure.workload.identity/client-id'] ?? 'nobody';
      return { ...pod, AZURE_CLIENT_ID: client, AZURE_FEDERATED_TOKEN_FILE: token };
    },
    forbid: () => void cloud.lost.add('Microsoft.KeyVault/vaults/keys/create/action'),
    disable: () => {
      for (const { versions } of cloud.keys.values()) for (const version of versions) version.enabled = false;
    },
  };
}

describe.each([
  ['Google Cloud', openGoogle],
  ['Azure', openAzure],
])('a tenant on a plane of %s (stand-in)', (name, open) => {
  let world: World;
  let kube: KubeMemory;
  let tenant: { readonly tenantId: string; readonly name: string };
  beforeEach(async () => {
    world = await open();
    kube = new KubeMemory();
    tenant = { tenantId: randomUUID(), name: 'acme' };
  });
  afterEach(() => world.cloud.stop());

  const { resourceFor } = createResourceLookup();
  const apply = async (desired: readonly K8sObject[]): Promise<void> => {
    for (const object of desired) await kube.apply(resourceFor(object), object);
  };
  const recordOf = ({ tenantId, name } = tenant): TenantRecord =>
    ({ tenantId, name, namespace: `mem-${name}`, schema: 't' }) as TenantRecord;
  /** As an operator that has just started: it remembers nothing. */
  const operator = () => {
    const plane = planeOf(world.spec);
    const opened = new PlaneStores(kube as never, 'memplane-system', world.access);
    const keys = opened.keys(plane);
    const roles = opened.roles(plane);
    if (keys.kind !== 'done' || roles.kind !== 'done') throw new Error('the plane does not open');
    const { bucket, kms } = keys.facts;
    const kmsOf = { kms, kmsProvider: plane.spec.kms.provider, kmsKeyId: plane.spec.kms.keyID };
    const stores = { ...kmsOf, keys: bucket, roles: roles.facts, database: { query: async () => [] }, buckets: [] };
    const run = async (of = tenant) => {
      const options = optionsOf(of);
      const objects = { apply, writeSecret: async () => undefined };
      const context = { options, record: recordOf(of), stores, kube, objects } as unknown as PhaseContext;
      const first = await namespacePhase.run(context);
      return first.kind === 'done' ? keysPhase.run(context) : first;
    };
    const teardown = async (fate: Fate) => {
      const context = { record: recordOf(), stores, kube, fate } as unknown as TeardownContext;
      const keysGone = await keysPhase.teardown(context);
      await namespacePhase.teardown(context);
      return [keysGone, await namespacePhase.teardown(context)].map(({ kind }) => kind);
    };
    return { ...stores, run, teardown };
  };
  const optionsOf = (of = tenant): TenantOptions => {
    const [input, plane] = [tenantOf(of.name), planeOf(world.spec)];
    const resolved = resolveTenant({ tenant: input, plane, tenantClass: undefined, others: [] });
    if (resolved.kind !== 'done') throw new Error(resolved.message);
    return resolved.facts(recordOf(of)).options;
  };
  /** As a pod of the tenant opens its keyring, with nothing but what its environment says. */
  const pod = async (of = tenant, account = 'memory', namespace = `mem-${of.name}`): Promise<TenantKeys> => {
    const env = buildEnvironment(optionsOf(of)) as Record<'KEYS_BUCKET_URL' | 'KMS_PROVIDER' | 'KMS_KEY_ID', string>;
    const identity = await world.identity(kube, namespace, account);
    return openTenantKeys({
      ...{ tenantId: of.tenantId, namespace: `mem-${of.name}`, keepOldKeysMs: 0 },
      bucket: openBucket(env.KEYS_BUCKET_URL, { identity }),
      kms: openKms({ provider: env.KMS_PROVIDER, keyId: env.KMS_KEY_ID, endpoint: world.cloud.url, identity }),
    });
  };
  const secretOf = async (keys: TenantKeys): Promise<string> =>
    (await keys.ensureSlot(16)).key.export().toString('hex');
  const ring = () => [...world.objects].find(([at]) => at.endsWith('/keyring.json'))?.[1].bytes.toString() ?? '';

  it('has a key that its pods open the keyring with, also after a restart of the operator and of the pods', async () => {
    expect(await operator().run()).toMatchObject({ kind: 'done' });
    expect(JSON.parse(ring()).keks).toMatchObject([{ gen: 1, wrapped: null }]);
    const first = await pod();
    const secret = await secretOf(first);
    expect(first.epoch).toBeGreaterThan(0);
    expect(await operator().run()).toMatchObject({ kind: 'done', facts: { encryption: { epoch: first.epoch } } });
    expect(await secretOf(await pod())).toBe(secret);
    expect(await secretOf(await pod(tenant, 'restore'))).toBe(secret);
    expect(world.keys.size).toBe(1);
  });

  it('costs no call of the cloud while the operator remembers what it did', async () => {
    const { run } = operator();
    await run();
    const before = world.cloud.calls.filter((call) => !/storage|\/keys\/keys/.test(call)).length;
    await run();
    const after = world.cloud.calls.filter((call) => !/storage|\/keys\/keys/.test(call)).length;
    expect(after).toBe(before);
  });

  it('has one key after an operator that died between making it and writing the keyring', async () => {
    const { kms } = operator();
    if (!('ensureKey' in kms)) throw new Error('one key for all');
    await kms.ensureKey(tenant.tenantId);
    expect(ring()).toBe('');
    expect(await operator().run()).toMatchObject({ kind: 'done' });
    expect(world.keys.size).toBe(1);
    await pod();
  });

  it('has one tenant key when its first pods start at once', async () => {
    await operator().run();
    const opened = await Promise.all([pod(), pod(), pod()]);
    expect(new Set(await Promise.all(opened.map(secretOf))).size).toBe(1);
  });

  it('is opened by no other account, by no other tenant and not by the operator', async () => {
    await operator().run();
    await pod();
    const other = { tenantId: randomUUID(), name: 'other' };
    await operator().run(other);
    await pod(other);
    await expect(pod(tenant, 'backup')).rejects.toThrow(/AccessDenied|did not answer|answered 401/);
    await expect(pod(tenant, 'memory', 'mem-other')).rejects.toThrow(/AccessDenied/);
    const { KMS_KEY_ID: keyId = '', KMS_PROVIDER: provider = '' } = buildEnvironment(optionsOf());
    const identity = world.access.identity ?? {};
    const kms = openKms({ provider, keyId, endpoint: world.cloud.url, identity });
    const [kek] = JSON.parse(ring()).keks;
    const wrapped = Buffer.from(kek.wrapped, 'base64');
    await expect(kms.decrypt(kek.keyId, wrapped, kek.context)).rejects.toMatchObject({ code: 'KmsRefused' });
  });

  it('has its log put under lock by the account audit alone, which opens no keyring and reaches no other tenant', async () => {
    await operator().run();
    await pod();
    const { archive } = optionsOf();
    if (archive === undefined) throw new Error('the plane has a bucket for it');
    const locked = async (account: string, namespace = 'mem-acme') =>
      openLockedBucket(archive.bucketUrl, await world.identity(kube, namespace, account));
    const until = new Date(Date.now() + 2_558 * 86_400_000);
    const put = async (bucket: ReturnType<typeof openLockedBucket>, to: string) =>
      await bucket.putOnce(to, Buffer.from('1'), until);
    expect(await put(await locked('audit'), 'mem-acme/x')).toBe('put');
    expect(await (await locked('audit')).lockedUntil('mem-acme/x')).toBeDefined();
    await expect(put(await locked('audit'), 'mem-other/x')).rejects.toThrow(/auditAppend/);
    for (const account of ['memory', 'restore', 'backup']) {
      await expect(put(await locked(account), 'mem-acme/y')).rejects.toThrow(/auditAppend|answered 401/);
    }
    await expect(pod(tenant, 'audit')).rejects.toThrow(/AccessDenied|answered 40/);
    await operator().teardown('keep');
    await expect(put(await locked('audit'), 'mem-acme/z')).rejects.toThrow(/auditAppend|answered 401/);
    expect([...world.objects.keys()].filter((at) => at.endsWith('mem-acme/x'))).toHaveLength(1);
  });

  it('takes up a new tenant key that the operator offers without one', async () => {
    const { run, keys: bucket, kms } = operator();
    await run();
    const keys = await pod();
    const secret = await secretOf(keys);
    if ('rotate' in world.cloud) (world.cloud as azure.AzureStandIn).rotate(tenant.tenantId);
    expect(await offerKek(bucket, kms, { tenantId: tenant.tenantId, namespace: 'mem-acme' }, new Date())).toBe(2);
    expect(await keys.followRotation()).toMatchObject({ gen: 2 });
    expect(await secretOf(await pod())).toBe(secret);
  });

  it('keeps its key under Retain, which nobody may use then, and comes back with it under another name', async () => {
    await operator().run();
    const secret = await secretOf(await pod());
    expect(await operator().teardown('keep')).toEqual(['done', 'done']);
    expect(world.keys.size).toBe(1);
    await expect(pod()).rejects.toThrow();
    const back = { ...tenant, name: 'again' };
    expect(await operator().run(back)).toMatchObject({ kind: 'done' });
    const keys = await pod(back);
    expect(await secretOf(keys)).toBe(secret);
    expect(JSON.parse(ring()).keks).toMatchObject([{ context: { namespace: 'mem-again' } }]);
    expect(await secretOf(await pod(back))).toBe(secret);
  });

  it('ends with its keyring and the destruction of its key, which is begun once', async () => {
    await operator().run();
    await pod();
    expect(await operator().teardown('destroy')).toEqual(['done', 'done']);
    expect(await operator().teardown('destroy')).toEqual(['done', 'done']);
    expect([...world.objects.keys()]).toEqual([]);
    expect(await operator().run()).toMatchObject({
      ...{ kind: 'wait', reason: 'KmsRefused' },
      message: expect.stringMatching(/DESTROY_SCHEDULED; gcloud kms keys versions|az keyvault key recover/),
    });
    expect([...world.objects.keys()]).toEqual([]);
  });

  it.each([
    ['its right', (one: World) => one.forbid(), 'KmsRefused', /role tenantKeyAdmin/],
    [
      'an answer',
      (one: World) => Object.assign(one.cloud, { away: true }),
      'KmsUnavailable|IdentityRefused',
      /reachable; it is tried/,
    ],
  ])(
    'waits, with a reason and a remedy and nothing half-written, while the operator lacks %s',
    async (_, take, reason, remedy) => {
      take(world);
      const outcome = await operator().run();
      expect(outcome).toMatchObject({ kind: 'wait', reason: expect.stringMatching(reason) });
      expect('message' in outcome && outcome.message).toMatch(remedy);
      expect([ring(), world.keys.size]).toEqual(['', 0]);
    },
  );

  it('does not notice that the cloud is busy for a moment', async () => {
    const busy = { status: 429, headers: { 'retry-after': '0' }, body: { error: { message: 'later' } } };
    world.cloud.next.push(busy, { status: 503 }, { status: 503, body: { error: { message: 'later' } } });
    expect(await operator().run()).toMatchObject({ kind: 'done' });
    await pod();
  });

  it('says what to do about a key that somebody disabled', async () => {
    await operator().run();
    await pod();
    world.disable();
    expect(await operator().run()).toMatchObject({
      ...{ kind: 'wait', reason: 'KmsRefused' },
      message: expect.stringMatching(/DISABLED; gcloud|is disabled; az keyvault/),
    });
    await expect(pod()).rejects.toMatchObject({ code: 'KmsRefused' });
  });

  it('waits for a plane that does not say enough, and names every field at once', () => {
    const spec = { ...world.spec, identity: { provider: 'gke' } };
    const outcome = new PlaneStores(kube as never, 'memplane-system', world.access).keys(planeOf(spec));
    const wanted =
      name === 'Azure'
        ? /identity\.provider, .*unwrapRoleID, .*scopes\.keys/
        : /projectNumber, .*workloadPool, .*keyringUse/;
    expect(outcome).toMatchObject({
      kind: 'stalled',
      reason: 'PlaneIncomplete',
      message: expect.stringMatching(wanted),
    });
  });
});

describe('keys as the plane says', () => {
  it('Google: rotation, waiting time, protection and the tenant are on the key; an HSM that is still at it is waited for', async () => {
    const cloud = await google.startGoogle(['keys-bucket']);
    const { GoogleTenantKms } = await import('../../../operator/clients/google-tenant-kms.js');
    const token = async () => google.OPERATOR;
    const settings = { ring: google.RING, protection: 'Hsm', rotationDays: 90, deletionWindowDays: 30 } as const;
    const kms = () => new GoogleTenantKms({ ...settings, members: () => [], token, endpoint: cloud.url });
    cloud.birth = 'PENDING_GENERATION';
    await expect(kms().ensureKey('t-1')).rejects.toMatchObject({ code: 'KmsPending' });
    const key = cloud.keys.get(`${google.RING}/cryptoKeys/t-1`);
    if (key?.versions[0] === undefined) throw new Error('no key was made');
    key.versions[0].state = 'ENABLED';
    await kms().ensureKey('t-1');
    expect(key.said).toMatchObject({
      ...{ rotationPeriod: '7776000s', destroyScheduledDuration: '2592000s', purpose: 'ENCRYPT_DECRYPT' },
      ...{ versionTemplate: { protectionLevel: 'HSM' }, labels: { 'memplane-tenant': 't-1' } },
    });
    await cloud.stop();
  });
});
