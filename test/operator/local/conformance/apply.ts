import { at, causesOf, type Json, type ManagedFields, messageOf, metaOf } from './client.js';
import { paths, type Suite } from './conformance.js';
import { configMap, deployment, widget } from './widget.js';

const managerOf = (object: Json, name: string): ManagedFields | undefined =>
  metaOf(object).managedFields?.find(({ manager }) => manager === name);

const fieldsOf = (object: Json, name: string): Json | undefined => managerOf(object, name)?.fieldsV1;

export function registerApply(suite: Suite): void {
  describe('server-side apply', () => {
    it('makes what is not there, and owns exactly what was sent', async () => {
      const ns = await suite.namespace();
      const made = await suite
        .client()
        .apply(`${paths.widgets(ns)}/a`, widget('a', { size: 4, labels: { x: '1' } }), 'one');
      expect(made.status).toBe(201);
      expect(made.body.spec).toMatchObject({ size: 4, mode: 'A' });
      expect(managerOf(made.body, 'one')).toMatchObject({
        operation: 'Apply',
        fieldsV1: { 'f:spec': { 'f:size': {}, 'f:labels': { 'f:x': {} } } },
      });
      expect(at(fieldsOf(made.body, 'one'), 'f:spec', 'f:mode')).toBeUndefined();
    });

    it('of the same again changes nothing, not even the version', async () => {
      const ns = await suite.namespace();
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a' },
        spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80 }] },
      };
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { k: 'v' } };
      const part = { name: 'a', sub: {} };
      for (const [path, config] of [
        [paths.services(ns), service],
        [paths.secrets(ns), secret],
        [paths.widgets(ns), widget('a', { size: 4, parts: [part], tags: ['x'] })],
      ] as const) {
        const first = await suite.client().apply(`${path}/a`, config, 'one');
        const again = await suite.client().apply(`${path}/a`, config, 'one');
        expect(metaOf(again.body).resourceVersion).toBe(metaOf(first.body).resourceVersion);
        expect(metaOf(again.body).managedFields).toEqual(metaOf(first.body).managedFields);
      }
    });

    it('of another value for what somebody else owns is a conflict that names the owner', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().apply(path, widget('a', { size: 4, opt: 'o' }), 'one');
      const conflict = await suite.client().apply(path, widget('a', { size: 5 }), 'two');
      expect([conflict.status, conflict.body.reason]).toEqual([409, 'Conflict']);
      expect(messageOf(conflict)).toBe('Apply failed with 1 conflict: conflict with "one": .spec.size');
      expect(causesOf(conflict)).toEqual([
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.size' },
      ]);
      const more = await suite.client().apply(path, widget('a', { size: 5, opt: 'p' }), 'two');
      expect(messageOf(more)).toBe('Apply failed with 2 conflicts: conflicts with "one":\n- .spec.opt\n- .spec.size');
      const forced = await suite.client().apply(path, widget('a', { size: 5 }), 'two', { force: 'true' });
      expect(forced.body.spec).toMatchObject({ size: 5, opt: 'o' });
      expect(at(fieldsOf(forced.body, 'one'), 'f:spec', 'f:size')).toBeUndefined();
      expect(at(fieldsOf(forced.body, 'two'), 'f:spec', 'f:size')).toEqual({});
    });

    it('of the same value makes co-owners, and a field goes when its last owner lets go', async () => {
      const ns = await suite.namespace();
      const path = `${paths.configMaps(ns)}/a`;
      await suite.client().apply(path, configMap('a', { shared: '1', mine: '1' }), 'one');
      await suite.client().apply(path, configMap('a', { shared: '1' }), 'two');
      const kept = await suite.client().apply(path, configMap('a', {}), 'one');
      expect(kept.body.data).toEqual({ shared: '1' });
      const gone = await suite.client().apply(path, configMap('a', {}), 'two');
      expect(gone.body.data ?? {}).toEqual({});
    });

    it('merges keyed lists by their keys and sets by their values', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      const part = (name: string, value: string) => ({ name, value });
      await suite
        .client()
        .apply(path, widget('a', { parts: [part('a', '1'), part('b', '1')], tags: ['x', 'y'] }), 'one');
      const both = await suite.client().apply(path, widget('a', { parts: [part('c', '2')], tags: ['z'] }), 'two');
      expect(both.body.spec).toMatchObject({
        parts: [part('a', '1'), part('b', '1'), part('c', '2')],
        tags: ['x', 'y', 'z'],
      });
      const fewer = await suite.client().apply(path, widget('a', { parts: [part('b', '1')], tags: ['y'] }), 'one');
      expect(fewer.body.spec).toMatchObject({ parts: [part('b', '1'), part('c', '2')], tags: ['y', 'z'] });
      expect(at(fieldsOf(fewer.body, 'two'), 'f:spec', 'f:parts')).toEqual({
        'k:{"name":"c"}': { '.': {}, 'f:name': {}, 'f:value': {} },
      });
      expect(at(fieldsOf(fewer.body, 'two'), 'f:spec', 'f:tags')).toEqual({ 'v:"z"': {} });
    });

    it('takes a list without keys as a whole', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().apply(path, widget('a', { steps: ['x'] }), 'one');
      const conflict = await suite.client().apply(path, widget('a', { steps: ['y'] }), 'two');
      expect(causesOf(conflict).map(({ field }) => field)).toEqual(['.spec.steps']);
    });

    it('tells container ports apart by number and protocol', async () => {
      const ns = await suite.namespace();
      const path = `${paths.deployments(ns)}/a`;
      const made = await suite
        .client()
        .apply(path, deployment('a', { replicas: 0 }, { ports: [{ containerPort: 80, name: 'http' }] }), 'one');
      const container = 'k:{"name":"main"}';
      expect(
        at(fieldsOf(made.body, 'one'), 'f:spec', 'f:template', 'f:spec', 'f:containers', container, 'f:ports'),
      ).toEqual({
        'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:name': {} },
      });
    });

    it('respects what an update took over: the updater owns what it changed', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().apply(path, widget('a', { size: 4 }), 'one');
      const merged = await suite.client().merge(path, { spec: { size: 6 } }, { fieldManager: 'hand' });
      expect(managerOf(merged.body, 'hand')).toMatchObject({
        operation: 'Update',
        fieldsV1: { 'f:spec': { 'f:size': {} } },
      });
      expect(managerOf(merged.body, 'one')?.fieldsV1 ?? {}).not.toHaveProperty('f:spec.f:size');
      const conflict = await suite.client().apply(path, widget('a', { size: 4 }), 'one');
      expect(conflict.status).toBe(409);
      expect(messageOf(conflict)).toMatch(
        /^Apply failed with 1 conflict: conflict with "hand" using conformance\.dev\/v1(?: at [^ ]+)?: \.spec\.size$/,
      );
    });

    it('keeps the managers of the status apart', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().apply(path, widget('a', { size: 4 }), 'one');
      const status = {
        apiVersion: 'conformance.dev/v1',
        kind: 'Widget',
        metadata: { name: 'a' },
        status: { phase: 'Up' },
      };
      const reported = await suite.client().apply(`${path}/status`, status, 'one');
      expect(reported.body).toMatchObject({ spec: { size: 4 }, status: { phase: 'Up' } });
      const entries = metaOf(reported.body).managedFields ?? [];
      expect(entries.map(({ manager, subresource }) => [manager, subresource])).toEqual([
        ['one', undefined],
        ['one', 'status'],
      ]);
      const again = await suite.client().apply(path, widget('a', { size: 5 }), 'one');
      expect(again.body).toMatchObject({ spec: { size: 5 }, status: { phase: 'Up' } });
    });

    it('needs a manager, a declared field and a key for every item', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      const nobody = await suite.client().apply(path, widget('a'), '');
      expect(nobody.status).toBe(422);
      expect(messageOf(nobody)).toContain('fieldManager: Required value: is required for apply patch');
      const unknown = await suite.client().apply(path, widget('a', { sise: 4 }), 'one');
      expect(messageOf(unknown)).toContain('.spec.sise: field not declared in schema');
      const keyless = await suite.client().apply(path, widget('a', { parts: [{ value: 'x' }] }), 'one');
      expect(messageOf(keyless)).toContain('associative list with keys has an element that omits key field "name"');
      expect([unknown.status, keyless.status]).toEqual([500, 500]);
      const claimed = await suite.client().apply(path, widget('a', {}, { managedFields: [] }), 'one');
      expect([claimed.status, messageOf(claimed)]).toEqual([400, 'metadata.managedFields must be nil']);
    });

    it('a uid or version in the configuration is a precondition', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      const absent = await suite
        .client()
        .apply(path, widget('a', {}, { uid: '0b1c6a4e-0000-4000-8000-000000000000' }), 'one');
      expect(absent.status).toBe(409);
      const { body } = await suite.client().apply(path, widget('a', {}), 'one');
      await suite.client().merge(path, { spec: { size: 9 } });
      const { resourceVersion } = metaOf(body);
      const stale = await suite.client().apply(path, widget('a', { opt: 'z' }, { resourceVersion }), 'one');
      expect(stale.status).toBe(409);
    });

    it('of a field that has a default gives the default back when it is let go', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      await suite.client().apply(path, widget('a', { size: 9 }), 'one');
      const { body } = await suite.client().apply(path, widget('a', {}), 'one');
      expect(body.spec).toMatchObject({ size: 3 });
    });

    it('owns finalizers one by one', async () => {
      const ns = await suite.namespace();
      const path = `${paths.widgets(ns)}/a`;
      const [one, two] = ['conformance.dev/one', 'conformance.dev/two'];
      await suite.client().apply(path, widget('a', {}, { finalizers: [one] }), 'one');
      const both = await suite.client().apply(path, widget('a', {}, { finalizers: [two] }), 'two');
      expect(metaOf(both.body).finalizers).toEqual([one, two]);
      const less = await suite.client().apply(path, widget('a', {}), 'one');
      expect(metaOf(less.body).finalizers).toEqual([two]);
      const none = await suite.client().apply(path, widget('a', {}), 'two');
      expect(metaOf(none.body).finalizers).toBeUndefined();
    });
  });
}
