import { at, eventually, messageOf, metaOf, namesOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, widget } from './widget.js';

const HOLD = 'conformance.dev/hold';

export function registerDeletion(suite: Suite): void {
  const isGone = (path: string): Promise<true> =>
    eventually(`${path} is gone`, async () => ((await suite.client().get(path)).status === 404 ? true : undefined));

  describe('deletion', () => {
    it('answers a status that names what is gone', async () => {
      const ns = await suite.namespace();
      const { body } = await suite.client().create(paths.widgets(ns), widget('a'));
      const deleted = await suite.client().delete(`${paths.widgets(ns)}/a`);
      expect(deleted.body).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { name: 'a', group: 'conformance.dev', kind: 'widgets', uid: metaOf(body).uid },
      });
      expect((await suite.client().delete(`${paths.widgets(ns)}/a`)).status).toBe(404);
    });

    it('holds to the preconditions: this uid, this version', async () => {
      const ns = await suite.namespace();
      const path = `${paths.configMaps(ns)}/a`;
      const { body } = await suite.client().create(paths.configMaps(ns), configMap('a'));
      const other = await suite
        .client()
        .delete(path, { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } });
      expect([other.status, other.body.reason]).toEqual([409, 'Conflict']);
      expect(messageOf(other)).toBe(
        `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (00000000-0000-4000-8000-000000000000) does not match the UID in record (${metaOf(body).uid}). The object might have been deleted and then recreated`,
      );
      await suite.client().merge(path, { data: { k: '1' } });
      const { uid, resourceVersion } = metaOf(body);
      const stale = await suite.client().delete(path, { preconditions: { resourceVersion } });
      expect(stale.status).toBe(409);
      expect((await suite.client().delete(path, { preconditions: { uid } })).status).toBe(200);
    });

    it('waits for finalizers, during which nothing but their removal helps', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().create(paths.widgets(ns), widget('a', {}, { finalizers: [HOLD] }));
      const marked = await suite.client().delete(path);
      expect(marked.status).toBe(200);
      expect(metaOf(marked.body)).toMatchObject({ finalizers: [HOLD], generation: 2, deletionGracePeriodSeconds: 0 });
      expect(metaOf(marked.body).deletionTimestamp).toBeDefined();
      const more = await suite.client().merge(path, { metadata: { finalizers: [HOLD, 'conformance.dev/more'] } });
      expect(more.status).toBe(422);
      expect(messageOf(more)).toContain('no new finalizers can be added if the object is being deleted');
      const again = await suite.client().delete(path);
      expect(metaOf(again.body).deletionTimestamp).toBe(metaOf(marked.body).deletionTimestamp);
      const released = await suite.client().merge(path, { metadata: { finalizers: null } });
      expect(released.status).toBe(200);
      expect((await suite.client().get(path)).status).toBe(404);
    });

    it('of a collection takes a selection', async () => {
      const ns = await suite.namespace();
      for (const name of ['a', 'b', 'c']) {
        await suite
          .client()
          .create(paths.configMaps(ns), configMap(name, {}, { labels: { go: name === 'b' ? 'no' : 'yes' } }));
      }
      const { status } = await suite
        .client()
        .call('DELETE', paths.configMaps(ns), { query: { labelSelector: 'go=yes' }, body: {} });
      expect(status).toBe(200);
      const left = await suite.client().get(paths.configMaps(ns), { query: { labelSelector: 'go' } });
      expect(namesOf(left.body)).toEqual(['b']);
    });

    it('as a dry run deletes nothing', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.configMaps(ns), configMap('a'));
      expect((await suite.client().delete(`${paths.configMaps(ns)}/a`, { dryRun: ['All'] })).status).toBe(200);
      expect((await suite.client().get(`${paths.configMaps(ns)}/a`)).status).toBe(200);
    });

    it('gives a pod on a node its time, one on none goes at once', async () => {
      const ns = await suite.namespace();
      const pod = (name: string, spec: object = {}) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { containers: [{ name: 'a', image: 'a' }], ...spec },
      });
      await suite.client().create(paths.pods(ns), pod('free'));
      await suite.client().delete(`${paths.pods(ns)}/free`);
      expect((await suite.client().get(`${paths.pods(ns)}/free`)).status).toBe(404);
      await suite.client().create(paths.pods(ns), pod('placed', { terminationGracePeriodSeconds: 40 }));
      const bound = await suite.client().create(`${paths.pods(ns)}/placed/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'placed' },
        target: { apiVersion: 'v1', kind: 'Node', name: 'node-a' },
      });
      expect(bound.status).toBe(201);
      expect(at((await suite.client().get(`${paths.pods(ns)}/placed`)).body, 'spec', 'nodeName')).toBe('node-a');
      const marked = await suite.client().delete(`${paths.pods(ns)}/placed`);
      expect(metaOf(marked.body)).toMatchObject({ deletionGracePeriodSeconds: 40 });
      const ended = await suite.client().delete(`${paths.pods(ns)}/placed`, { gracePeriodSeconds: 0 });
      expect(ended.status).toBe(200);
      await isGone(`${paths.pods(ns)}/placed`);
    });
  });

  describe('namespaces', () => {
    it('that are not there take nothing in', async () => {
      const refused = await suite.client().create(paths.configMaps('nowhere'), configMap('a'));
      expect([refused.status, messageOf(refused)]).toEqual([404, 'namespaces "nowhere" not found']);
    });

    it('that are going take nothing in, empty themselves, and wait for what is held', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.configMaps(ns), configMap('free'));
      await suite.client().create(paths.widgets(ns), widget('held', {}, { finalizers: [HOLD] }));
      const going = await suite.client().delete(`${paths.namespaces}/${ns}`);
      expect(going.body).toMatchObject({
        kind: 'Namespace',
        status: { phase: 'Terminating' },
        spec: { finalizers: ['kubernetes'] },
      });
      const refused = await suite.client().create(paths.configMaps(ns), configMap('late'));
      expect([refused.status, refused.body.reason]).toEqual([403, 'Forbidden']);
      expect(messageOf(refused)).toBe(
        `configmaps "late" is forbidden: unable to create new content in namespace ${ns} because it is being terminated`,
      );
      await isGone(`${paths.configMaps(ns)}/free`);
      const condition = await eventually('the namespace says why it is still there', async () => {
        const { body } = await suite.client().get(`${paths.namespaces}/${ns}`);
        const conditions = (at(body, 'status', 'conditions') ?? []) as {
          type: string;
          status: string;
          message: string;
        }[];
        return conditions.find(({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True');
      });
      expect(condition.message).toContain(`${HOLD} in 1 resource instances`);
      expect((await suite.client().get(`${paths.namespaces}/${ns}`)).status).toBe(200);
      await suite.client().merge(`${paths.widgets(ns)}/held`, { metadata: { finalizers: null } });
      await isGone(`${paths.namespaces}/${ns}`);
    }, 300_000);

    it('have a name for the label selectors of others', async () => {
      const ns = await suite.namespace();
      const { body } = await suite.client().get(`${paths.namespaces}/${ns}`);
      expect(metaOf(body).labels).toMatchObject({ 'kubernetes.io/metadata.name': ns });
    });
  });
}
