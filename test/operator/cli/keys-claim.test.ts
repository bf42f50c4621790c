import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_VERSION, SECRETS } from '../../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../../../operator/api/v1alpha1/resources.js';
import type { KubeHttpClient } from '../../../operator/clients/kube-http.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { openChartCluster } from '../../support/chart-cluster.js';
import { memoryctl, type Said } from '../../support/cli.js';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { type Embedded, startEmbedded } from '../local/embedded.js';

let embedded: Embedded;
let kube: KubeHttpClient;
let tenant: TestTenant;
let service: InProcessService;
const directory = mkdtempSync(join(tmpdir(), 'memplane-claim-'));
const SECRET = { resource: RESOURCES.secrets, namespace: 'mem-acme', name: SECRETS.adminKey };
beforeAll(async () => {
  [embedded, tenant] = await Promise.all([startEmbedded(), createTestTenant()]);
  kube = await openChartCluster(embedded.kubeconfig);
  service = await startInProcess(tenant);
  await kube.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mem-acme' } });
  const metadata = { name: 'acme' };
  await kube.create(MEMORY_TENANTS, { apiVersion: API_VERSION, kind: 'MemoryTenant', metadata, spec: {} });
});
afterAll(async () => {
  await service?.stop();
  await tenant?.drop();
  await kube?.close();
  await embedded?.stop();
  rmSync(directory, { recursive: true });
});

const claim = (...args: readonly string[]): Promise<Said> =>
  memoryctl(['keys', 'claim', 'acme', ...args], { config: { kubeconfig: embedded.kubeconfig } });
const fileOf = (name: string): string => join(directory, name);
const writeSecret = async (apiKey: string, endpoint = service.url): Promise<void> => {
  const text = { apiKey, tenant: 'acme', endpoint };
  const data = Object.fromEntries(Object.entries(text).map(([k, v]) => [k, Buffer.from(v).toString('base64')]));
  const metadata = { namespace: 'mem-acme', name: SECRETS.adminKey };
  await kube.apply(RESOURCES.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data } as never);
};
const secretFields = async (): Promise<readonly string[]> =>
  Object.keys(((await kube.get(SECRET)) as { data?: object } | undefined)?.data ?? {}).sort();
const whoami = async (key: string) => (await service.call('GET', '/api/v1/whoami', { key })).status;
const makeAdmin = async (): Promise<string> => {
  const body = { name: 'another first key', role: 'admin' };
  return (await service.call('POST', '/api/v1/keys', { body })).body.key;
};
/** A tenant whose very first key may be ended. */
const withOwnTenant = async (
  work: (own: TestTenant, start: () => Promise<InProcessService>) => Promise<void>,
): Promise<void> => {
  const own = await createTestTenant();
  try {
    await work(own, () => startInProcess(own));
  } finally {
    await own.drop();
  }
};

