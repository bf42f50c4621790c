import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BindingClass, blockOf, readClasses } from './binding-class.js';
import type { Block, ProviderSchema } from './schema.js';

export type ProviderName = 'aws' | 'google' | 'azurerm';
export const PROVIDERS: readonly ProviderName[] = ['aws', 'google', 'azurerm'];

/** Which types to read: all of a binding take a second or two, those of one stack a few milliseconds each. */
export interface Types {
  readonly resources: Iterable<string>;
  readonly data: Iterable<string>;
}

/**
 * The schema of a provider, read from its npm binding. A binding's JavaScript carries its TypeScript in a source map,
 * and that says of each attribute whether it is computed, optional or required; min and max items other than one, and
 * what is sensitive, it doesn't say.
 */
export interface Binding {
  readonly name: ProviderName;
  /** Of the provider that the binding was made from. */
  readonly version: string;
  readonly read: (types: Types) => ProviderSchema;
  readonly all: () => Types;
}

export function openBinding(name: ProviderName, modules = resolve('node_modules')): Binding {
  const lib = join(modules, '@cdktf', `provider-${name}`, 'lib');
  if (!existsSync(lib)) throw new Error(`no binding in ${lib}: npm ci brings it`);
  const known = new Map<string, Block | undefined>();
  const read = (folder: string): Block | undefined => {
    if (!known.has(folder)) known.set(folder, existsSync(join(lib, folder)) ? blockIn(join(lib, folder)) : undefined);
    return known.get(folder);
  };
  const ofTypes = (types: Iterable<string>, folder: (type: string) => string) =>
    Object.fromEntries(
      [...types].flatMap((type) => {
        const block = read(folder(type));
        return block === undefined ? [] : [[type, block] as const];
      }),
    );
  return {
    name,
    version: /providerVersion: '([^']+)'/.exec(sourceOf(join(lib, 'provider/index.js')))?.[1] ?? 'unknown',
    read: ({ resources, data }) => ({
      provider: read('provider') ?? { attributes: {}, blocks: {} },
      resources: ofTypes(resources, (type) => folderOf(name, type)),
      data: ofTypes(data, (type) => `data-${folderOf(name, type, 'data')}`),
    }),
    all: () => allTypes(name, lib),
  };
}

const folderOf = (name: ProviderName, type: string, kind: 'data' | 'resource' = 'resource'): string => {
  const rest = type.slice(name.length + 1).replaceAll('_', '-');
  return kind === 'data' ? `${name}-${rest}` : rest;
};

function allTypes(name: ProviderName, lib: string): Types {
  const folders = readdirSync(lib, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const type = (folder: string) => `${name}_${folder.replaceAll('-', '_')}`;
  const data = `data-${name}-`;
  return {
    resources: folders
      .filter((one) => one.name !== 'provider' && !one.name.startsWith(data))
      .map((one) => type(one.name)),
    data: folders.filter((one) => one.name.startsWith(data)).map((one) => type(one.name.slice(data.length))),
  };
}

function blockIn(folder: string): Block | undefined {
  const classes = readClasses(sourcesOf(folder).map(sourceOf).join('\n'));
  const top = [...classes.values()].find(({ kind }) => kind !== 'nested');
  return top === undefined ? undefined : blockOf(top as BindingClass, classes);
}

/** Types of many blocks are split over files beside the first. */
function sourcesOf(folder: string): readonly string[] {
  const structs = join(folder, 'index-structs');
  const more = existsSync(structs) ? readdirSync(structs).filter((file) => /^structs\d+\.js$/.test(file)) : [];
  return [join(folder, 'index.js'), ...more.map((file) => join(structs, file))];
}

const MAP = 'sourceMappingURL=data:application/json;base64,';

function sourceOf(file: string): string {
  const script = readFileSync(file, 'utf8');
  const at = script.lastIndexOf(MAP);
  if (at < 0) throw new Error(`${file} has no source map: the binding's attributes cannot be told from it`);
  const map = JSON.parse(Buffer.from(script.slice(at + MAP.length).trim(), 'base64').toString()) as {
    readonly sourcesContent: readonly string[];
  };
  return map.sourcesContent.join('\n');
}
