import { buildArchiveJob } from '../../../charts/manifests/tenant/archive-job.js';
import { buildTenant } from '../../../charts/manifests/tenant/build.js';
import type { TenantOptions } from '../../../charts/manifests/tenant/options.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
import { archiveJobName, dueRun } from '../../../operator/tenant/archive-schedule.js';
import { openChartCluster } from '../../support/chart-cluster.js';
import { MAXIMAL, MINIMAL, tenantOptions } from '../../support/tenant-options.js';
import { startEmbedded } from '../local/embedded.js';

const TENANT = '7f3c2f0e-5a5b-4c5d-8e9f-0a1b2c3d4e5f';
const at = (seconds: number): Date => new Date(1_790_000_000_000 + seconds * 1_000);

describe('when the log is archived', () => {
  it('once in an interval, and by its number each run is told from the others', () => {
    const runs = Array.from({ length: 240 }, (_, minute) => dueRun(TENANT, 3_600, at(minute * 60)));
    expect(new Set(runs).size).toBeGreaterThanOrEqual(4);
    expect(new Set(runs).size).toBeLessThanOrEqual(5);
    expect(runs).toEqual([...runs].sort((a, b) => a - b));
    expect(new Set(runs.map(archiveJobName)).size).toBe(new Set(runs).size);
  });

  it('not at the same moment for all tenants', () => {
    const begins = Array.from({ length: 64 }, (_, n) => {
      const id = `${(n * 67_108_864).toString(16).padStart(8, '0')}${TENANT.slice(8)}`;
      const first = dueRun(id, 3_600, at(0));
      return Array.from({ length: 3_600 }, (_, second) => second).find(
        (second) => dueRun(id, 3_600, at(second)) > first,
      );
    });
    expect(new Set(begins).size).toBeGreaterThan(32);
  });
});

interface Archive {
  readonly spec: {
    readonly ttlSecondsAfterFinished: number;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly automountServiceAccountToken: boolean;
        readonly containers: readonly [
          { readonly args: readonly string[]; readonly env: readonly { name: string; value?: string }[] },
        ];
      };
    };
  };
}

const { archive } = MAXIMAL;
if (archive === undefined) throw new Error('the maximal tenant has an archive');

describe('the Job', () => {
  const { spec } = buildArchiveJob(MAXIMAL, archive, 'archive-x') as unknown as Archive;
  const pod = spec.template.spec;

  it('runs the role archive as the account audit, with the database and the bucket and no key of the tenant', () => {
    const [{ args, env }] = pod.containers;
    const values = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'secret']));
    expect([pod.serviceAccountName, pod.automountServiceAccountToken, args]).toEqual(['audit', false, ['archive']]);
    expect(values).toMatchObject({
      ...{ DATABASE_URL: 'secret', AUDIT_BUCKET_URL: 's3://memplane-audit?region=eu-central-1' },
      ...{ AUDIT_RETENTION_DAYS: '3653', MEMPLANE_TENANT_ID: MAXIMAL.tenantId },
    });
    expect(Object.keys(values).filter((name) => /KMS|KEYS_BUCKET|API_KEY|BOOTSTRAP/.test(name))).toEqual([]);
  });

  it('stays for longer than its interval, so that no run begins twice, and is no pod of the service', () => {
    expect(spec.ttlSecondsAfterFinished).toBeGreaterThan(archive.intervalSeconds);
    expect(spec.template.metadata.labels['app.kubernetes.io/component']).toBe('archive');
  });

  it('reaches the database, the bucket and who says who it is, and nothing else', () => {
    const edges = (options: TenantOptions): readonly string[] =>
      buildTenant(options)
        .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.startsWith('egress-archive'))
        .map(({ metadata }) => metadata.name)
        .sort();
    const peers = MAXIMAL.storePeers
      .filter(({ name }) => name.startsWith('postgres-'))
      .map(({ name }) => `egress-archive-${name}`);
    const identity =
      MAXIMAL.kms.provider === 'aws' || MAXIMAL.kms.provider === 'gcp' ? ['egress-archive-identity'] : [];
    expect(edges(MAXIMAL)).toEqual([...peers, ...identity, 'egress-archive-bucket'].sort());
    expect(edges(MINIMAL)).toEqual([]);
    const minio = { ...archive, bucketUrl: 's3://audit?endpoint=http%3A%2F%2Fminio%3A9000' };
    const [policy] = buildTenant(tenantOptions({ archive: minio })).filter(
      ({ metadata }) => metadata.name === 'egress-archive-bucket',
    );
    expect(JSON.stringify(policy)).toContain('9000');
  });

  it('asks Azure for its identity, and reaches the directory that gives it beside the bucket', () => {
    const bucketUrl = 'azure://audit?endpoint=https%3A%2F%2Fblobs.internal%3A8443';
    const of = { ...archive, bucketUrl };
    const azure = tenantOptions({ kms: { ...MAXIMAL.kms, provider: 'azure' }, archive: of });
    const job = buildArchiveJob(azure, of, 'archive-x') as unknown as Archive;
    expect(job.spec.template.metadata.labels['azure.workload.identity/use']).toBe('true');
    expect(spec.template.metadata.labels['azure.workload.identity/use']).toBeUndefined();
    const [policy] = buildTenant(azure).filter(({ metadata }) => metadata.name === 'egress-archive-bucket');
    expect(JSON.stringify(policy)).toMatch(/"port":443.*"port":8443/);
  });

  it('is taken by the API server as it is', async () => {
    const embedded = await startEmbedded();
    const kube = await openChartCluster(embedded.kubeconfig);
    try {
      const metadata = { name: MAXIMAL.namespace };
      await kube.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
      const job = buildArchiveJob(MAXIMAL, archive, 'archive-x');
      await kube.apply(RESOURCES.jobs, job, { dryRun: true });
      await kube.create(RESOURCES.jobs, job);
      await expect(kube.create(RESOURCES.jobs, job)).rejects.toMatchObject({ reason: 'AlreadyExists' });
    } finally {
      await kube.close();
      await embedded.stop();
    }
  });
});
