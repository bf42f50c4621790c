import { messageOf, metaOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, deployment, widget } from './widget.js';

export function registerVersions(suite: Suite): void {
  describe('versions and generations', () => {
    it('a new object gets uid, version, time and, where its kind counts them, generation 1', async () => {
      const ns = await suite.namespace();
      const made = await suite.client().create(paths.widgets(ns), widget('a', {}, { uid: 'mine', generation: 9 }));
      expect(made.status).toBe(201);
      const { uid, resourceVersion, generation, creationTimestamp } = metaOf(made.body);
      expect(uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(Number(resourceVersion)).toBeGreaterThan(0);
      expect(generation).toBe(1);
      expect(creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    it('a name that is taken is refused, one that is generated is not', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.configMaps(ns), configMap('a'));
      const again = await suite.client().create(paths.configMaps(ns), configMap('a'));
      expect([again.status, again.body.reason]).toEqual([409, 'AlreadyExists']);
      expect(messageOf(again)).toBe('configmaps "a" already exists');
      const generated = { ...configMap(''), metadata: { generateName: 'a-' } };
      const made = await suite.client().create(paths.configMaps(ns), generated);
      expect(metaOf(made.body).name).toMatch(/^a-[a-z0-9]{5}$/);
    });

    it('replacing an old version is a conflict, without a version it is not for built-in kinds and invalid for ours', async () => {
      const ns = await suite.namespace();
      const path = `${paths.configMaps(ns)}/a`;
      const { body: first } = await suite.client().create(paths.configMaps(ns), configMap('a', { k: '1' }));
      await suite.client().replace(path, { ...first, data: { k: '2' } });
      const stale = await suite.client().replace(path, { ...first, data: { k: '3' } });
      expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
      expect(messageOf(stale)).toBe(
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      );
      expect((await suite.client().replace(path, configMap('a', { k: '4' }))).status).toBe(200);
      await suite.client().create(paths.widgets(ns), widget('a'));
      const unversioned = await suite.client().replace(`${paths.widgets(ns)}/a`, widget('a', { size: 4 }));
      expect(unversioned.status).toBe(422);
      expect(messageOf(unversioned)).toContain(
        'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
      );
    });

    it('writing the same again makes no version', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      const { body } = await suite.client().create(paths.widgets(ns), widget('a', { size: 4 }));
      const replaced = await suite.client().replace(path, body);
      const merged = await suite.client().merge(path, { spec: { size: 4 } });
      expect(metaOf(replaced.body).resourceVersion).toBe(metaOf(body).resourceVersion);
      expect(metaOf(merged.body).resourceVersion).toBe(metaOf(body).resourceVersion);
    });

    it('a generation counts changes of the spec, not of metadata or status', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().create(paths.widgets(ns), widget('a'));
      const labelled = await suite.client().merge(path, { metadata: { labels: { a: 'b' } } });
      const reported = await suite.client().merge(`${path}/status`, { status: { phase: 'Up' } });
      const resized = await suite.client().merge(path, { spec: { size: 5 } });
      expect([labelled, reported, resized].map(({ body }) => metaOf(body).generation)).toEqual([1, 1, 2]);
      await suite.client().create(paths.deployments(ns), deployment('a', { replicas: 0 }));
      const scaled = await suite.client().merge(`${paths.deployments(ns)}/a`, { spec: { paused: true } });
      expect(metaOf(scaled.body).generation).toBe(2);
    });

    it('the status is written by its subresource alone, which writes nothing else', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      const created = await suite.client().create(paths.widgets(ns), { ...widget('a'), status: { phase: 'Early' } });
      expect(created.body.status).toBeUndefined();
      const ignored = await suite.client().merge(path, { status: { phase: 'Up' } });
      expect(ignored.body.status).toBeUndefined();
      const both = await suite
        .client()
        .merge(`${path}/status`, { status: { phase: 'Up' }, spec: { size: 9 }, metadata: { labels: { a: 'b' } } });
      expect(both.body.status).toEqual({ phase: 'Up' });
      expect(both.body.spec).toMatchObject({ size: 3 });
      expect(metaOf(both.body).labels).toBeUndefined();
      const after = await suite.client().merge(path, { spec: { size: 4 }, status: { phase: 'Down' } });
      expect(after.body).toMatchObject({ spec: { size: 4 }, status: { phase: 'Up' } });
    });

    it('a dry run answers what would be, and leaves what is', async () => {
      const ns = await suite.namespace();
      const tried = await suite.client().create(paths.widgets(ns), widget('a'), { dryRun: 'All' });
      expect(tried.status).toBe(201);
      expect(tried.body.spec).toMatchObject({ size: 3 });
      expect((await suite.client().get(`${paths.widgets(ns)}/a`)).status).toBe(404);
      await suite.client().create(paths.widgets(ns), widget('a'));
      const merged = await suite.client().merge(`${paths.widgets(ns)}/a`, { spec: { size: 8 } }, { dryRun: 'All' });
      expect(merged.body.spec).toMatchObject({ size: 8 });
      expect((await suite.client().get(`${paths.widgets(ns)}/a`)).body.spec).toMatchObject({ size: 3 });
    });

    it('what is not there, and who is not known, is said in so many words', async () => {
      const ns = await suite.namespace();
      const missing = await suite.client().get(`${paths.widgets(ns)}/none`);
      expect(missing.status).toBe(404);
      expect(missing.body).toMatchObject({
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        message: 'widgets.conformance.dev "none" not found',
        details: { name: 'none', group: 'conformance.dev', kind: 'widgets' },
      });
      const stranger = await suite.client().get(paths.namespaces, { token: 'nobody' });
      expect([stranger.status, stranger.body.reason]).toEqual([401, 'Unauthorized']);
    });

    it('the scale subresource reads and writes the replicas', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().create(paths.widgets(ns), widget('a', { size: 2 }));
      const scale = await suite.client().get(`${path}/scale`);
      expect(scale.body).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 2 } });
      const scaled = await suite.client().merge(`${path}/scale`, { spec: { replicas: 6 } });
      expect(scaled.body.spec).toEqual({ replicas: 6 });
      expect((await suite.client().get(path)).body.spec).toMatchObject({ size: 6 });
    });
  });
}
