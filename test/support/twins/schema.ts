/** A type as Terraform writes it on the wire, in JSON. */
export type WireType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | readonly ['list' | 'set' | 'map', WireType]
  | readonly ['object', Readonly<Record<string, WireType>>];

export interface Attribute {
  readonly type: WireType;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
  readonly writeOnly: boolean;
}

export interface NestedBlock {
  readonly nesting: 'single' | 'list' | 'set';
  readonly minItems: number;
  readonly maxItems: number;
  readonly block: Block;
}

export interface Block {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly blocks: Readonly<Record<string, NestedBlock>>;
}

/** What a twin serves: the schema of a provider, or of the part of it that somebody uses. */
export interface ProviderSchema {
  readonly provider: Block;
  readonly resources: Readonly<Record<string, Block>>;
  readonly data: Readonly<Record<string, Block>>;
}

interface WireAttribute extends Omit<Attribute, 'type' | 'writeOnly'> {
  readonly name: string;
  readonly type: Buffer;
  readonly write_only: boolean;
}

interface WireBlock {
  readonly attributes: readonly WireAttribute[];
  readonly block_types: readonly {
    readonly type_name: string;
    readonly block: WireBlock;
    readonly nesting: 'SINGLE' | 'LIST' | 'SET';
    readonly min_items: number;
    readonly max_items: number;
  }[];
}

const NESTING = { single: 'SINGLE', list: 'LIST', set: 'SET' } as const;

export const wireSchema = (block: Block) => ({ version: 0, block: wireBlock(block) });

function wireBlock({ attributes, blocks }: Block): WireBlock {
  return {
    attributes: Object.entries(attributes).map(([name, { type, writeOnly, ...flags }]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      write_only: writeOnly,
      ...flags,
    })),
    block_types: Object.entries(blocks).map(([type_name, { nesting, minItems, maxItems, block }]) => ({
      type_name,
      block: wireBlock(block),
      nesting: NESTING[nesting],
      min_items: minItems,
      max_items: maxItems,
    })),
  };
}
