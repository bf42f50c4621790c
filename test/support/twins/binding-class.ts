import type { Attribute, Block, NestedBlock, WireType } from './schema.js';
import { isSecret } from './secret-name.js';

/** A class of a binding: a resource, a data source, a provider, or what is nested in one. */
export interface BindingClass {
  readonly name: string;
  readonly kind: 'top' | 'nested';
  readonly members: readonly Member[];
  /** What its HCL mapping says of members that can be set. */
  readonly settable: ReadonlyMap<string, Settable>;
}

interface Member {
  readonly name: string;
  readonly computed: boolean;
  readonly optional: boolean;
  readonly required: boolean;
  readonly text: string;
}

interface Settable {
  readonly type: 'simple' | 'list' | 'set' | 'map' | 'struct';
  readonly storage: string;
}

interface Nested {
  readonly of: string;
  readonly shape: 'List' | 'Map' | 'OutputReference';
  readonly set: boolean;
}

const MEMBER =
  /\/\/ (\S+) - computed: (true|false), optional: (true|false), required: (true|false)\n([\s\S]*?)(?=\n\s*\/\/ \S+ - computed: |\n\s*\/\/ =====|$)/g;
const SETTABLE =
  /^ +"?(\w+)"?: \{\n +value: .*\n +isBlock: (?:true|false),\n +type: "(\w+)",\n +storageClassType: "(\w+)",/gm;
const TOP = new Set(['TerraformResource', 'TerraformDataSource', 'TerraformProvider']);

export function readClasses(source: string): ReadonlyMap<string, BindingClass> {
  const mappings = new Map<string, string>();
  const found = new Map<string, BindingClass>();
  for (const part of source.split(/^export (?=class |function |interface )/m)) {
    const mapping = /^function (\w+)ToHclTerraform\(/.exec(part)?.[1];
    if (mapping !== undefined) mappings.set(mapping, part);
    const [, name, base] = /^class (\w+) extends cdktf\.(\w+)/.exec(part) ?? [];
    if (name === undefined || base === undefined) continue;
    if (TOP.has(base)) {
      found.set(name, { name, kind: 'top', members: membersOf(part), settable: settableOf(part) });
    } else if (base === 'ComplexObject') {
      const of = name.replace(/OutputReference$/, '');
      const text = mappings.get(of.charAt(0).toLowerCase() + of.slice(1)) ?? '';
      found.set(of, { name: of, kind: 'nested', members: membersOf(part), settable: settableOf(text) });
    }
  }
  return found;
}

const membersOf = (text: string): readonly Member[] =>
  [...text.matchAll(MEMBER)].map(([, name = '', computed, optional, required, rest = '']) => ({
    name,
    computed: computed === 'true',
    optional: optional === 'true',
    required: required === 'true',
    text: rest,
  }));

const settableOf = (text: string): ReadonlyMap<string, Settable> =>
  new Map(
    [...text.matchAll(SETTABLE)].map(([, name = '', type, storage = '']) => [
      name,
      { type: type as Settable['type'], storage },
    ]),
  );

/** What can be computed is an attribute, however deep; what only configuration gives is a block. */
export function blockOf(one: BindingClass, classes: ReadonlyMap<string, BindingClass>): Block {
  const attributes: Record<string, Attribute> = {};
  const blocks: Record<string, NestedBlock> = {};
  for (const member of one.members) {
    const nested = nestedOf(member);
    const inner = nested === undefined ? undefined : classes.get(nested.of);
    if (nested !== undefined && inner !== undefined && !member.computed) {
      blocks[member.name] = nestedBlock(member, nested, one.settable.get(member.name), blockOf(inner, classes));
    } else {
      attributes[member.name] = attributeOf(member, typeOf(member, one, classes));
    }
  }
  return { attributes, blocks };
}

function nestedBlock(member: Member, nested: Nested, settable: Settable | undefined, block: Block): NestedBlock {
  const single = nested.shape === 'OutputReference';
  const type = settable?.type ?? 'list';
  return {
    nesting: type === 'struct' ? 'single' : type === 'set' || nested.set ? 'set' : 'list',
    minItems: member.required && type !== 'struct' ? 1 : 0,
    maxItems: single && type !== 'struct' ? 1 : 0,
    block,
  };
}

function attributeOf({ name, computed, optional, required }: Member, type: WireType): Attribute {
  const writeOnly = optional && name.endsWith('_wo');
  return { type, computed, optional, required, writeOnly, sensitive: writeOnly || isSecret(name, type) };
}

function nestedOf({ text, name }: Member): Nested | undefined {
  const made = /= new ([A-Z]\w*?)(List|Map|OutputReference)\(this, "(\w+)"(?:, (true|false))?\)/.exec(text);
  if (made === null || made[3] !== name) return undefined;
  return { of: made[1] ?? '', shape: made[2] as Nested['shape'], set: made[4] === 'true' };
}

function typeOf(member: Member, { settable }: BindingClass, classes: ReadonlyMap<string, BindingClass>): WireType {
  const given = settable.get(member.name);
  const nested = nestedOf(member);
  if (nested !== undefined) return nestedType(nested, given, classes);
  if (given !== undefined) return givenType(given);
  return readType(member.text);
}

function nestedType(nested: Nested, given: Settable | undefined, classes: ReadonlyMap<string, BindingClass>): WireType {
  const inner = classes.get(nested.of);
  const fields = (inner?.members ?? []).map(
    (one) => [one.name, inner ? typeOf(one, inner, classes) : 'dynamic'] as const,
  );
  const object: WireType = ['object', Object.fromEntries(fields)];
  if (nested.shape === 'Map') return ['map', object];
  if (nested.shape === 'OutputReference' && (given === undefined || given.type === 'struct')) return object;
  return [given?.type === 'set' || nested.set ? 'set' : 'list', object];
}

const SCALARS: Readonly<Record<string, WireType>> = {
  string: 'string',
  number: 'number',
  boolean: 'bool',
  any: 'dynamic',
  stringList: ['list', 'string'],
  numberList: ['list', 'number'],
  stringMap: ['map', 'string'],
  numberMap: ['map', 'number'],
  booleanMap: ['map', 'bool'],
  stringListList: ['list', ['list', 'string']],
  numberListList: ['list', ['list', 'number']],
  stringMapList: ['list', ['map', 'string']],
  stringMapMap: ['map', ['map', 'string']],
};

function givenType({ type, storage }: Settable): WireType {
  const found = SCALARS[storage] ?? 'dynamic';
  return type === 'set' && Array.isArray(found) ? ['set', found[1] as WireType] : found;
}

/** What is only computed has no mapping: its getter tells. */
function readType(text: string): WireType {
  const map = /new cdktf\.(String|Number|Boolean|Any)Map(List)?\(this, "\w+"(?:, (true|false))?\)/.exec(text);
  if (map !== null) {
    const of: WireType = ['map', map[1] === 'Number' ? 'number' : map[1] === 'Boolean' ? 'bool' : 'string'];
    return map[2] === undefined ? of : [map[3] === 'true' ? 'set' : 'list', of];
  }
  const [, wrapped, getter] = /return .*?(cdktf\.Fn\.tolist\()?this\.get(\w+?)Attribute\(/.exec(text) ?? [];
  switch (getter) {
    case 'Number':
      return 'number';
    case 'Boolean':
      return 'bool';
    case 'List':
      return [wrapped === undefined ? 'list' : 'set', 'string'];
    case 'NumberList':
      return [wrapped === undefined ? 'list' : 'set', 'number'];
    case 'StringMap':
      return ['map', 'string'];
    case 'NumberMap':
      return ['map', 'number'];
    case 'BooleanMap':
      return ['map', 'bool'];
    case 'String':
      return 'string';
    default:
      return 'dynamic';
  }
}
