import { eventually, type Json, metaOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap } from './widget.js';

const reference = (owner: Json, fields: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: metaOf(owner).name,
  uid: metaOf(owner).uid,
  ...fields,
});

export function registerGarbage(suite: Suite): void {
  const make = async (
    ns: string,
    name: string,
    owners: readonly object[] = [],
    finalizers: readonly string[] = [],
  ): Promise<Json> => {
    const made = await suite
      .client()
      .create(paths.configMaps(ns), configMap(name, {}, { ownerReferences: owners, finalizers }));
    expect(made.status).toBe(201);
    return made.body;
  };
  const exists = async (ns: string, name: string): Promise<boolean> =>
    (await suite.client().get(`${paths.configMaps(ns)}/${name}`)).status === 200;
  const isGone = (ns: string, name: string): Promise<true> =>
    eventually(`${name} is gone`, async () => ((await exists(ns, name)) ? undefined : true));
  const remove = (ns: string, name: string, propagationPolicy: string) =>
    suite.client().delete(`${paths.configMaps(ns)}/${name}`, { propagationPolicy });

  describe('garbage collection', () => {
    it('takes what depends on an owner, and what depends on that', async () => {
      const ns = await suite.namespace();
      const owner = await make(ns, 'owner');
      const child = await make(ns, 'child', [reference(owner)]);
      await make(ns, 'grandchild', [reference(child)]);
      await make(ns, 'stranger');
      await remove(ns, 'owner', 'Background');
      await isGone(ns, 'child');
      await isGone(ns, 'grandchild');
      expect(await exists(ns, 'stranger')).toBe(true);
    }, 300_000);

    it('leaves what has another owner, without the reference to the one that is gone', async () => {
      const ns = await suite.namespace();
      const [one, two] = [await make(ns, 'one'), await make(ns, 'two')];
      await make(ns, 'child', [reference(one), reference(two)]);
      await remove(ns, 'one', 'Background');
      const owners = await eventually('one reference is left', async () => {
        const { body } = await suite.client().get(`${paths.configMaps(ns)}/child`);
        const { ownerReferences = [] } = metaOf(body);
        return ownerReferences.length === 1 ? ownerReferences : undefined;
      });
      expect(owners).toEqual([expect.objectContaining({ name: 'two' })]);
    }, 300_000);

    it('in the foreground keeps the owner until those that block it are gone', async () => {
      const ns = await suite.namespace();
      const owner = await make(ns, 'owner');
      await make(ns, 'child', [reference(owner, { blockOwnerDeletion: true })], ['conformance.dev/hold']);
      const marked = await remove(ns, 'owner', 'Foreground');
      expect(metaOf(marked.body).finalizers).toEqual(['foregroundDeletion']);
      await eventually('the child is marked', async () => {
        const { body } = await suite.client().get(`${paths.configMaps(ns)}/child`);
        return metaOf(body).deletionTimestamp;
      });
      expect(await exists(ns, 'owner')).toBe(true);
      await suite.client().merge(`${paths.configMaps(ns)}/child`, { metadata: { finalizers: null } });
      await isGone(ns, 'owner');
    }, 300_000);

    it('of orphans takes their reference and leaves them', async () => {
      const ns = await suite.namespace();
      const owner = await make(ns, 'owner');
      await make(ns, 'child', [reference(owner)]);
      await remove(ns, 'owner', 'Orphan');
      await isGone(ns, 'owner');
      const { body, status } = await suite.client().get(`${paths.configMaps(ns)}/child`);
      expect(status).toBe(200);
      expect(metaOf(body).ownerReferences ?? []).toEqual([]);
    }, 300_000);

    it('goes by uid: an owner of the same name is another', async () => {
      const ns = await suite.namespace();
      const owner = await make(ns, 'owner');
      await make(ns, 'child', [{ ...reference(owner), uid: '00000000-0000-4000-8000-000000000000' }]);
      await isGone(ns, 'child');
      expect(await exists(ns, 'owner')).toBe(true);
    }, 300_000);
  });
}
