import { jest } from '@jest/globals';
import { CONFIG_MAP, DEPLOYMENTS, OPERATOR_NAMESPACE, SECRETS, tenantNamespace } from '../../charts/manifests/names.js';
import { MEMORY_TENANTS } from '../../operator/api/v1alpha1/resources.js';
import type { MemoryTenant } from '../../operator/api/v1alpha1/types.js';
import type { LiveObject } from '../../operator/clients/kube.js';
import { RESOURCES } from '../../operator/clients/kube-resources.js';
import { type Lab, startLab } from '../support/lab.js';

/** A claim may need a rollout or two; each wait inside has a deadline of its own that says what it waited for. */
jest.setTimeout(600_000);

/** The life of a tenant, told against whichever cluster the starter gives: embedded, a real kube-apiserver, any other. */
export function describeTenantLife(cluster: string, kubeconfig: () => Promise<string | undefined>): void {
  describe(`a tenant on ${cluster}`, () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await startLab(await kubeconfig());
    });
    afterAll(() => lab?.stop(), 300_000);

    it('comes to life from a name and nothing else', async () => {
      const tenant = await lab.applyTenant('acme');
      expect(tenant.status).toMatchObject({
        namespace: 'mem-acme',
        apiKeySecret: SECRETS.adminKey,
        version: lab.version,
      });
      expect(conditions(tenant)).toMatchObject({
        Ready: 'True',
        Available: 'True',
        KeysReady: 'True',
        DatabaseReady: 'True',
      });
      expect(conditions(tenant)).not.toHaveProperty('Stalled');
      expect(conditions(tenant)).not.toHaveProperty('Reconciling');
      expect(tenant.metadata.generation).toBe(tenant.status?.observedGeneration);
    });

    it('keeps a memory and finds it again, sealed in the database', async () => {
      const api = await lab.api('acme');
      expect(await api.create('ada', 'Ada prefers window seats')).toMatchObject({ status: 201 });
      expect(await lab.found('acme', 'where does she like to sit?')).toContain('Ada prefers window seats');
      expect(await lab.databaseContains('window seats')).toBe(false);
    });

    it('tells what it uses', async () => {
      await lab.eventually(async () => {
        const tenant = await lab.kube.get<MemoryTenant>({ resource: MEMORY_TENANTS, name: 'acme' });
        const counted = { memories: expect.any(Number), vectors: expect.any(Number), tokensToday: 0 };
        expect(tenant?.status?.usage).toMatchObject(counted);
        expect(tenant?.status?.usage?.storageBytes).toBeGreaterThan(100_000);
      });
    });

    it('applies a change of policy without touching the pods', async () => {
      const before = await lab.podUids('acme');
      await lab.applyTenant('acme', { quotas: { memories: 1, memoriesPerUser: 1 } });
      const api = await lab.api('acme');
      await lab.eventually(async () => expect(await api.create('ada', 'one more')).toMatchObject({ status: 403 }));
      expect(await lab.podUids('acme')).toEqual(before);
      await lab.applyTenant('acme');
    });

    it('puts right what somebody else changed or deleted', async () => {
      const ref = { resource: RESOURCES.configMaps, namespace: 'mem-acme', name: CONFIG_MAP };
      await lab.kube.mergePatch(ref, { data: { LOG_LEVEL: 'debug' } });
      await lab.eventually(async () => expect(await lab.kube.get(ref)).toMatchObject({ data: { LOG_LEVEL: 'info' } }));
      await lab.kube.delete({ resource: RESOURCES.services, namespace: 'mem-acme', name: DEPLOYMENTS.memory });
      await lab.eventually(async () =>
        expect(
          await lab.kube.get({ resource: RESOURCES.services, namespace: 'mem-acme', name: DEPLOYMENTS.memory }),
        ).toBeDefined(),
      );
    });

    it('ends its pods when it is suspended, and answers as before when it is resumed', async () => {
      const suspended = await lab.applyTenant('acme', { mode: 'Suspended' });
      expect(conditions(suspended)).toMatchObject({ Ready: 'True', Available: 'False' });
      expect(await lab.podUids('acme')).toEqual([]);
      await lab.applyTenant('acme');
      expect(await lab.found('acme', 'where does she like to sit?')).toContain('Ada prefers window seats');
    });

    it('is left alone while it is paused', async () => {
      await lab.applyTenant('acme', { paused: true, mode: 'Suspended' }, 'Paused');
      expect(await lab.podUids('acme')).not.toEqual([]);
      await lab.applyTenant('acme');
    });

    it('comes to life although the operator is killed in the middle, again and again', async () => {
      const life = lab.applyTenant('phoenix');
      for (const afterMs of [50, 200, 400]) {
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        await lab.killOperator();
      }
      expect(conditions(await life)).toMatchObject({ Ready: 'True' });
      expect(await lab.count('SELECT 1 FROM memplane.tenants WHERE name = $1', ['phoenix'])).toBe(1);
      expect(await lab.count("SELECT 1 FROM pg_namespace WHERE nspname LIKE 't\\_%'")).toBe(2);
      await lab.deleteTenant('phoenix', { deletionPolicy: 'Erase', erasureGraceDays: 0 });
    });

    it('goes on after its database was away, and says so meanwhile', async () => {
      await lab.postgres.stop();
      await lab.eventually(async () => {
        const plane = await lab.plane();
        expect(plane.status?.conditions).toContainEqual(
          expect.objectContaining({ type: 'Ready', status: 'False', reason: 'DatabaseUnreachable' }),
        );
      });
      await lab.postgres.restart();
      await lab.eventually(async () =>
        expect(await lab.found('acme', 'where does she like to sit?')).toContain('Ada prefers window seats'),
      );
      await lab.untilReady('acme');
    });

    it('deleted with Retain it keeps data and keys, and comes back as the same tenant', async () => {
      const before = await lab.tenant('acme');
      await lab.deleteTenant('acme');
      expect(await lab.kube.get({ resource: RESOURCES.namespaces, name: 'mem-acme' })).toBeUndefined();
      expect(await lab.keyrings(before)).toEqual(['retained']);
      const after = await lab.applyTenant('acme');
      expect(after.status?.tenantID).toBe(before.status?.tenantID);
      expect(await lab.keyrings(after)).toEqual(['mem-acme']);
      expect(await lab.found('acme', 'where does she like to sit?')).toContain('Ada prefers window seats');
    });

    it('survives its resource definition being deleted and installed again', async () => {
      const before = await lab.tenant('acme');
      await lab.reinstallResources();
      const after = await lab.applyTenant('acme');
      expect(after.status?.tenantID).toBe(before.status?.tenantID);
      expect(await lab.found('acme', 'where does she like to sit?')).toContain('Ada prefers window seats');
    });

    it('is not erased while a hold names it', async () => {
      await lab.applyTenant('held');
      await lab.hold('case-7', ['held']);
      await lab.applyTenant('held', { deletionPolicy: 'Erase', erasureGraceDays: 0 });
      await lab.kube.delete({ resource: MEMORY_TENANTS, name: 'held' });
      await lab.eventually(async () =>
        expect(conditionOf(await lab.tenant('held'), 'Ready')).toMatchObject({ reason: 'Held' }),
      );
      await lab.releaseHold('case-7');
      await lab.untilGone('held');
    });

    it('deleted with Erase nothing of it is left', async () => {
      const before = await lab.tenant('acme');
      await lab.deleteTenant('acme', { deletionPolicy: 'Erase', erasureGraceDays: 0 });
      expect(await lab.keyrings(before)).toEqual([]);
      const schema = before.status?.placement?.schema;
      expect(await lab.count('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])).toBe(0);
      expect(await lab.count('SELECT 1 FROM pg_roles WHERE rolname LIKE $1', [`${schema}%`])).toBe(0);
      const after = await lab.applyTenant('acme');
      expect(after.status?.tenantID).not.toBe(before.status?.tenantID);
      expect(await lab.found('acme', 'where does she like to sit?')).toEqual([]);
    });

    it.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
      ['a plane that is missing', { planeRef: { name: 'nowhere' } }, 'PlaneNotFound', /MemoryPlane nowhere.*create it/],
      ['a class that is missing', { className: 'gold' }, 'ClassNotFound', /MemoryTenantClass gold/],
      ['a tier that is not there yet', { tier: 'Isolated' }, 'TierNotSupported', /spec\.tier is Isolated.*Pooled/],
      [
        "another tenant's hostname",
        { access: { hostnames: ['acme.localhost'] } },
        'HostnameTaken',
        /MemoryTenant acme/,
      ],
    ])('says what is wrong: %s', async (_, spec, reason, message) => {
      const name = `wrong-${reason.toLowerCase()}`;
      await lab.submitTenant(name, spec);
      await lab.eventually(async () =>
        expect(conditionOf(await lab.tenant(name), 'Stalled')).toMatchObject({
          reason,
          message: expect.stringMatching(message),
        }),
      );
      await lab.deleteTenant(name);
    });

    it('never takes over a namespace that is not ours', async () => {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: tenantNamespace('squat') } };
      await lab.kube.create(RESOURCES.namespaces, namespace);
      await lab.submitTenant('squat');
      await lab.eventually(async () =>
        expect(conditionOf(await lab.tenant('squat'), 'NamespaceReady')).toMatchObject({ reason: 'NamespaceConflict' }),
      );
      await lab.deleteTenant('squat');
      expect(await lab.kube.get({ resource: RESOURCES.namespaces, name: 'mem-squat' })).toBeDefined();
    });

    it('waits for a Secret of its plane that is missing, names it, and goes on when it comes', async () => {
      await lab.applyPlane('other', 'not-there-yet');
      await lab.submitTenant('patient', { planeRef: { name: 'other' } });
      await lab.eventually(async () =>
        expect(conditionOf(await lab.tenant('patient'), 'Ready')).toMatchObject({
          reason: 'SecretMissing',
          message: expect.stringContaining(`${OPERATOR_NAMESPACE}/not-there-yet`),
        }),
      );
      await lab.copyPlaneSecret('not-there-yet');
      await lab.untilReady('patient');
      await lab.eventually(async () =>
        expect((await lab.plane('other')).status?.conditions).toContainEqual(
          expect.objectContaining({ status: 'True' }),
        ),
      );
    });

    it('puts its log under lock', async () => {
      await lab.eventually(async () => expect(await archives(lab, 'acme')).toContain('archived'));
    });

    it('writes nothing while nothing changes', async () => {
      // What is done once an hour for a new tenant is done.
      await lab.eventually(async () => {
        const tenants = await lab.kube.list<MemoryTenant>(MEMORY_TENANTS);
        const placed = tenants.items.filter(({ status }) => status?.endpoint !== undefined);
        for (const { metadata, status } of placed) {
          expect([metadata.name, status?.usage === undefined]).toEqual([metadata.name, false]);
          expect([metadata.name, [...new Set(await archives(lab, metadata.name))]]).toEqual([
            metadata.name,
            ['archived'],
          ]);
          expect([metadata.name, status?.conditions?.find(({ type }) => type === 'AuditReady')?.status]).toEqual([
            metadata.name,
            'True',
          ]);
        }
      }, 240_000);
      // And the others are counted again every five minutes.
      await lab.eventually(async () => expect(await lab.writesDuring(10_000)).toEqual([]), 90_000);
    });
  });
}

const conditionOf = (tenant: MemoryTenant, type: string) =>
  tenant.status?.conditions?.find((condition) => condition.type === type);

const conditions = (tenant: MemoryTenant): Readonly<Record<string, string>> =>
  Object.fromEntries((tenant.status?.conditions ?? []).map(({ type, status }) => [type, status]));

/** How each run that the operator started for the tenant's log went. */
async function archives(lab: Lab, tenant: string): Promise<readonly string[]> {
  const { items } = await lab.kube.list<LiveObject & { readonly status?: { readonly succeeded?: number } }>(
    RESOURCES.jobs,
    { namespace: tenantNamespace(tenant) },
  );
  return items.map(({ status }) => (status?.succeeded === 1 ? 'archived' : 'not yet'));
}
