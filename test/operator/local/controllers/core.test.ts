import { join } from 'node:path';
import { type ApiServer, startApiServer } from '../../../../operator/local/api-server/index.js';
import { ConformanceClient, eventually, metaOf } from '../conformance/client.js';
import { paths } from '../conformance/conformance.js';
import { configMap } from '../conformance/widget.js';
import { type Embedded, startEmbedded } from '../embedded.js';

const clientOf = (server: ApiServer): ConformanceClient =>
  new ConformanceClient({
    url: server.url,
    token: server.adminToken,
    ca: server.caPem,
    forgetHistory: () => undefined,
    stop: () => Promise.resolve(),
  });

describe('the controllers inside the API server', () => {
  let embedded: Embedded;
  let client: ConformanceClient;

  beforeEach(async () => {
    embedded = await startEmbedded();
    client = clientOf(embedded.server);
  });
  afterEach(async () => {
    await client.close();
    await embedded.stop();
  });

  it('are held to admission policies, as who they are, and try again when one is lifted', async () => {
    const name = 'guard.conformance.dev';
    const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['DELETE'] };
    const expression = "request.userInfo.username != 'system:serviceaccount:kube-system:generic-garbage-collector'";
    await client.create(`${paths.policies}/validatingadmissionpolicies`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression }] },
    });
    await client.create(`${paths.policies}/validatingadmissionpolicybindings`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    });
    const path = paths.configMaps('default');
    const { body: owner } = await client.create(path, configMap('owner'));
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metaOf(owner).uid };
    await client.create(path, configMap('child', {}, { ownerReferences: [reference] }));
    expect((await client.delete(`${path}/owner`)).status).toBe(200);
    // The collector runs within the turn after the deletion; two more requests are later than that.
    await client.get(`${path}/child`);
    expect((await client.get(`${path}/child`)).status).toBe(200);
    await client.delete(`${paths.policies}/validatingadmissionpolicybindings/${name}`);
    await eventually('the child is gone', async () =>
      (await client.get(`${path}/child`)).status === 404 ? true : undefined,
    );
  }, 90_000);

  it('take up what a stopped server left half done', async () => {
    const dataDir = join(embedded.directory, 'data');
    const alone = await startApiServer({ dataDir });
    const before = clientOf(alone);
    await before.create(paths.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } });
    await before.create(paths.configMaps('going'), configMap('content'));
    await before.delete(`${paths.namespaces}/going`);
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'gone',
      uid: '00000000-0000-4000-8000-000000000000',
    };
    await before.create(paths.configMaps('default'), configMap('orphan', {}, { ownerReferences: [reference] }));
    expect((await before.get(`${paths.configMaps('going')}/content`)).status).toBe(200);
    await before.close();
    await alone.stop();
    const again = await startEmbedded({ dataDir });
    const after = clientOf(again.server);
    for (const path of [`${paths.namespaces}/going`, `${paths.configMaps('default')}/orphan`]) {
      await eventually(`${path} is gone`, async () => ((await after.get(path)).status === 404 ? true : undefined));
    }
    await after.close();
    await again.stop();
  }, 90_000);
});
