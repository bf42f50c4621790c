import { at, messageOf, metaOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, deployment, widget } from './widget.js';

const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

export function registerPatches(suite: Suite): void {
  describe('patches', () => {
    it('a merge patch removes by null and replaces lists', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.widgets(ns), widget('a', { steps: ['x', 'y'], labels: { a: '1', b: '2' } }));
      const { body } = await suite
        .client()
        .merge(`${paths.widgets(ns)}/a`, { spec: { steps: ['z'], labels: { a: null } } });
      expect(body.spec).toMatchObject({ steps: ['z'], labels: { b: '2' } });
    });

    it('a merge patch that names an old version is a conflict', async () => {
      const ns = await suite.namespace();
      const path = `${paths.configMaps(ns)}/a`;
      const { body } = await suite.client().create(paths.configMaps(ns), configMap('a'));
      await suite.client().merge(path, { data: { a: '1' } });
      const { resourceVersion } = metaOf(body);
      const stale = await suite.client().merge(path, { metadata: { resourceVersion }, data: { a: '2' } });
      expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
    });

    it('a JSON patch adds, tests and removes; a test that fails changes nothing', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().create(paths.widgets(ns), widget('a', { labels: { one: '1', 'x/y': '2' } }));
      const patch = (body: unknown) => suite.client().call('PATCH', path, { body, contentType: JSON_PATCH });
      const done = await patch([
        { op: 'test', path: '/spec/labels/one', value: '1' },
        { op: 'add', path: '/spec/labels/two', value: '2' },
        { op: 'remove', path: '/spec/labels/x~1y' },
      ]);
      expect(at(done.body, 'spec', 'labels')).toEqual({ one: '1', two: '2' });
      const refused = await patch([
        { op: 'replace', path: '/spec/labels/one', value: '5' },
        { op: 'test', path: '/spec/labels/two', value: 'no' },
      ]);
      expect(refused.status).toBe(422);
      expect(at((await suite.client().get(path)).body, 'spec', 'labels')).toEqual({ one: '1', two: '2' });
    });

    it('a strategic merge merges containers and their variables by name, and deletes by directive', async () => {
      const ns = await suite.namespace();
      const path = `${paths.deployments(ns)}/a`;
      await suite.client().create(
        paths.deployments(ns),
        deployment(
          'a',
          { replicas: 0 },
          {
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ),
      );
      const template = (containers: unknown) => ({ spec: { template: { spec: { containers } } } });
      const { body } = await suite.client().call('PATCH', path, {
        contentType: STRATEGIC,
        body: template([
          {
            name: 'main',
            env: [
              { name: 'A', $patch: 'delete' },
              { name: 'C', value: '3' },
            ],
          },
          { name: 'side', image: 'example.com/side:1' },
        ]),
      });
      const containers = at(body, 'spec', 'template', 'spec', 'containers') as {
        name: string;
        image: string;
        env: unknown;
      }[];
      expect(new Map(containers.map(({ name, image }) => [name, image]))).toEqual(
        new Map([
          ['main', 'example.com/main:1'],
          ['side', 'example.com/side:1'],
        ]),
      );
      expect(containers.find(({ name }) => name === 'main')?.env).toEqual([
        { name: 'C', value: '3' },
        { name: 'B', value: '2' },
      ]);
    });

    it('custom kinds take no strategic merge', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.widgets(ns), widget('a'));
      const refused = await suite
        .client()
        .call('PATCH', `${paths.widgets(ns)}/a`, { contentType: STRATEGIC, body: {} });
      expect([refused.status, refused.body.reason]).toEqual([415, 'UnsupportedMediaType']);
    });

    it('a name or a uid is not for patches to change', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.configMaps(ns), configMap('a'));
      const renamed = await suite.client().merge(`${paths.configMaps(ns)}/a`, { metadata: { name: 'b' } });
      expect(messageOf(renamed)).toBe('the name of the object (b) does not match the name on the URL (a)');
      expect(renamed.status).toBe(400);
      const other = await suite
        .client()
        .merge(`${paths.configMaps(ns)}/a`, { metadata: { uid: '00000000-0000-0000-0000-000000000000' } });
      expect(other.status).toBe(422);
      expect(messageOf(other)).toContain(
        'metadata.uid: Invalid value: "00000000-0000-0000-0000-000000000000": field is immutable',
      );
    });
  });
}
