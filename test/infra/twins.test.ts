import { misspelt } from '../support/twins/allowed-values.js';
import { openBinding } from '../support/twins/binding.js';
import { Cloud } from '../support/twins/cloud.js';
import { plan } from '../support/twins/plan.js';
import type { Block } from '../support/twins/schema.js';
import { type Fields, pack, UNKNOWN, unpack } from '../support/twins/wire.js';

const blockOf = (type: string): Block => {
  const binding = openBinding(type.split('_')[0] as 'aws' | 'google' | 'azurerm');
  const block = binding.read({ resources: [type], data: [] }).resources[type];
  if (block === undefined) throw new Error(`no ${type}`);
  return block;
};

/** An object with every attribute and block of the type, as Terraform sends it. */
const filled = ({ attributes, blocks }: Block, given: Fields): Fields => ({
  ...Object.fromEntries(Object.keys(attributes).map((name) => [name, null])),
  ...Object.fromEntries(Object.entries(blocks).map(([name, { nesting }]) => [name, nesting === 'single' ? null : []])),
  ...given,
});

describe('a schema read from a binding', () => {
  const database = blockOf('aws_db_instance');

  it('knows what is required, optional and computed', () => {
    expect(database.attributes.instance_class).toMatchObject({ type: 'string', required: true, computed: false });
    expect(database.attributes.engine).toMatchObject({ required: false, optional: true, computed: true });
    expect(database.attributes.arn).toMatchObject({ optional: false, computed: true });
  });

  it('knows what is write-only, and takes it for a secret', () => {
    expect(database.attributes.password_wo).toMatchObject({ writeOnly: true, sensitive: true });
    expect(database.attributes.password_wo_version).toMatchObject({
      type: 'number',
      writeOnly: false,
      sensitive: false,
    });
  });

  it('knows lists, sets and maps, computed ones as well', () => {
    expect(database.attributes.vpc_security_group_ids?.type).toEqual(['set', 'string']);
    expect(database.attributes.tags?.type).toEqual(['map', 'string']);
    expect(database.attributes.master_user_secret?.type).toEqual([
      'list',
      ['object', { kms_key_id: 'string', secret_arn: 'string', secret_status: 'string' }],
    ]);
  });

  it('tells blocks from attributes that hold objects', () => {
    const group = blockOf('aws_security_group');
    expect(group.attributes.ingress?.type).toEqual(['set', ['object', expect.objectContaining({ self: 'bool' })]]);
    expect(Object.keys(group.blocks)).toEqual(['timeouts']);
    expect(group.blocks.timeouts?.nesting).toBe('single');
  });

  it.each([
    ['google_sql_database_instance', 'settings', { nesting: 'list', maxItems: 1 }],
    ['google_container_cluster', 'private_cluster_config', { nesting: 'list', maxItems: 1 }],
    ['azurerm_storage_account', 'customer_managed_key', { nesting: 'list', maxItems: 1 }],
    ['azurerm_kubernetes_cluster', 'default_node_pool', { nesting: 'list', minItems: 1, maxItems: 1 }],
    ['aws_s3_bucket_replication_configuration', 'rule', { nesting: 'list', minItems: 1, maxItems: 0 }],
  ])('%s.%s is %j', (type, name, expected) => {
    expect(blockOf(type).blocks[name]).toMatchObject(expected);
  });

  it('has no type that the binding has not', () => {
    expect(openBinding('aws').read({ resources: ['aws_nosuch'], data: [] }).resources).toEqual({});
  });
});

describe('a plan', () => {
  const block = blockOf('aws_kms_key');
  const wanted = filled(block, { description: 'one', tags: { a: 'b' }, deletion_window_in_days: 30 });
  const cloud = () => new Cloud('aws');
  const setting: Fields = { region: 'eu-central-1', allowed_account_ids: ['111122223333'] };

  it('leaves to the cloud what only it can tell, and nothing that is configured', () => {
    const { state } = plan('aws_kms_key', block, null, wanted);
    expect(state).toMatchObject({ description: 'one', arn: UNKNOWN, tags_all: { a: 'b' } });
  });

  it('changes nothing where nothing changed', () => {
    const made = cloud().make('aws_kms_key', block, plan('aws_kms_key', block, null, wanted).state as Fields, setting);
    expect(made.arn).toMatch(/^arn:aws:kms:eu-central-1:111122223333:key\/[0-9a-f-]{36}$/);
    const again = plan('aws_kms_key', block, made, { ...made, description: 'one' });
    expect(again).toEqual({ state: made, replace: [] });
  });

  it('tells a change in place from one that replaces', () => {
    const made = cloud().make('aws_kms_key', block, plan('aws_kms_key', block, null, wanted).state as Fields, setting);
    expect(plan('aws_kms_key', block, made, { ...made, description: 'two' }).replace).toEqual([]);
    expect(plan('aws_kms_key', block, made, { ...made, multi_region: true }).replace).toEqual(['multi_region']);
  });

  it('makes up the same for the same configuration, and another identity for its twin', () => {
    const planned = plan('aws_kms_key', block, null, wanted).state as Fields;
    const [one, other] = [cloud(), cloud()];
    const first = one.make('aws_kms_key', block, planned, setting);
    expect(other.make('aws_kms_key', block, planned, setting)).toEqual(first);
    expect(one.make('aws_kms_key', block, planned, setting).id).not.toBe(first.id);
  });

  it('keeps write-only arguments out', () => {
    const secret = blockOf('azurerm_key_vault_secret');
    const given = filled(secret, { name: 'x', key_vault_id: '/v', value_wo: 'hidden', value_wo_version: 1 });
    expect(JSON.stringify(plan('azurerm_key_vault_secret', secret, null, given))).not.toContain('hidden');
  });
});

it('values cross the wire, unknown ones and their refinements untouched', () => {
  const value = { a: null, b: [1, 'x', true, 1.5, UNKNOWN], c: { d: UNKNOWN } };
  expect(unpack(pack(value))).toEqual(value);
});

it('a misspelt word is found in a block, and what is not yet known is not', () => {
  const type = 'google_sql_database_instance';
  expect(misspelt(type, { settings: [{ availability_type: 'REGION' }] })).toEqual([
    { path: 'settings.availability_type', value: 'REGION', allowed: ['REGIONAL', 'ZONAL'] },
  ]);
  expect(misspelt(type, { settings: [{ availability_type: UNKNOWN }, { availability_type: null }] })).toEqual([]);
});
