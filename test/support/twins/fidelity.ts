import type { Attribute, Block, NestedBlock, WireType } from './schema.js';

/** `terraform providers schema -json`, of what a provider calls a block. */
export interface RealBlock {
  readonly attributes?: Readonly<Record<string, RealAttribute>>;
  readonly block_types?: Readonly<Record<string, RealNested>>;
}

interface RealAttribute {
  readonly type: WireType;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
  readonly write_only?: boolean;
}

interface RealNested {
  readonly nesting_mode: string;
  readonly min_items?: number;
  readonly max_items?: number;
  readonly block: RealBlock;
}

export interface RealSchema {
  readonly resource_schemas: Readonly<Record<string, { readonly block: RealBlock }>>;
  readonly data_source_schemas: Readonly<Record<string, { readonly block: RealBlock }>>;
}

export interface Share {
  readonly what: string;
  readonly agree: number;
  readonly of: number;
  /** The first few that differ, `type.path: twin / real`. */
  readonly differ: readonly string[];
}

interface Pair<T> {
  readonly path: string;
  readonly real: T;
  readonly twin: T | undefined;
}

/** How much of what the real provider declares the twin declares too, thing by thing. */
export function compare(
  real: RealSchema['resource_schemas'],
  twin: Readonly<Record<string, Block>>,
  within?: ReadonlySet<string>,
): readonly Share[] {
  const types = Object.entries(real).filter(([type]) => within === undefined || within.has(type));
  const attributes: Pair<Attribute>[] = [];
  const blocks: Pair<NestedBlock>[] = [];
  for (const [type, { block }] of types) {
    const mine = twin[type];
    if (mine !== undefined) collect(type, block, mine, attributes, blocks);
  }
  const both = attributes.filter((pair): pair is Pair<Attribute> & { twin: Attribute } => pair.twin !== undefined);
  const nested = blocks.filter((pair): pair is Pair<NestedBlock> & { twin: NestedBlock } => pair.twin !== undefined);
  return [
    share(
      'resource types',
      types,
      ([type]) => twin[type] !== undefined,
      ([type]) => type,
    ),
    share(
      'attributes present',
      attributes,
      ({ twin: one }) => one !== undefined,
      ({ path }) => path,
    ),
    ...(['type', 'required', 'optional', 'computed', 'writeOnly', 'sensitive'] as const).map((flag) =>
      share(
        `attributes: ${flag}`,
        both,
        (pair) => canonical(pair.twin[flag]) === canonical(pair.real[flag]),
        (pair) => `${pair.path}: ${canonical(pair.twin[flag])} / ${canonical(pair.real[flag])}`,
      ),
    ),
    share(
      'nested blocks present',
      blocks,
      ({ twin: one }) => one !== undefined,
      ({ path }) => path,
    ),
    ...(['nesting', 'minItems', 'maxItems'] as const).map((flag) =>
      share(
        `nested blocks: ${flag}`,
        nested,
        (pair) => pair.twin[flag] === pair.real[flag],
        (pair) => `${pair.path}: ${pair.twin[flag]} / ${pair.real[flag]}`,
      ),
    ),
  ];
}

/** What the twin declares and the real provider does not, `region` apart: newer bindings have it everywhere. */
export function invented(
  real: RealSchema['resource_schemas'],
  twin: Readonly<Record<string, Block>>,
): readonly string[] {
  const paths = (block: Block, at: string): readonly string[] => [
    ...Object.keys(block.attributes).map((name) => `${at}.${name}`),
    ...Object.entries(block.blocks).flatMap(([name, inner]) => paths(inner.block, `${at}.${name}`)),
  ];
  const realPaths = (block: RealBlock, at: string): readonly string[] => [
    ...Object.keys(block.attributes ?? {}).map((name) => `${at}.${name}`),
    ...Object.entries(block.block_types ?? {}).flatMap(([name, inner]) => realPaths(inner.block, `${at}.${name}`)),
  ];
  const declared = new Set(Object.entries(real).flatMap(([type, { block }]) => realPaths(block, type)));
  return Object.entries(twin)
    .filter(([type]) => real[type] !== undefined)
    .flatMap(([type, block]) => paths(block, type))
    .filter((path) => !declared.has(path) && !path.endsWith('.region'));
}

function collect(path: string, real: RealBlock, twin: Block, to: Pair<Attribute>[], blocks: Pair<NestedBlock>[]): void {
  for (const [name, { type, write_only = false, ...flags }] of Object.entries(real.attributes ?? {})) {
    const { required = false, optional = false, computed = false, sensitive = false } = flags;
    const declared = { type, required, optional, computed, sensitive, writeOnly: write_only };
    to.push({ path: `${path}.${name}`, real: declared, twin: twin.attributes[name] });
  }
  for (const [name, { nesting_mode, min_items = 0, max_items = 0, block }] of Object.entries(real.block_types ?? {})) {
    const mine = twin.blocks[name];
    const nesting = nesting_mode as NestedBlock['nesting'];
    const declared = { nesting, minItems: min_items, maxItems: max_items, block: { attributes: {}, blocks: {} } };
    blocks.push({ path: `${path}.${name}`, real: declared, twin: mine });
    if (mine !== undefined) collect(`${path}.${name}`, block, mine.block, to, blocks);
  }
}

function share<T>(what: string, all: readonly T[], agrees: (one: T) => boolean, name: (one: T) => string): Share {
  const differ = all.filter((one) => !agrees(one));
  return { what, agree: all.length - differ.length, of: all.length, differ: differ.map(name) };
}

export const percent = ({ agree, of }: Share): number => (of === 0 ? 100 : (100 * agree) / of);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
