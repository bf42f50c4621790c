import { at, eventually, metaOf, type Watch, type WatchEvent } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, widget } from './widget.js';

/** Whoever runs a cluster may publish its certificate in each namespace, some time after that is there. */
const isOurs = ({ object }: WatchEvent): boolean => metaOf(object).name !== 'kube-root-ca.crt';

const seen = (watch: Watch): readonly string[] =>
  watch.events.filter(isOurs).map(({ type, object }) => `${type} ${metaOf(object).name}`);

/** How long before its end a watch tells its last bookmark. */
const BOOKMARK_BEFORE_MS = 2_000;

export function registerWatching(suite: Suite): void {
  const versionOf = async (ns: string): Promise<string> =>
    metaOf((await suite.client().get(paths.configMaps(ns))).body).resourceVersion;
  const isSeen = (watch: Watch, count: number): Promise<true> =>
    eventually(`${count} events, of ${JSON.stringify(seen(watch))}`, () =>
      seen(watch).length >= count ? true : undefined,
    );

  describe('watches', () => {
    it('tell every change after a version, once and in order', async () => {
      const ns = await suite.namespace();
      const resourceVersion = await versionOf(ns);
      const path = paths.configMaps(ns);
      await suite.client().create(path, configMap('a'));
      const watch = await suite.client().watch(path, { resourceVersion });
      await suite.client().create(path, configMap('b'));
      await suite.client().merge(`${path}/a`, { data: { k: '1' } });
      await suite.client().delete(`${path}/b`);
      await suite.client().delete(`${path}/a`);
      await isSeen(watch, 5);
      await watch.close();
      expect(seen(watch)).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b', 'DELETED a']);
      const versions = watch.events.filter(isOurs).map(({ object }) => Number(metaOf(object).resourceVersion));
      expect(versions).toEqual([...versions].sort((x, y) => x - y));
      expect(new Set(versions).size).toBe(versions.length);
    });

    it('without a version start with what there is', async () => {
      const ns = await suite.namespace();
      const path = paths.widgets(ns);
      await suite.client().create(path, widget('a'));
      const watch = await suite.client().watch(path);
      await isSeen(watch, 1);
      await suite.client().create(path, widget('b'));
      await isSeen(watch, 2);
      await watch.close();
      expect(seen(watch)).toEqual(['ADDED a', 'ADDED b']);
    });

    it('of a selection tell when an object enters and leaves it', async () => {
      const ns = await suite.namespace();
      const path = paths.configMaps(ns);
      const resourceVersion = await versionOf(ns);
      const watch = await suite.client().watch(path, { resourceVersion, labelSelector: 'in=yes' });
      await suite.client().create(path, configMap('a'));
      await suite.client().merge(`${path}/a`, { metadata: { labels: { in: 'yes' } } });
      await suite.client().merge(`${path}/a`, { data: { k: '1' } });
      await suite.client().merge(`${path}/a`, { metadata: { labels: { in: 'no' } } });
      await suite.client().delete(`${path}/a`);
      await suite.client().create(path, configMap('b', {}, { labels: { in: 'yes' } }));
      await isSeen(watch, 4);
      await watch.close();
      expect(seen(watch)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);
      const left = watch.events[2]?.object ?? {};
      expect(metaOf(left).labels).toEqual({ in: 'yes' });
    });

    it('of one object by its name tell of no other', async () => {
      const ns = await suite.namespace();
      const path = paths.configMaps(ns);
      const resourceVersion = await versionOf(ns);
      const watch = await suite.client().watch(path, { resourceVersion, fieldSelector: 'metadata.name=b' });
      for (const name of ['a', 'b', 'c']) await suite.client().create(path, configMap(name));
      await suite.client().delete(`${path}/b`);
      await isSeen(watch, 2);
      await watch.close();
      expect(seen(watch)).toEqual(['ADDED b', 'DELETED b']);
    });

    it('do not tell of what changed nothing', async () => {
      const ns = await suite.namespace();
      const path = paths.widgets(ns);
      const config = widget('a', { size: 4 });
      const { body } = await suite.client().apply(`${path}/a`, config, 'one');
      const watch = await suite.client().watch(path, { resourceVersion: metaOf(body).resourceVersion });
      await suite.client().apply(`${path}/a`, config, 'one');
      await suite.client().merge(`${path}/a`, { spec: { size: 4 } });
      await suite.client().delete(`${path}/a`);
      await isSeen(watch, 1);
      await watch.close();
      expect(seen(watch)).toEqual(['DELETED a']);
    });

    it('end in time, with a bookmark before that for those who want one', async () => {
      const ns = await suite.namespace();
      const path = paths.configMaps(ns);
      // While the watch runs: kube-apiserver sends no bookmark of a version that the watch began with.
      const watchFor = async (seconds: number): Promise<{ readonly watch: Watch; readonly early: boolean }> => {
        const resourceVersion = await versionOf(ns);
        const query = { resourceVersion, timeoutSeconds: String(seconds), allowWatchBookmarks: 'true' };
        const bookmarked = Date.now() + seconds * 1_000 - BOOKMARK_BEFORE_MS;
        const watch = await suite.client().watch(path, query);
        await suite.client().create(path, configMap(`in-${seconds}`));
        const early = Date.now() < bookmarked - 1_000;
        await watch.ended;
        return { watch, early };
      };
      const first = await watchFor(6);
      // On a busy machine the change may have come after the bookmark.
      const { watch } = first.early ? first : await watchFor(40);
      const bookmarks = watch.events.filter(({ type }) => type === 'BOOKMARK');
      expect(bookmarks.length).toBeGreaterThan(0);
      const added = watch.events.find(({ type }) => type === 'ADDED');
      const last = bookmarks.at(-1);
      expect(last?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
      expect(Number(metaOf(last?.object ?? {}).resourceVersion)).toBeGreaterThanOrEqual(
        Number(metaOf(added?.object ?? {}).resourceVersion),
      );
    }, 300_000);

    it('from a version that is forgotten say so: list again', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.widgets(ns), widget('a'));
      suite.cluster().forgetHistory();
      const watch = await suite.client().watch(paths.widgets(ns), { resourceVersion: '1' });
      await watch.ended;
      expect(watch.status).toBe(200);
      expect(watch.events).toHaveLength(1);
      expect(watch.events[0]).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired' },
      });
    });

    it('as tables send a row an event, and the columns once', async () => {
      const ns = await suite.namespace();
      const path = paths.widgets(ns);
      const resourceVersion = metaOf((await suite.client().get(path)).body).resourceVersion;
      const watch = await suite
        .client()
        .watch(path, { resourceVersion }, 'application/json;as=Table;v=v1;g=meta.k8s.io');
      await suite.client().create(path, widget('a'));
      await suite.client().merge(`${path}/a`, { spec: { size: 4 } });
      await isSeen(watch, 2);
      await watch.close();
      expect(watch.events.map(({ type, object }) => [type, object.kind, at(object, 'rows', 0, 'cells', 0)])).toEqual([
        ['ADDED', 'Table', 'a'],
        ['MODIFIED', 'Table', 'a'],
      ]);
      expect(watch.events.map(({ object }) => at(object, 'rows', 0, 'cells', 1))).toEqual([3, 4]);
      expect(watch.events[0]?.object.columnDefinitions).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'Size' })]),
      );
      expect(watch.events[1]?.object.columnDefinitions).toBeNull();
    });
  });
}
