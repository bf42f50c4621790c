import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { buildTenant } from '../../../../charts/manifests/tenant/build.js';
import { only, podOf } from '../../../support/manifests.js';
import { FIXTURES, MAXIMAL, MINIMAL, tenantOptions } from '../../../support/tenant-options.js';

const names = (entries: readonly { readonly name: string }[] | undefined): readonly string[] =>
  (entries ?? []).map(({ name }) => name);

describe('the pod of the memory service', () => {
  const pod = podOf(buildTenant(MAXIMAL));
  const [service] = pod.containers;
  const [migration] = pod.initContainers ?? [];

  it('migrates before it serves, with the same image', () => {
    expect([migration?.name, migration?.args, service?.name, service?.args]).toEqual([
      'migrate',
      ['migrate'],
      'memory',
      ['memory'],
    ]);
    expect(service?.image).toBe('registry.example.com/memplane/memplane:1.4.0');
    expect(migration?.image).toBe(service?.image);
  });

  it("gives the owner's credential to the migration alone, and the service's to the service alone", () => {
    expect(names(migration?.env)).toEqual([
      'MIGRATE_DATABASE_URL',
      'POD_NAME',
      'NODE_EXTRA_CA_CERTS',
      'HTTPS_PROXY',
      'NO_PROXY',
    ]);
    expect(names(service?.env)).not.toContain('MIGRATE_DATABASE_URL');
    expect(service?.env).toEqual(
      expect.arrayContaining([
        { name: 'PORT', value: '8283' },
        { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'memory-database', key: 'url' } } },
        {
          name: 'MEMPLANE_BOOTSTRAP_KEY',
          valueFrom: { secretKeyRef: { name: 'memory-admin-key', key: 'apiKey', optional: true } },
        },
        { name: 'MEMPLANE_CONFIG_DIR', value: '/etc/memplane/config' },
        { name: 'MEMPLANE_SCRATCH_DIR', value: '/var/lib/memplane' },
      ]),
    );
  });

  it('is probed as the deployment specification says: 30/10 and 5/5 on port 8283, and every second while it starts', () => {
    const port = 'http';
    expect(service?.ports).toEqual([{ name: port, containerPort: 8283, protocol: 'TCP' }]);
    expect(service?.livenessProbe).toMatchObject({
      httpGet: { path: '/health/live', port },
      initialDelaySeconds: 30,
      periodSeconds: 10,
    });
    expect(service?.readinessProbe).toMatchObject({
      httpGet: { path: '/health/ready', port },
      initialDelaySeconds: 5,
      periodSeconds: 5,
    });
    expect(service?.startupProbe).toMatchObject({ httpGet: { path: '/health/live', port }, periodSeconds: 1 });
  });

  it('asks for 1 CPU and 2 Gi, and may use 4 and 8, as the specification says of a recommended one', () => {
    expect(service?.resources).toEqual({ requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '4', memory: '8Gi' } });
    expect(migration?.resources).toEqual(service?.resources);
  });

  it('follows policies by a mount, and mounts nothing that it does not have', () => {
    expect(service?.volumeMounts).toContainEqual({ name: 'config', mountPath: '/etc/memplane/config', readOnly: true });
    expect(names(pod.volumes)).toEqual(['config', 'scratch', 'trust']);
    expect(names(podOf(buildTenant(MINIMAL)).volumes)).toEqual(['config', 'scratch']);
    expect(pod.volumes?.find(({ name }) => name === 'scratch')).toMatchObject({ emptyDir: { sizeLimit: '4Gi' } });
  });

  it('takes an image that is pinned by digest as it stands', () => {
    const image = `memplane/memplane@sha256:${'0'.repeat(64)}`;
    expect(podOf(buildTenant(tenantOptions({ image }))).containers[0]?.image).toBe(image);
  });

  it.each(FIXTURES)('has no right that it does not need: %s', (_, options) => {
    const { containers, initContainers = [], ...rest } = podOf(buildTenant(options));
    expect(rest).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      serviceAccountName: 'memory',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const { securityContext, lifecycle } of [...containers, ...initContainers]) {
      expect(lifecycle).toBeUndefined();
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('goes only when its successor answers', () => {
    expect(only<Deployment>(buildTenant(MAXIMAL), 'Deployment').spec?.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
  });

  it.each<['Zone' | 'Node' | 'None', readonly string[]]>([
    ['Zone', ['topology.kubernetes.io/zone', 'kubernetes.io/hostname']],
    ['Node', ['kubernetes.io/hostname']],
    ['None', []],
  ])('spreads over %s', (topologySpread, keys) => {
    const scheduling = { ...MINIMAL.scheduling, topologySpread };
    const { topologySpreadConstraints = [] } = podOf(buildTenant(tenantOptions({ scheduling })));
    expect(topologySpreadConstraints.map(({ topologyKey }) => topologyKey)).toEqual(keys);
  });
});
