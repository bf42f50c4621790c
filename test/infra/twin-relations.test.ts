import { openBinding, type ProviderName } from '../support/twins/binding.js';
import { relationsOf, unrelated } from '../support/twins/relations.js';
import type { Block } from '../support/twins/schema.js';
import { type Fields, UNKNOWN, type Value } from '../support/twins/wire.js';

const relations = relationsOf();

/** A configuration in which these paths are set, each in blocks that come once. */
function given(paths: readonly string[], value: Value = 'x'): Fields {
  const config: Record<string, Value> = {};
  for (const path of paths) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let block = config;
    for (const name of names) {
      block[name] ??= [{}];
      [block] = block[name] as unknown as [Record<string, Value>];
    }
    block[last] = value;
  }
  return config;
}

const parentOf = (path: string): readonly string[] =>
  path.includes('.') ? [path.slice(0, path.lastIndexOf('.'))] : [];

/** Of one relation, what is found in a configuration. */
const found = (type: string, kind: string, paths: readonly string[], config: Fields): boolean =>
  unrelated(type, config).some(
    ({ path, detail }) =>
      path === paths[0] &&
      WORDS[kind]?.test(detail) === true &&
      (kind !== 'requires' || detail.includes(`"${paths[1]}"`)),
  );

const WORDS: Readonly<Record<string, RegExp>> = {
  conflicts: /exclude each other/,
  exactlyOne: /only one of|^one of/,
  atLeastOne: /at least one of/,
  requires: /needs/,
};

describe('each relation that a provider declares finds its mutant, and lets pass what keeps it', () => {
  it.each(relations)('%s %s %j', (type, kind, paths) => {
    const [first = '', second = ''] = paths;
    const open = given([`${parentOf(first)[0] ?? 'other'}${parentOf(first).length > 0 ? '.other' : ''}`]);
    switch (kind) {
      case 'conflicts':
        expect(found(type, kind, paths, given(paths))).toBe(true);
        expect(found(type, kind, paths, given([first]))).toBe(false);
        expect(found(type, kind, paths, given([second]))).toBe(false);
        break;
      case 'exactlyOne':
        expect(found(type, kind, paths, given([first, second]))).toBe(true);
        expect(found(type, kind, paths, open)).toBe(true);
        for (const path of paths) expect(found(type, kind, paths, given([path]))).toBe(false);
        break;
      case 'atLeastOne':
        expect(found(type, kind, paths, open)).toBe(true);
        for (const path of paths) expect(found(type, kind, paths, given([path]))).toBe(false);
        break;
      case 'requires':
        expect(found(type, kind, paths, given([first]))).toBe(true);
        expect(found(type, kind, paths, given([first], UNKNOWN))).toBe(true);
        expect(found(type, kind, paths, given([first, second]))).toBe(false);
        break;
    }
    expect(found(type, kind, paths, given(paths, UNKNOWN))).toBe(false);
  });

  it('names arguments that exist', () => {
    const names = relations.flatMap(([type, , paths]) => paths.map((path) => [type, path] as const));
    expect(names.filter(([type, path]) => !exists(blockOf(type), path.split('.')))).toEqual([]);
    expect(new Set(relations.map(([type]) => type)).size).toBeGreaterThanOrEqual(25);
  });
});

const blockOf = (type: string): Block | undefined =>
  openBinding(type.split('_')[0] as ProviderName).read({ resources: [type], data: [] }).resources[type];

function exists(block: Block | undefined, [name = '', ...rest]: readonly string[]): boolean {
  if (block === undefined) return false;
  if (rest.length > 0) return exists(block.blocks[name]?.block, rest);
  return block.attributes[name] !== undefined || block.blocks[name] !== undefined;
}