describe('memoryctl keys claim', () => {
  it('keeps a key of one’s own, ends the first one, empties the Secret, and says no key', () =>
    withOwnTenant(async ({ adminKey }, start) => {
      const { url, call, logs } = await start();
      await writeSecret(adminKey, url);
      const path = fileOf('acme.key');
      const { code, out, notes } = await claim('--out', path, '--name', 'of Ada');
      expect([code, notes]).toEqual([0, expect.stringContaining('kept in')]);
      const key = readFileSync(path, 'utf8').trim();
      expect([statSync(path).mode & 0o777, key]).toEqual([0o600, expect.stringMatching(/^mb_[\w-]{43}$/)]);
      expect(out + notes).not.toMatch(/mb_/);
      expect([(await call('GET', '/api/v1/whoami')).status, await secretFields()]).toEqual([
        401,
        ['endpoint', 'tenant'],
      ]);
      const { status, body } = await call('GET', '/api/v1/keys', { key });
      expect(status).toBe(200);
      expect(body.results).toContainEqual(
        expect.objectContaining({ name: 'of Ada', role: 'admin', bootstrap: false, status: 'active' }),
      );
      expect(logs.join('\n')).not.toContain(key);
    }));

  it('a second time says that it was claimed', () =>
    withOwnTenant(async ({ adminKey }, start) => {
      const first = await start();
      await writeSecret(adminKey, first.url);
      expect((await claim('--out', fileOf('once.key'))).code).toBe(0);
      const { code, notes } = await claim('--out', fileOf('again.key'));
      expect([code, notes]).toEqual([1, expect.stringContaining('the Secret mem-acme/memory-admin-key holds no key')]);
      await writeSecret(adminKey, first.url);
      const dead = await claim('--out', fileOf('again.key'));
      expect([dead.code, dead.notes]).toEqual([1, expect.stringContaining('does not work')]);
      expect(dead.notes + dead.out).not.toContain(adminKey);
      expect(existsSync(fileOf('again.key'))).toBe(false);
      // The pods that still have it in their environment do not bring it back.
      await first.stop();
      expect((await (await start()).call('GET', '/api/v1/whoami')).status).toBe(401);
    }));

  it('after one whose answer was lost makes another key, and tells of the first', async () => {
    const first = await makeAdmin();
    const { body } = await service.call('GET', '/api/v1/whoami', { key: first });
    const lost = await service.call('POST', `/api/v1/keys/${body.key_id}/rotate`, {
      key: first,
      body: { overlap: '10m' },
    });
    await writeSecret(first);
    const path = fileOf('lost.key');
    const { code, out, notes } = await claim('--out', path, '--json');
    expect([code, notes]).toEqual([0, expect.stringContaining(lost.body.id)]);
    expect(JSON.parse(out)).toMatchObject({
      ...{ tenant: 'acme', role: 'admin', file: path, ended_key_id: body.key_id, secret_emptied: true },
    });
    expect([await whoami(first), await whoami(readFileSync(path, 'utf8').trim())]).toEqual([401, 200]);
  });

  it('prints the key where that is asked for, and nothing else', async () => {
    const first = await makeAdmin();
    await writeSecret(first);
    const { code, out } = await claim('--out', '-');
    expect([code, out, await whoami(out.trim())]).toEqual([0, expect.stringMatching(/^mb_[\w-]{43}\n$/), 200]);
  });

  it('ends nothing when the key cannot be kept or the service does not answer', async () => {
    const first = await makeAdmin();
    await writeSecret(first);
    writeFileSync(fileOf('there.key'), 'something');
    const taken = await claim('--out', fileOf('there.key'));
    expect([taken.code, taken.notes]).toEqual([3, expect.stringContaining('exists already')]);
    expect(readFileSync(fileOf('there.key'), 'utf8')).toBe('something');
    const nowhere = await claim('--out', join(directory, 'no', 'folder'));
    expect([nowhere.code, nowhere.notes]).toEqual([3, expect.stringContaining('does not exist')]);
    const silent = await claim('--out', fileOf('silent.key'), '--endpoint', 'http://127.0.0.1:1');
    expect([silent.code, silent.notes]).toEqual([3, expect.stringContaining('does not answer')]);
    const stranger = createServer((_, response) => response.writeHead(200).end('hello'));
    await new Promise<void>((listening) => stranger.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    const other = await claim('--out', fileOf('other.key'), '--endpoint', url);
    stranger.close();
    expect([other.code, other.notes]).toEqual([3, expect.stringContaining('no memory service')]);
    for (const { out, notes } of [taken, nowhere, silent, other]) expect(out + notes).not.toContain(first);
    expect([await whoami(first), await secretFields()]).toEqual([200, ['apiKey', 'endpoint', 'tenant']]);
    for (const name of ['silent.key', 'other.key']) expect(existsSync(fileOf(name))).toBe(false);
  });

  it.each([
    ['no --out', [], 64, '--out'],
    ['an endpoint that is none', ['--out', '-', '--endpoint', 'acme'], 64, 'acme is no URL'],
    ['an empty name', ['--out', '-', '--name', ''], 64, '--name'],
    ['a key on the command line', ['--out', '-', '--key', 'x'], 64, '--key'],
  ])('answers %s', async (_, args, exit, said) => {
    const { code, notes } = await claim(...args);
    expect([code, notes]).toEqual([exit, expect.stringContaining(said)]);
  });

  it('of a tenant that is not there, or whose Secret was deleted, says so', async () => {
    const none = await memoryctl(['keys', 'claim', 'nobody', '--out', '-'], {
      config: { kubeconfig: embedded.kubeconfig },
    });
    expect([none.code, none.notes]).toEqual([1, expect.stringContaining('there is no tenant nobody')]);
    await writeSecret(tenant.adminKey);
    await kube.delete(SECRET);
    const deleted = await claim('--out', '-');
    expect([deleted.code, deleted.notes]).toEqual([1, expect.stringContaining('is not there')]);
  });
});
