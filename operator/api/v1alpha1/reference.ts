import { stringify } from 'yaml';
import { API_VERSION } from '../../../charts/manifests/names.js';
import { KINDS } from './schema/index.js';
import type { Kind } from './schema/kind.js';
import { type Node, requiredOf, rulesOf } from './schema/node.js';
import { rootNode } from './schema/root.js';

/** A field with its place in the tree, as the reference lists it. */
interface Entry {
  readonly path: string;
  readonly node: Node;
  readonly required: boolean;
  readonly acts: boolean;
}

/** `docs/reference/resources.md`. */
export const buildReference = (): string => `${[...INTRODUCTION, ...KINDS.flatMap(describeKind)].join('\n\n')}\n`;

const INTRODUCTION = [
  '<!-- Generated from operator/api/v1alpha1/schema by "npm run generate". Do not edit. -->',
  '# Resources',
  `Group and version \`${API_VERSION}\`; all of them are in the category \`memplane\` (\`kubectl get memplane\`). The same text is in \`kubectl explain <kind>.spec\`.`,
  [
    '- **Default**: a constant that the API server fills in. Where there is none and the field is not required, unset means unlimited, or resolved from class, ring, size or plane; what was resolved is in `status.effective`. The operator never writes `spec`.',
    '- **∅** marks a field on which nothing acts in this version: it is stored and checked, so that what is written today need not be rewritten.',
    '- Intervals are durations such as `90s`, `5m`, `24h`; retention and rotation are whole days; percentages are whole numbers.',
    '- Unknown fields are refused under `kubectl apply` (strict validation), and by `memoryctl` always.',
  ].join('\n'),
  KINDS.map(({ kind, description }) => `- [${kind}](#${kind.toLowerCase()}): ${description}`).join('\n'),
];

const describeKind = (kind: Kind): readonly string[] => {
  const root = rootNode(kind);
  const { spec, status } = root.properties ?? {};
  const rules = collectRules(root);
  return [
    `## ${kind.kind}`,
    kind.description,
    `${kind.scope === 'Cluster' ? 'Cluster-wide' : 'In a namespace'}; plural \`${kind.plural}\`, short \`${kind.shortNames.join('`, `')}\`.`,
    ...kind.notes,
    exampleOf(kind),
    '### spec',
    tableOf('spec', spec),
    ...(rules.length === 0 ? [] : ['### Rules', rules.join('\n')]),
    ...(status === undefined ? [] : ['### status', tableOf('status', status)]),
  ];
};

const exampleOf = ({ kind, example }: Kind): string => {
  const { name, namespace, spec } = example;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const object = { apiVersion: API_VERSION, kind, metadata, ...(spec === undefined ? {} : { spec }) };
  return `\`\`\`yaml\n${stringify(object)}\`\`\``;
};

const tableOf = (path: string, node: Node | undefined): string => {
  if (node === undefined) return '';
  const entries = entriesOf({ path, node, required: false, acts: node['x-memplane-acts'] ?? true });
  const rows = entries.map(
    (entry) => `| ${[nameOf(entry), typeOf(entry.node), defaultOf(entry), textOf(entry)].join(' | ')} |`,
  );
  return ['| field | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
};

const entriesOf = (entry: Entry): readonly Entry[] => {
  const { path, node, acts } = entry;
  const inner = node.items ?? node;
  const prefix = node.items === undefined ? path : `${path}[]`;
  const required = new Set(requiredOf(inner));
  const children = Object.entries(inner.properties ?? {}).flatMap(([name, child]) =>
    entriesOf({
      path: `${prefix}.${name}`,
      node: child,
      required: required.has(name),
      acts: acts && child['x-memplane-acts'] !== false,
    }),
  );
  return [entry, ...children];
};

const nameOf = ({ path, acts }: Entry): string => `\`${path}\`${acts ? '' : ' ∅'}`;

const typeOf = (node: Node): string => {
  if (node['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.items !== undefined)
    return `list of ${node.items.properties === undefined ? typeOf(node.items) : 'objects'}`;
  if (node.additionalProperties !== undefined) return 'map';
  if (node.type === 'integer') return `integer ${node.minimum}–${node.maximum}`;
  if (node.type === 'string') return node.format === 'date-time' ? 'time' : 'string';
  return node.type ?? '';
};

const defaultOf = ({ node, required }: Entry): string => {
  if (required) return '*required*';
  const constant = node.default;
  // An object's default is the sum of the defaults below it, which have lines of their own.
  if (constant === undefined || node.properties !== undefined) return '';
  return `\`${typeof constant === 'string' ? constant : JSON.stringify(constant)}\``;
};

const textOf = ({ node }: Entry): string => (node.description ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;');

const collectRules = (node: Node, path = ''): readonly string[] => {
  const own = rulesOf(node).map(({ message, remedy, rule }) => {
    const when = rule.includes('oldSelf') ? ' *(on change)*' : '';
    return `- ${path === '' ? '' : `\`${path}\`: `}refused: ${message}; ${remedy}.${when}`;
  });
  const children = Object.entries(node.properties ?? {}).filter(([name]) => name !== 'status');
  return [
    ...own,
    ...children.flatMap(([name, child]) => collectRules(child, path === '' ? name : `${path}.${name}`)),
    ...(node.items === undefined ? [] : collectRules(node.items, `${path}[]`)),
  ];
};
