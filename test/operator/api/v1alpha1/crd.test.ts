import { buildCrds, structuralSchema } from '../../../../operator/api/v1alpha1/crd.js';
import { integer, text } from '../../../../operator/api/v1alpha1/schema/field.js';
import type { Node } from '../../../../operator/api/v1alpha1/schema/node.js';

interface Placed {
  readonly path: string;
  readonly node: Node;
  readonly name: string;
}

const walk = (node: Node, path: string, name: string): readonly Placed[] => [
  { path, node, name },
  ...Object.entries(node.properties ?? {}).flatMap(([child, schema]) => walk(schema, `${path}.${child}`, child)),
  ...(node.items === undefined ? [] : walk(node.items, `${path}[]`, 'items')),
  ...(node.additionalProperties === undefined ? [] : walk(node.additionalProperties, `${path}{}`, 'values')),
];

const crds = buildCrds();
const nodes = crds.flatMap(({ spec }) =>
  spec.versions.flatMap(({ schema }) => walk(schema.openAPIV3Schema as Node, spec.names.kind, spec.names.kind)),
);
const ours = nodes.filter(({ path }) => /\.(spec|status)\b/.test(path));
const offenders = (breaks: (placed: Placed) => boolean): readonly string[] =>
  ours.filter(breaks).map(({ path }) => path);

it('there are seven kinds, found by kind, short name and category', () => {
  expect(crds.map(({ metadata, spec }) => [metadata.name, spec.scope, ...spec.names.shortNames])).toEqual([
    ['memorytenants.memplane.dev', 'Cluster', 'mt'],
    ['memoryplanes.memplane.dev', 'Cluster', 'mp'],
    ['memorytenantclasses.memplane.dev', 'Cluster', 'mtc'],
    ['memoryholds.memplane.dev', 'Cluster', 'mh'],
    ['memorybindings.memplane.dev', 'Namespaced', 'mbi'],
    ['memorybackups.memplane.dev', 'Namespaced', 'mb'],
    ['memoryrestores.memplane.dev', 'Namespaced', 'mr'],
  ]);
  for (const { spec } of crds) expect(spec.names.categories).toEqual(['memplane']);
});

it('a tenant shows what people ask first, and the rest with -o wide', () => {
  const columns = (crds[0]?.spec.versions[0]?.additionalPrinterColumns ?? []) as readonly {
    readonly name: string;
    readonly priority?: number;
  }[];
  const names = (wide: boolean) => columns.filter(({ priority }) => (priority === 1) === wide).map(({ name }) => name);
  expect(names(false)).toEqual(['Tier', 'Version', 'Memories', 'Endpoint', 'Ready', 'Reason', 'Age']);
  expect(names(true)).toEqual(['Class', 'Plane', 'Ring', 'Mode']);
});

describe('every field', () => {
  it('is described', () => {
    const silent = offenders(({ node, name }) => name !== 'values' && !/^[A-Z"].*[.)]$/s.test(node.description ?? ''));
    expect(silent).toEqual([]);
  });

  it('is bounded: texts, lists and maps', () => {
    expect(offenders(({ node }) => node.type === 'string' && !node.enum && node.maxLength === undefined)).toEqual([]);
    expect(offenders(({ node }) => node.type === 'array' && node.maxItems === undefined)).toEqual([]);
    expect(
      offenders(({ node }) => node.additionalProperties !== undefined && node.maxProperties === undefined),
    ).toEqual([]);
    expect(offenders(({ node }) => node.type === 'integer' && node.maximum === undefined)).toEqual([]);
  });

  it('that is a list says how it merges, and its keys are always there', () => {
    expect(offenders(({ node }) => node.type === 'array' && node['x-kubernetes-list-type'] === undefined)).toEqual([]);
    const loose = offenders(({ node }) => {
      const { required = [], properties = {} } = node.items ?? {};
      const keys = node['x-kubernetes-list-map-keys'] ?? [];
      return keys.some((key) => !required.includes(key) && properties[key]?.default === undefined);
    });
    expect(loose).toEqual([]);
    expect(
      offenders(({ node }) => node['x-kubernetes-list-type'] === 'set' && node.items?.properties !== undefined),
    ).toEqual([]);
  });

  it('that has a default is not required', () => {
    expect(
      offenders(({ node }) => (node.required ?? []).some((name) => node.properties?.[name]?.default !== undefined)),
    ).toEqual([]);
  });

  it('carries keywords of Kubernetes only', () => {
    expect(JSON.stringify(crds)).not.toContain('x-memplane');
    expect(JSON.stringify(crds)).not.toContain('"remedy"');
  });
});

it('a field on which nothing acts says so, and so does everything in it', () => {
  const idle = ours.filter(({ node }) => node.description?.endsWith('Nothing acts on it in this version.'));
  const paths = idle.map(({ path }) => path);
  expect(paths).toContain('MemoryTenant.spec.backup');
  expect(paths).toContain('MemoryTenant.spec.backup.drill.maxAgeDays');
  expect(paths).toContain('MemoryBinding.spec');
  for (const acting of ['planeRef', 'tier', 'mode', 'services.memory.scaling', 'quotas.memories', 'network.egress']) {
    expect(paths).not.toContain(`MemoryTenant.spec.${acting}`);
  }
});

it('a broken rule names the problem, the value where it is a text, and the remedy', () => {
  const schema = structuralSchema(
    text('A text.', {
      maxLength: 9,
      rules: [{ rule: 'self == oldSelf', message: "it isn't so", remedy: 'undo it' }],
    }) as unknown as Node,
  );
  expect(schema['x-kubernetes-validations']).toEqual([
    {
      rule: 'self == oldSelf',
      message: "it isn't so; undo it",
      messageExpression: `'it isn\\'t so (got "' + self + '", was "' + oldSelf + '"); undo it'`,
    },
  ]);
  const count = integer('A count.', { maximum: 9, rules: [{ rule: 'self > 3', message: 'few', remedy: 'add' }] });
  expect(structuralSchema(count as unknown as Node)['x-kubernetes-validations']).toEqual([
    { rule: 'self > 3', message: 'few; add' },
  ]);
});
