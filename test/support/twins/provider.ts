import { misspelt } from './allowed-values.js';
import type { Binding, Types } from './binding.js';
import { Cloud, type Setting } from './cloud.js';
import { Inventory } from './inventory.js';
import { mapBlock, plan, withoutSecrets } from './plan.js';
import { unrelated } from './relations.js';
import { type Block, type ProviderSchema, wireSchema } from './schema.js';
import { type DynamicValue, type Fields, isFields, pack, unpack, type Value } from './wire.js';

export interface Request {
  readonly type_name: string;
  readonly id?: string;
  readonly config?: DynamicValue;
  readonly prior_state?: DynamicValue;
  readonly proposed_new_state?: DynamicValue;
  readonly planned_state?: DynamicValue;
  readonly current_state?: DynamicValue;
  readonly raw_state?: { readonly json: Uint8Array };
  readonly private?: Uint8Array;
}

/** A write-only argument as it arrived in an apply. In memory only, for tests that look for it where it must not be. */
export interface Secret {
  readonly type: string;
  readonly name: string;
  readonly value: string;
}

export type Answer = Readonly<Record<string, unknown>>;
export type Calls = Readonly<Record<string, (request: Request, connection: string) => Answer>>;

const NOTHING: Answer = { diagnostics: [] };

/**
 * A provider twin: stands in for a cloud's provider at the plugin protocol. It knows which arguments there are, not
 * which values a cloud accepts; it keeps nothing but what Terraform's state holds.
 */
export class Twin {
  readonly secrets: Secret[] = [];
  private readonly binding: Binding;
  private readonly types: () => Types;
  private readonly cloud: Cloud;
  /** Each provider block of a configuration (a region, say) comes by a connection of its own. */
  private readonly settings = new Map<string, Setting>();
  private schema: ProviderSchema | undefined;
  private readonly inventory: Inventory;

  constructor(binding: Binding, types: () => Types, inventory = new Inventory()) {
    this.inventory = inventory;
    this.binding = binding;
    this.types = types;
    this.cloud = new Cloud(binding.name);
  }

  calls(): Calls {
    return {
      GetSchema: () => this.answerSchema(),
      PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
      ValidateResourceTypeConfig: (request) => this.validate(request),
      ValidateDataSourceConfig: () => NOTHING,
      UpgradeResourceState: ({ raw_state }) => ({ upgraded_state: { json: raw_state?.json ?? Buffer.from('null') } }),
      Configure: (request, connection) => this.configure(request, connection),
      ReadResource: ({ current_state, private: kept }) => ({ new_state: current_state, private: kept }),
      PlanResourceChange: (request) => this.plan(request),
      ApplyResourceChange: (request, connection) => this.apply(request, connection),
      ImportResourceState: (request) => this.import(request),
      ReadDataSource: (request, connection) => this.read(request, connection),
      Stop: () => ({ Error: '' }),
    };
  }

  private answerSchema(): Answer {
    this.schema = this.binding.read(this.types());
    const { provider, resources, data } = this.schema;
    const wire = (blocks: Readonly<Record<string, Block>>) =>
      Object.fromEntries(Object.entries(blocks).map(([type, block]) => [type, wireSchema(block)]));
    return { provider: wireSchema(provider), resource_schemas: wire(resources), data_source_schemas: wire(data) };
  }

  /**
   * What Terraform itself leaves to providers: nobody sets what is only computed, words are spelt right, and arguments
   * stand together as they may.
   */
  private validate({ type_name, config }: Request): Answer {
    const given = unpack(config);
    if (!isFields(given)) return NOTHING;
    const set: string[] = [];
    mapBlock(this.blockOf('resources', type_name), given, ({ required, optional }, value, name) => {
      if (!required && !optional && value !== null) set.push(name);
      return value;
    });
    return {
      diagnostics: [
        ...set.map((name) => failure('Computed attribute is set', `"${name}" is what the cloud alone decides`)),
        ...misspelt(type_name, given).map(({ path, value, allowed }) =>
          failure('Value is not allowed', `${path}: "${value}" is none of ${allowed.join(', ')}`),
        ),
        ...unrelated(type_name, given).map(({ path, detail }) =>
          failure('Invalid combination of arguments', `${path}: ${detail}`),
        ),
      ],
    };
  }

  private configure({ config }: Request, connection: string): Answer {
    const given = unpack(config);
    this.settings.set(connection, isFields(given) ? given : {});
    return NOTHING;
  }

  private plan({ type_name, prior_state, proposed_new_state }: Request): Answer {
    const block = this.blockOf('resources', type_name);
    const { state, replace } = plan(type_name, block, unpack(prior_state), unpack(proposed_new_state));
    return {
      planned_state: pack(state),
      requires_replace: replace.map((attribute_name) => ({ steps: [{ attribute_name }] })),
    };
  }

  /** What an apply of this rehearsal made and nobody destroyed, whether a state still knows it or not. */
  private import({ type_name, id = '' }: Request): Answer {
    const found = this.inventory.find(type_name, id);
    if (found !== undefined) return { imported_resources: [{ type_name, state: pack(found) }] };
    const detail = `${type_name} ${id}: no apply of this rehearsal made it; ids are as in \`terraform state show\``;
    return { diagnostics: [failure('Cannot import non-existent remote object', detail)] };
  }

  private apply({ type_name, prior_state, planned_state, config }: Request, connection: string): Answer {
    const planned = unpack(planned_state);
    if (!isFields(planned)) {
      this.inventory.drop(type_name, unpack(prior_state));
      return { new_state: pack(null) };
    }
    const block = this.blockOf('resources', type_name);
    this.secrets.push(...secretsOf(type_name, block, unpack(config)));
    const made = this.make(type_name, block, withoutSecrets(block, planned), connection);
    this.inventory.keep(type_name, made);
    return { new_state: pack(made) };
  }

  private read({ type_name, config }: Request, connection: string): Answer {
    const block = this.blockOf('data', type_name);
    const asked = plan(type_name, block, null, unpack(config)).state;
    return { state: pack(isFields(asked) ? this.make(type_name, block, asked, connection) : null) };
  }

  private make(type: string, block: Block, planned: Fields, connection: string): Fields {
    return this.cloud.make(type, block, planned, this.settings.get(connection) ?? {});
  }

  private blockOf(kind: 'resources' | 'data', type: string): Block {
    const only = kind === 'data' ? { resources: [], data: [type] } : { resources: [type], data: [] };
    const block = this.schema?.[kind][type] ?? this.binding.read(only)[kind][type];
    if (block === undefined) throw new Error(`the binding ${this.binding.name} ${this.binding.version} has no ${type}`);
    return block;
  }
}

const failure = (summary: string, detail: string) => ({ severity: 'ERROR', summary, detail });

function secretsOf(type: string, { attributes }: Block, config: Value): readonly Secret[] {
  if (!isFields(config)) return [];
  return Object.entries(attributes).flatMap(([name, { writeOnly }]) => {
    const value = config[name];
    return writeOnly && typeof value === 'string' ? [{ type, name, value }] : [];
  });
}
