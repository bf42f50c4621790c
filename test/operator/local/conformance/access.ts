import { type Answer, at, eventually, messageOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap } from './widget.js';

export function registerAccess(suite: Suite): void {
  let count = 0;
  const RBAC = 'rbac.authorization.k8s.io/v1';

  /** A service account, and the token that it gets by asking. */
  const account = async (ns: string): Promise<{ name: string; token: string }> => {
    count += 1;
    const name = `account-${count}`;
    const path = `/api/v1/namespaces/${ns}/serviceaccounts`;
    await suite.client().create(path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
    const asked = await suite.client().create(`${path}/${name}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    expect(asked.status).toBe(201);
    return { name, token: String(at(asked.body, 'status', 'token')) };
  };

  const grant = async (ns: string, subject: string, rules: readonly object[], cluster = false): Promise<void> => {
    count += 1;
    const name = `grant-${count}`;
    const kind = cluster ? 'ClusterRole' : 'Role';
    const within = cluster ? paths.rbac : `${paths.rbac}/namespaces/${ns}`;
    const plural = cluster ? 'clusterroles' : 'roles';
    await suite.client().create(`${within}/${plural}`, { apiVersion: RBAC, kind, metadata: { name }, rules });
    await suite.client().create(`${within}/${cluster ? 'clusterrolebindings' : 'rolebindings'}`, {
      apiVersion: RBAC,
      kind: `${kind}Binding`,
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      subjects: [{ kind: 'ServiceAccount', name: subject, namespace: ns }],
    });
  };

  const allowed = (look: () => Promise<Answer>): Promise<Answer> =>
    eventually('the grant is in force', async () => {
      const answer = await look();
      return answer.status === 403 ? undefined : answer;
    });

  describe('access', () => {
    it('is refused in Kubernetes words until a role gives it', async () => {
      const ns = await suite.namespace();
      const { name, token } = await account(ns);
      const look = () => suite.client().get(paths.configMaps(ns), { token });
      const refused = await look();
      expect([refused.status, refused.body.reason]).toEqual([403, 'Forbidden']);
      expect(messageOf(refused)).toBe(
        `configmaps is forbidden: User "system:serviceaccount:${ns}:${name}" cannot list resource "configmaps" in API group "" in the namespace "${ns}"`,
      );
      const widgets = await suite.client().get(`${paths.widgets(ns)}/a`, { token });
      expect(messageOf(widgets)).toBe(
        `widgets.conformance.dev "a" is forbidden: User "system:serviceaccount:${ns}:${name}" cannot get resource "widgets" in API group "conformance.dev" in the namespace "${ns}"`,
      );
      const namespaces = await suite.client().get(paths.namespaces, { token });
      expect(messageOf(namespaces)).toMatch(/cannot list resource "namespaces" in API group "" at the cluster scope$/);
      await grant(ns, name, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]);
      expect((await allowed(look)).status).toBe(200);
      const other = await suite.client().get(paths.configMaps('default'), { token });
      expect(other.status).toBe(403);
      const created = await suite.client().call('POST', paths.configMaps(ns), { token, body: configMap('a') });
      expect(created.status).toBe(403);
    });

    it('may name single objects, and their subresources apart', async () => {
      const ns = await suite.namespace();
      const { name, token } = await account(ns);
      for (const one of ['mine', 'yours'])
        await suite.client().create(paths.widgets(ns), {
          apiVersion: 'conformance.dev/v1',
          kind: 'Widget',
          metadata: { name: one },
          spec: {},
        });
      const rule = {
        apiGroups: ['conformance.dev'],
        resources: ['widgets'],
        resourceNames: ['mine'],
        verbs: ['get', 'list', 'patch'],
      };
      await grant(ns, name, [rule], true);
      const get = (path: string, query = {}) => suite.client().get(`${paths.widgets(ns)}${path}`, { token, query });
      expect((await allowed(() => get('/mine'))).status).toBe(200);
      expect((await get('/yours')).status).toBe(403);
      expect((await get('')).status).toBe(403);
      expect((await get('', { fieldSelector: 'metadata.name=mine' })).status).toBe(200);
      const patch = (path: string) =>
        suite.client().call('PATCH', `${paths.widgets(ns)}${path}`, {
          token,
          body: {},
          contentType: 'application/merge-patch+json',
        });
      expect([(await patch('/mine')).status, (await patch('/mine/status')).status]).toEqual([200, 403]);
    });

    it('of everybody includes asking what one may', async () => {
      const ns = await suite.namespace();
      const { name, token } = await account(ns);
      const ask = async (attributes: object): Promise<unknown> => {
        const body = {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: attributes },
        };
        const answer = await suite
          .client()
          .call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { token, body });
        expect(answer.status).toBe(201);
        return at(answer.body, 'status', 'allowed');
      };
      const question = { verb: 'delete', resource: 'secrets', namespace: ns };
      expect(await ask(question)).toBe(false);
      await grant(ns, name, [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }]);
      expect(
        await eventually('the answer is yes', async () => ((await ask(question)) === true ? true : undefined)),
      ).toBe(true);
      expect((await suite.client().get('/version', { token })).status).toBe(200);
    });

    it('is not to be handed out by who does not hold it', async () => {
      const ns = await suite.namespace();
      const { name, token } = await account(ns);
      await grant(ns, name, [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings'],
          verbs: ['*'].filter(() => false).concat('create', 'get'),
        },
        { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
      ]);
      const role = (roleName: string, rules: readonly object[]) =>
        suite.client().call('POST', `${paths.rbac}/namespaces/${ns}/roles`, {
          token,
          body: { apiVersion: RBAC, kind: 'Role', metadata: { name: roleName }, rules },
        });
      const held = await allowed(() => role('held', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]));
      expect(held.status).toBe(201);
      const more = await role('more', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]);
      expect([more.status, messageOf(more)]).toEqual([
        403,
        expect.stringContaining('is attempting to grant RBAC permissions not currently held'),
      ]);
    });
  });
}
