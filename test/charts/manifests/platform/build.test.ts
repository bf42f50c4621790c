import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { ClusterRole, PolicyRule, Role } from 'kubernetes-types/rbac/v1.js';
import { buildPlatform } from '../../../../charts/manifests/platform/build.js';
import { TENANT_ADMIN_RULES, TENANT_EDIT_VERBS } from '../../../../charts/manifests/tenant/admin-access.js';
import { buildTenant } from '../../../../charts/manifests/tenant/build.js';
import { createResourceLookup } from '../../../../operator/clients/kube-resources.js';
import { literalSecrets, only, podOf } from '../../../support/manifests.js';
import { MAXIMAL } from '../../../support/tenant-options.js';

const objects = buildPlatform({ image: 'memplane/operator', version: '1.4.0' });
const clusterRules = only<ClusterRole>(objects, 'ClusterRole').rules ?? [];
const localRules = only<Role>(objects, 'Role').rules ?? [];

const mayDo = (verb: string, group: string, resource: string, rules: readonly PolicyRule[] = clusterRules): boolean =>
  rules.some(
    ({ verbs, apiGroups = [], resources = [], resourceNames }) =>
      verbs.includes(verb) &&
      apiGroups.includes(group) &&
      resources.includes(resource) &&
      (resourceNames === undefined || resourceNames.length === 0),
  );

describe("the operator's rights", () => {
  const { resourceFor } = createResourceLookup();
  const written = [...new Map(buildTenant(MAXIMAL).map((object) => [object.kind, resourceFor(object)]))];

  it.each(written)('cover %s, which a tenant has', (_, { apiVersion, plural }) => {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    for (const verb of ['get', 'list', 'watch', 'create', 'patch']) {
      expect([verb, mayDo(verb, group, plural)]).toEqual([verb, true]);
    }
  });

  it('have no wildcard, and nothing that makes more of them', () => {
    for (const { apiGroups = [], resources = [], verbs } of [...clusterRules, ...localRules]) {
      expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
      for (const verb of ['escalate', 'bind', 'impersonate', 'deletecollection']) expect(verbs).not.toContain(verb);
      for (const resource of ['pods/exec', 'pods/ephemeralcontainers', 'serviceaccounts/token']) {
        expect(resources).not.toContain(resource);
      }
    }
  });

  it('reach Secrets by name only, but its own namespace, where it only reads', () => {
    const secrets = (rules: readonly PolicyRule[]) => rules.filter(({ resources }) => resources?.includes('secrets'));
    for (const { resourceNames = [], verbs } of secrets(clusterRules)) {
      expect(resourceNames).not.toEqual([]);
      expect(verbs).not.toEqual(expect.arrayContaining(['list']));
    }
    expect(secrets(localRules).map(({ verbs }) => verbs)).toEqual([['get']]);
  });

  it('contain what it grants to administrators of tenants', () => {
    expect(clusterRules).toEqual(expect.arrayContaining([...TENANT_ADMIN_RULES]));
    for (const verb of TENANT_EDIT_VERBS) expect(mayDo(verb, 'memplane.dev', 'memorytenants')).toBe(true);
  });

  it('never end a tenant, a plane or a hold', () => {
    for (const kind of ['memorytenants', 'memoryplanes', 'memoryholds']) {
      expect(mayDo('delete', 'memplane.dev', kind)).toBe(false);
    }
  });
});

describe("the operator's Deployment", () => {
  it('runs one pod unless told otherwise', () => {
    expect(only<Deployment>(objects, 'Deployment').spec?.replicas).toBe(1);
    const two = buildPlatform({ image: 'memplane/operator', version: '1.4.0', replicas: 2 });
    expect(only<Deployment>(two, 'Deployment').spec?.replicas).toBe(2);
  });

  it('says where it is, and asks for a token', () => {
    const pod = podOf(objects);
    expect(pod).toMatchObject({ serviceAccountName: 'operator', automountServiceAccountToken: true });
    expect(pod.containers[0]?.image).toBe('memplane/operator:1.4.0');
    expect(pod.containers[0]?.env?.map(({ name }) => name)).toEqual(['PORT', 'LOG_LEVEL', 'POD_NAME', 'POD_NAMESPACE']);
  });

  it('gets the Secrets for its image where there are any', () => {
    const options = { image: 'memplane/operator', version: '1.4.0', imagePullSecrets: ['registry'] };
    expect(podOf(buildPlatform(options)).imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(podOf(objects)).not.toHaveProperty('imagePullSecrets');
  });
});

describe('the platform', () => {
  it('is guarded before there is anything to guard', () => {
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('ValidatingAdmissionPolicyBinding')).toBeLessThan(kinds.indexOf('ServiceAccount'));
    expect(kinds.at(-1)).toBe('Deployment');
  });

  it('holds no secret in clear', () => {
    expect(literalSecrets(objects)).toEqual([]);
  });
});
