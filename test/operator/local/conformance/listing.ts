import { itemsOf, type Json, messageOf, metaOf, namesOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, widget } from './widget.js';

export function registerListing(suite: Suite): void {
  const fill = async (ns: string, names: readonly string[]): Promise<void> => {
    for (const name of names)
      await suite
        .client()
        .create(paths.widgets(ns), widget(name, {}, { labels: { name, side: name < 'm' ? 'l' : 'r' } }));
  };
  const list = async (ns: string, query: Readonly<Record<string, string>>): Promise<Json> => {
    const { status, body } = await suite.client().get(paths.widgets(ns), { query });
    expect(status).toBe(200);
    return body;
  };

  describe('lists', () => {
    it('are sorted by name and carry the version from which to watch', async () => {
      const ns = await suite.namespace();
      await fill(ns, ['b', 'a', 'c']);
      const body = await list(ns, {});
      expect(namesOf(body)).toEqual(['a', 'b', 'c']);
      expect(body).toMatchObject({ kind: 'WidgetList', apiVersion: 'conformance.dev/v1' });
      expect(Number(metaOf(body).resourceVersion)).toBeGreaterThanOrEqual(
        Number(metaOf(itemsOf(body)[2] ?? {}).resourceVersion),
      );
    });

    it('come in pages of one moment', async () => {
      const ns = await suite.namespace();
      await fill(ns, ['a', 'b', 'c', 'd', 'e']);
      const first = await list(ns, { limit: '2' });
      expect([namesOf(first), metaOf(first).remainingItemCount]).toEqual([['a', 'b'], 3]);
      await fill(ns, ['bb']);
      const second = await list(ns, { limit: '2', continue: metaOf(first).continue ?? '' });
      const third = await list(ns, { limit: '2', continue: metaOf(second).continue ?? '' });
      expect([namesOf(second), namesOf(third)]).toEqual([['c', 'd'], ['e']]);
      expect(metaOf(third).continue ?? '').toBe('');
      expect(metaOf(second).resourceVersion).toBe(metaOf(first).resourceVersion);
    });

    it.each([
      ['side=l', ['a', 'b']],
      ['side==r', ['x', 'y']],
      ['side!=l', ['x', 'y']],
      ['name in (a, y)', ['a', 'y']],
      ['name notin (a,y)', ['b', 'x']],
      ['side=l,name!=a', ['b']],
      ['missing', []],
      ['!missing', ['a', 'b', 'x', 'y']],
      ['side', ['a', 'b', 'x', 'y']],
    ])('by the labels %s', async (labelSelector, names) => {
      const ns = await suite.namespace();
      await fill(ns, ['a', 'b', 'x', 'y']);
      expect(namesOf(await list(ns, { labelSelector }))).toEqual(names);
    });

    it('by fields that their kind knows, and no others', async () => {
      const ns = await suite.namespace();
      await fill(ns, ['a', 'b']);
      expect(namesOf(await list(ns, { fieldSelector: 'metadata.name=b' }))).toEqual(['b']);
      expect(namesOf(await list(ns, { fieldSelector: 'metadata.name!=b' }))).toEqual(['a']);
      const unknown = await suite.client().get(paths.widgets(ns), { query: { fieldSelector: 'spec.size=3' } });
      expect([unknown.status, unknown.body.reason]).toEqual([400, 'BadRequest']);
      const pod = (name: string, nodeName?: string) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { containers: [{ name: 'a', image: 'a' }], ...(nodeName === undefined ? {} : { nodeName }) },
      });
      await suite.client().create(paths.pods(ns), pod('free'));
      await suite.client().create(paths.pods(ns), pod('placed', 'node-a'));
      const on = async (fieldSelector: string) =>
        namesOf((await suite.client().get(paths.pods(ns), { query: { fieldSelector } })).body);
      expect(await on('spec.nodeName=node-a')).toEqual(['placed']);
      expect(await on('spec.nodeName=')).toEqual(['free']);
      expect(await on('status.phase=Pending')).toEqual(['free', 'placed']);
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'e' },
        involvedObject: { kind: 'Widget', name: 'a', namespace: ns, uid: 'u-1' },
        reason: 'Seen',
        message: 'a was seen',
        type: 'Normal',
      };
      await suite.client().create(`/api/v1/namespaces/${ns}/events`, event);
      const events = await suite.client().get('/api/v1/events', { query: { fieldSelector: 'involvedObject.uid=u-1' } });
      expect(namesOf(events.body)).toEqual(['e']);
    });

    it('span namespaces', async () => {
      const [one, two] = [await suite.namespace(), await suite.namespace()];
      for (const ns of [one, two])
        await suite.client().create(paths.configMaps(ns), configMap('spanning', {}, { labels: { span: one } }));
      const { body } = await suite.client().get('/api/v1/configmaps', { query: { labelSelector: `span=${one}` } });
      expect(
        itemsOf(body)
          .map((item) => (item.metadata as { namespace: string }).namespace)
          .sort(),
      ).toEqual([one, two].sort());
    });

    it('refuse a selector that is none', async () => {
      const refused = await suite.client().get(paths.widgets('default'), { query: { labelSelector: 'a=b c' } });
      expect(refused.status).toBe(400);
      expect(messageOf(refused)).toMatch(/unable to parse|found/);
    });

    it('show metadata alone when that is asked for', async () => {
      const ns = await suite.namespace();
      await fill(ns, ['a']);
      const { body } = await suite.client().get(paths.widgets(ns), {
        accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      });
      expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
      expect(Object.keys(itemsOf(body)[0] ?? {}).sort()).toEqual(expect.arrayContaining(['metadata']));
      expect(itemsOf(body)[0]).not.toHaveProperty('spec');
    });
  });
}
