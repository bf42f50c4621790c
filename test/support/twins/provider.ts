import type { Binding, Types } from './binding.js';
import { Cloud, type Setting } from './cloud.js';
import { plan, withoutSecrets } from './plan.js';
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

export interface Twin {
  readonly calls: Calls;
  readonly secrets: readonly Secret[];
}

const nothing: Answer = { diagnostics: [] };
const failure = (summary: string, detail: string): Answer => ({
  diagnostics: [{ severity: 'ERROR', summary, detail }],
});

/**
 * A provider twin: stands in for a cloud's provider at the plugin protocol. It knows which arguments there are, not
 * which values a cloud accepts; it keeps nothing but what Terraform's state holds.
 */
export function createTwin(binding: Binding, types: () => Types): Twin {
  const cloud = new Cloud(binding.name);
  const settings = new Map<string, Setting>();
  const secrets: Secret[] = [];
  let schema: ProviderSchema | undefined;
  const current = (): ProviderSchema => {
    schema ??= binding.read(types());
    return schema;
  };
  const blockOf = (kind: 'resources' | 'data', type: string): Block => {
    const ofTypes = kind === 'data' ? { resources: [], data: [type] } : { resources: [type], data: [] };
    const block = current()[kind][type] ?? binding.read(ofTypes)[kind][type];
    if (block === undefined) throw new Error(`the binding ${binding.name} ${binding.version} has no ${type}`);
    return block;
  };
  const settingOf = (connection: string): Setting => settings.get(connection) ?? {};

  const calls: Calls = {
    GetSchema: () => {
      schema = binding.read(types());
      const wire = (blocks: Readonly<Record<string, Block>>) =>
        Object.fromEntries(Object.entries(blocks).map(([type, block]) => [type, wireSchema(block)]));
      return {
        provider: wireSchema(schema.provider),
        resource_schemas: wire(schema.resources),
        data_source_schemas: wire(schema.data),
      };
    },
    PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
    ValidateResourceTypeConfig: () => nothing,
    ValidateDataSourceConfig: () => nothing,
    UpgradeResourceState: ({ raw_state }) => ({ upgraded_state: { json: raw_state?.json ?? Buffer.from('null') } }),
    Configure: ({ config }, connection) => {
      const given = unpack(config);
      settings.set(connection, isFields(given) ? given : {});
      return nothing;
    },
    ReadResource: ({ current_state, private: kept }) => ({ new_state: current_state, private: kept }),
    PlanResourceChange: ({ type_name, prior_state, proposed_new_state }) => {
      const block = blockOf('resources', type_name);
      const { state, replace } = plan(type_name, block, unpack(prior_state), unpack(proposed_new_state));
      return {
        planned_state: pack(state),
        requires_replace: replace.map((attribute_name) => ({ steps: [{ attribute_name }] })),
      };
    },
    ApplyResourceChange: ({ type_name, planned_state, config }, connection) => {
      const block = blockOf('resources', type_name);
      const planned = unpack(planned_state);
      if (!isFields(planned)) return { new_state: pack(null) };
      secrets.push(...secretsOf(type_name, block, unpack(config)));
      const made = cloud.make(type_name, block, withoutSecrets(block, planned), settingOf(connection));
      return { new_state: pack(made) };
    },
    ImportResourceState: ({ type_name, id }) =>
      failure('A provider twin has nothing to import', `${type_name} ${id}: there is no cloud behind it`),
    ReadDataSource: ({ type_name, config }, connection) => {
      const block = blockOf('data', type_name);
      const given = unpack(config);
      return {
        state: pack(cloud.make(type_name, block, isFields(given) ? asked(block, given) : {}, settingOf(connection))),
      };
    },
    Stop: () => ({ Error: '' }),
  };
  return { calls, secrets };
}

/** All that a data source computes is to be filled in. */
const asked = (block: Block, given: Fields): Fields => plan('', block, null, given).state as Fields;

function secretsOf(type: string, { attributes }: Block, config: Value): readonly Secret[] {
  if (!isFields(config)) return [];
  return Object.entries(attributes).flatMap(([name, { writeOnly }]) => {
    const value = config[name];
    return writeOnly && typeof value === 'string' ? [{ type, name, value }] : [];
  });
}
