import { at, type Json } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, deployment, widget } from './widget.js';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly priority: number;
}

export function registerTables(suite: Suite): void {
  const table = async (
    path: string,
  ): Promise<{ columns: readonly Column[]; cells: readonly (readonly unknown[])[]; body: Json }> => {
    const { body } = await suite.client().get(path, { accept: TABLE });
    const rows = (body.rows ?? []) as { cells: unknown[] }[];
    return { columns: body.columnDefinitions as Column[], cells: rows.map(({ cells }) => cells), body };
  };

  describe('tables', () => {
    it('of a custom kind have its columns, null where there is nothing', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.widgets(ns), widget('a', { size: 5 }));
      const before = await table(paths.widgets(ns));
      expect(before.columns.map(({ name, type, priority }) => [name, type, priority])).toEqual([
        ['Name', 'string', 0],
        ['Size', 'integer', 0],
        ['Ready', 'string', 0],
        ['Mode', 'string', 1],
        ['Age', 'date', 0],
      ]);
      expect(before.cells[0]?.slice(0, 4)).toEqual(['a', 5, null, 'A']);
      await suite
        .client()
        .merge(`${paths.widgets(ns)}/a/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
      const after = await table(`${paths.widgets(ns)}/a`);
      expect(after.cells[0]?.slice(0, 3)).toEqual(['a', 5, 'True']);
      expect(after.cells[0]?.[4]).toMatch(/^\d+s$/);
    });

    it('carry the metadata of their rows, for labels and namespaces', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.configMaps(ns), configMap('a', { k: 'v' }, { labels: { x: 'y' } }));
      const { body } = await suite
        .client()
        .get(paths.configMaps(ns), { accept: TABLE, query: { labelSelector: 'x=y' } });
      expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
      expect(at(body, 'rows', 0, 'object')).toMatchObject({
        kind: 'PartialObjectMetadata',
        metadata: { name: 'a', namespace: ns, labels: { x: 'y' } },
      });
    });

    it('of the kinds that people look at have their columns', async () => {
      const ns = await suite.namespace();
      await suite.client().create(paths.configMaps(ns), configMap('a', { k: 'v', l: 'w' }));
      const maps = await table(paths.configMaps(ns));
      expect(maps.columns.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
      expect(maps.cells.find(([name]) => name === 'a')?.slice(0, 2)).toEqual(['a', 2]);
      await suite.client().create(paths.deployments(ns), deployment('a', { replicas: 0 }));
      const deployments = await table(paths.deployments(ns));
      const shown = deployments.columns.filter(({ priority }) => priority === 0).map(({ name }) => name);
      expect(shown).toEqual(['Name', 'Ready', 'Up-to-date', 'Available', 'Age']);
      expect(deployments.cells[0]?.slice(0, 4)).toEqual(['a', '0/0', 0, 0]);
      const pods = await table(paths.pods(ns));
      expect(pods.columns.filter(({ priority }) => priority === 0).map(({ name }) => name)).toEqual([
        'Name',
        'Ready',
        'Status',
        'Restarts',
        'Age',
      ]);
      const namespaces = await table(`${paths.namespaces}/${ns}`);
      expect(namespaces.cells[0]?.slice(0, 2)).toEqual([ns, 'Active']);
      const secrets = await table(paths.secrets(ns));
      expect(secrets.columns.map(({ name }) => name)).toEqual(['Name', 'Type', 'Data', 'Age']);
    });
  });
}
