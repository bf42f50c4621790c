import { jest } from '@jest/globals';
import { describeWith, openRehearsal, type Rehearsal, terraformMissing } from '../../support/rehearsal.js';
import { stackOf, synth } from '../../support/stacks.js';
import type { Attributes, StackJson } from '../../support/terraform-json.js';

jest.setTimeout(900_000);

const synthesised = synth();

type Mutation = readonly [what: string, stack: string, type: string, change: (one: Attributes) => void, said: RegExp];

const MUTATIONS: readonly Mutation[] = [
  [
    'two arguments that exclude each other',
    'gcp-prod-plane',
    'google_container_cluster',
    (one) => Object.assign(one, { enable_autopilot: true }),
    /enable_autopilot: "enable_autopilot" and\s+"enable_intranode_visibility" exclude each other/,
  ],
  [
    'two ways of writing a cache down, of which its service has one at a time',
    'azure-prod-plane',
    'azurerm_managed_redis',
    (one) => Object.assign(one.default_database as Attributes, { persistence_append_only_file_backup_frequency: '1s' }),
    /persistence_append_only_file_backup_frequency" and\s+"default_database\.persistence_redis_database_backup_frequency" exclude each other/,
  ],
  [
    'an argument without the one that it needs',
    'azure-prod-plane',
    'azurerm_key_vault_secret',
    (one) => {
      delete one.value_wo_version;
    },
    /"value_wo" needs "value_wo_version" beside/,
  ],
  [
    'none of several',
    'gcp-prod-plane',
    'google_compute_firewall',
    (one) => {
      delete one.allow;
      delete one.deny;
    },
    /one of "allow", "deny" must be set/,
  ],
  [
    'a misspelt word',
    'gcp-prod-plane',
    'google_sql_database_instance',
    (one) => Object.assign(one.settings as Attributes, { availability_type: 'REGION' }),
    /settings\.availability_type: "REGION" is none of REGIONAL, ZONAL/,
  ],
];

describeWith(terraformMissing(), 'terraform validate on a twin refuses', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await openRehearsal();
  });
  afterAll(() => rehearsal.close());

  it.each(MUTATIONS)('%s', async (_, name, type, change, said) => {
    const stack = JSON.parse(JSON.stringify(stackOf(synthesised, name))) as StackJson;
    const [one] = Object.values(stack.resource[type] ?? {});
    if (one === undefined) throw new Error(`${name} has no ${type}`);
    change(one);
    rehearsal.write(name, stack);
    expect((await rehearsal.terraform(name, 'init')).code).toBe(0);
    const answer = await rehearsal.terraform(name, 'validate');
    expect(answer.said.replaceAll(/\n│? */g, ' ')).toMatch(said);
    expect(answer.code).toBe(1);
  });
});
