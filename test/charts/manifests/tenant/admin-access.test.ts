import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from 'kubernetes-types/rbac/v1.js';
import { buildTenant } from '../../../../charts/manifests/tenant/build.js';
import { only } from '../../../support/manifests.js';
import { MAXIMAL, MINIMAL } from '../../../support/tenant-options.js';

describe("what a tenant's administrators may do", () => {
  const objects = buildTenant(MAXIMAL);

  it('with their MemoryTenant: read and change it, neither make nor delete it', () => {
    expect(only<ClusterRole>(objects, 'ClusterRole').rules).toEqual([
      {
        apiGroups: ['memplane.dev'],
        resources: ['memorytenants'],
        resourceNames: ['acme'],
        verbs: ['get', 'update', 'patch'],
      },
    ]);
  });

  it('in their namespace: backups, logs and the one bootstrap key; no exec, no other Secret', () => {
    const rules = only<Role>(objects, 'Role').rules ?? [];
    expect(rules.filter(({ resources }) => resources?.includes('secrets'))).toEqual([
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['memory-admin-key'], verbs: ['get'] },
    ]);
    const pods = rules.filter(({ resources }) => resources?.some((resource) => resource.startsWith('pods')));
    expect(pods.flatMap(({ resources = [] }) => resources)).toEqual(['pods', 'events', 'pods/log']);
    expect(pods.flatMap(({ verbs }) => verbs)).not.toContain('create');
  });

  it('people and groups are named by API group, accounts by namespace', () => {
    const subjects = [
      { kind: 'Group', name: 'acme-admins', apiGroup: 'rbac.authorization.k8s.io' },
      { kind: 'User', name: 'ada@acme.example', apiGroup: 'rbac.authorization.k8s.io' },
      { kind: 'ServiceAccount', name: 'pipeline', namespace: 'acme-ci' },
    ];
    expect(only<RoleBinding>(objects, 'RoleBinding').subjects).toEqual(subjects);
    expect(only<ClusterRoleBinding>(objects, 'ClusterRoleBinding').subjects).toEqual(subjects);
  });

  it('nobody is bound while nobody is named', () => {
    expect(buildTenant(MINIMAL).filter(({ kind }) => kind.endsWith('Binding'))).toEqual([]);
  });
});
