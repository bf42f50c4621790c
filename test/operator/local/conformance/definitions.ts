import { at, causesOf, eventually, type Json, messageOf, metaOf } from './client.js';
import { paths, type Suite } from './conformance.js';

const definition = (plural: string, spec: object, options: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.conformance.dev` },
  spec: {
    group: 'conformance.dev',
    scope: 'Cluster',
    names: { plural, kind: plural.slice(0, 1).toUpperCase() + plural.slice(1, -1) },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        ...options,
      },
    ],
  },
});

export function registerDefinitions(suite: Suite): void {
  const conditionsOf = (object: Json): ReadonlyMap<string, string> =>
    new Map(
      ((at(object, 'status', 'conditions') ?? []) as { type: string; status: string }[]).map(({ type, status }) => [
        type,
        status,
      ]),
    );

  const install = async (plural: string, spec: object): Promise<void> => {
    const made = await suite.client().create(paths.definitions, definition(plural, spec));
    expect(made.status).toBe(201);
    await eventually(`${plural} are served`, async () => {
      const { status } = await suite.client().get(`/apis/conformance.dev/v1/${plural}`);
      return status === 200 ? true : undefined;
    });
  };

  describe('definitions of custom kinds', () => {
    it('are established, and served from then on, in discovery as well', async () => {
      await install('gadgets', { type: 'object', properties: { a: { type: 'string' } } });
      const { body } = await suite.client().get(`${paths.definitions}/gadgets.conformance.dev`);
      const conditions = conditionsOf(body);
      expect([conditions.get('NamesAccepted'), conditions.get('Established')]).toEqual(['True', 'True']);
      expect(at(body, 'spec', 'names')).toMatchObject({ singular: 'gadget', listKind: 'GadgetList' });
      expect(at(body, 'status', 'storedVersions')).toEqual(['v1']);
      const discovered = await eventually('gadgets are discovered', async () => {
        const { body: list } = await suite.client().get('/apis/conformance.dev/v1');
        return (list.resources as Json[] | undefined)?.find(({ name }) => name === 'gadgets');
      });
      expect(discovered).toMatchObject({ kind: 'Gadget', namespaced: false, singularName: 'gadget' });
    });

    it.each([
      {
        because: 'a rule that does not compile',
        spec: {
          type: 'object',
          properties: { a: { type: 'string' } },
          'x-kubernetes-validations': [{ rule: 'self.a ==' }],
        },
        field: /x-kubernetes-validations\[0\]\.rule$/,
      },
      {
        because: 'a default that breaks a rule of its own schema',
        spec: {
          type: 'object',
          default: {},
          properties: { a: { type: 'string', default: 'x' } },
          'x-kubernetes-validations': [{ rule: "self.a == 'x'" }],
        },
        field: /default/,
      },
      {
        because: 'a default of another type',
        spec: { type: 'object', properties: { a: { type: 'string', default: 5 } } },
        field: /default$/,
      },
      {
        because: 'a list key that is neither required nor defaulted',
        spec: {
          type: 'object',
          properties: {
            a: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['name'],
              items: { type: 'object', properties: { name: { type: 'string' } } },
            },
          },
        },
        field: /properties\[name\]/,
      },
      {
        because: 'a transition rule where there is no old value to be had',
        spec: {
          type: 'object',
          properties: {
            a: {
              type: 'array',
              maxItems: 3,
              items: { type: 'string', maxLength: 3, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
            },
          },
        },
        field: /x-kubernetes-validations\[0\]\.rule$/,
      },
      {
        because: 'a field without a type',
        spec: { type: 'object', properties: { a: {} } },
        field: /properties\[a\]\.type$/,
      },
    ])('with $because are refused', async ({ spec, field }) => {
      const refused = await suite.client().create(paths.definitions, definition('gizmos', spec));
      expect(refused.status).toBe(422);
      expect(causesOf(refused).map((cause) => cause.field)).toEqual(
        expect.arrayContaining([expect.stringMatching(field)]),
      );
    });

    it('must be named after what they define', async () => {
      const wrong = { ...definition('gizmos', { type: 'object' }), metadata: { name: 'others.conformance.dev' } };
      expect(messageOf(await suite.client().create(paths.definitions, wrong))).toContain(
        'metadata.name: Invalid value',
      );
    });

    it('bring a new default to objects that were there before', async () => {
      const path = '/apis/conformance.dev/v1/doodads';
      await install('doodads', { type: 'object', properties: { a: { type: 'string' } } });
      await suite
        .client()
        .create(path, { apiVersion: 'conformance.dev/v1', kind: 'Doodad', metadata: { name: 'x' }, spec: {} });
      const { body } = await suite.client().get(`${paths.definitions}/doodads.conformance.dev`);
      const next = definition('doodads', { type: 'object', properties: { a: { type: 'string', default: 'new' } } }) as {
        spec: object;
      };
      const replaced = await suite
        .client()
        .replace(`${paths.definitions}/doodads.conformance.dev`, { ...body, spec: next.spec });
      expect(replaced.status).toBe(200);
      const shown = await eventually('the default is shown', async () => {
        const { body: object } = await suite.client().get(`${path}/x`);
        return at(object, 'spec', 'a');
      });
      expect(shown).toBe('new');
    }, 300_000);

    it('take their objects with them, and wait for those that are held', async () => {
      const path = '/apis/conformance.dev/v1/trinkets';
      await install('trinkets', { type: 'object' });
      const trinket = (name: string, finalizers: readonly string[]) => ({
        apiVersion: 'conformance.dev/v1',
        kind: 'Trinket',
        metadata: { name, finalizers },
      });
      await suite.client().create(path, trinket('free', []));
      await suite.client().create(path, trinket('held', ['conformance.dev/hold']));
      await suite.client().delete(`${paths.definitions}/trinkets.conformance.dev`);
      await eventually('the free one is gone', async () => {
        const { status } = await suite.client().get(`${path}/free`);
        return status === 404 ? true : undefined;
      });
      // They are taken one after the other.
      await eventually('the held one is marked', async () => {
        const { body } = await suite.client().get(`${path}/held`);
        return metaOf(body).deletionTimestamp;
      });
      expect((await suite.client().get(`${paths.definitions}/trinkets.conformance.dev`)).status).toBe(200);
      await suite.client().merge(`${path}/held`, { metadata: { finalizers: null } });
      await eventually('the definition is gone', async () => {
        const { status } = await suite.client().get(`${paths.definitions}/trinkets.conformance.dev`);
        return status === 404 ? true : undefined;
      });
      await eventually('and its kind with it', async () => {
        const { status } = await suite.client().get(path);
        return status === 404 ? true : undefined;
      });
    }, 300_000);
  });
}
