/** Stand-ins of the clouds that lock what is put into them, with the rights that the operator gives to who archives. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PodIdentity } from '../../app/keys/index.js';
import { AzureIdentities } from '../../operator/clients/azure-identities.js';
import { AzureManagement } from '../../operator/clients/azure-management.js';
import { AzurePodRoles } from '../../operator/clients/azure-pod-roles.js';
import { podToken } from '../../operator/clients/cloud-identity.js';
import { GooglePodRoles } from '../../operator/clients/google-pod-roles.js';
import * as azure from './azure-tenants.js';
import type { CloudServer } from './cloud-server.js';
import * as google from './google-tenants.js';

/** How long the buckets keep at least what is put into them. */
export const FLOOR_DAYS = 365;

export interface ArchiveCloud {
  readonly server: CloudServer;
  /** Of the bucket `audit`, which locks, or of another one. */
  url(bucket?: string, more?: Readonly<Record<string, string>>): string;
  /** A pod of the service account `audit` in this namespace. */
  readonly identity: PodIdentity;
  /** A pod of another account, whom nobody let in. */
  readonly stranger: PodIdentity;
  readonly objects: ReadonlyMap<string, { readonly bytes: Buffer }>;
  /** Somebody else's object at a name of the bucket `audit`, without a date. */
  plant(name: string, bytes: Buffer): void;
  /** From now on dates are taken, and kept nowhere. */
  forgetDates(): void;
  /** What the service says to the operator, who may delete here. */
  deleteAsOperator(name: string): Promise<{ readonly status: number; readonly said: string }>;
  stop(): Promise<void>;
}

const folderOf = (namespace: string): string => `${namespace}/`;

export async function openGoogleArchive(namespace: string): Promise<ArchiveCloud> {
  const server = await google.startGoogle(['audit', 'plain']);
  server.retaining.set('audit', FLOOR_DAYS);
  const token = async () => google.OPERATOR;
  const members = (of: string): readonly string[] => [google.memberOf(of, 'audit')];
  const grant = { role: 'projects/p/roles/auditAppend', folder: folderOf, members, endpoint: server.url };
  const grants = [
    { ...grant, bucket: 'audit' },
    { ...grant, bucket: 'plain' },
  ];
  await new GooglePodRoles({ grants, token }).bind({ tenantId: randomUUID(), namespace });
  const pod = async (account: string): Promise<PodIdentity> => ({
    GCE_METADATA_HOST: await server.metadata(google.memberOf(namespace, account)),
  });
  return {
    ...{ server, objects: server.objects },
    ...{ identity: await pod('audit'), stranger: await pod('memory') },
    url: (bucket = 'audit', more = {}) => `gs://${bucket}?${new URLSearchParams({ endpoint: server.url, ...more })}`,
    plant: (name, bytes) => void server.objects.set(`audit/${name}`, { bytes, generation: 1_000_000 }),
    forgetDates: () => {
      const set = server.objects.set.bind(server.objects);
      server.objects.set = (at, { bytes, generation }) => set(at, { bytes, generation });
    },
    deleteAsOperator: (name) =>
      deleteFrom(`${server.url}/storage/v1/b/audit/o/${encodeURIComponent(name)}`, {
        Authorization: `Bearer ${google.OPERATOR}`,
      }),
    stop: () => server.stop(),
  };
}

export async function openAzureArchive(namespace: string): Promise<ArchiveCloud> {
  const server = await azure.startAzure(['audit', 'plain']);
  server.immutable.set('audit', FLOOR_DAYS);
  const files = mkdtempSync(join(tmpdir(), 'memplane-archive-'));
  const directory = { AZURE_TENANT_ID: 'directory', AZURE_AUTHORITY_HOST: server.url };
  const as = (client: string, said: string): PodIdentity => {
    const file = join(files, randomUUID());
    writeFileSync(file, said);
    return { ...directory, AZURE_CLIENT_ID: client, AZURE_FEDERATED_TOKEN_FILE: file };
  };
  const operator = as(azure.OPERATOR_CLIENT, azure.OPERATOR_TOKEN);
  const token = podToken('azure', operator, 'https://management.azure.com');
  const management = new AzureManagement({ token, endpoint: server.url });
  const identities = new AzureIdentities({
    ...{ management, group: azure.GROUP, location: 'northeurope', issuer: 'https://issuer.example.com/x' },
    ...{ accounts: ['audit'], purpose: 'audit' },
  });
  const grants = ['audit', 'plain'].map((name) => ({
    ...{ scope: azure.containerScope(name), role: azure.ROLE_IDS.auditAppend ?? '', folder: folderOf },
  }));
  const roles = new AzurePodRoles({ workers: [{ account: 'audit', identities, grants }], management });
  const { audit = {} } = await roles.bind({ tenantId: randomUUID(), namespace });
  const client = audit['azure.workload.identity/client-id'] ?? '';
  return {
    ...{ server, objects: server.blobs },
    identity: as(client, azure.podTokenText(namespace, 'audit')),
    stranger: as(client, azure.podTokenText(namespace, 'memory')),
    url: (bucket = 'audit', more = {}) => `azure://${bucket}?${new URLSearchParams({ endpoint: server.url, ...more })}`,
    plant: (name, bytes) => void server.blobs.set(`audit/${name}`, { bytes, etag: '"0xf"' }),
    forgetDates: () => {
      const set = server.blobs.set.bind(server.blobs);
      server.blobs.set = (at, { bytes, etag }) => set(at, { bytes, etag });
    },
    deleteAsOperator: async (name) =>
      deleteFrom(`${server.url}/audit/${name}`, {
        Authorization: `Bearer ${await podToken('azure', operator, 'https://storage.azure.com')()}`,
        'x-ms-version': '2023-11-03',
      }),
    stop: async () => {
      rmSync(files, { recursive: true, force: true });
      await server.stop();
    },
  };
}

const deleteFrom = async (url: string, headers: Readonly<Record<string, string>>) => {
  const response = await fetch(url, { method: 'DELETE', headers });
  return { status: response.status, said: await response.text() };
};
