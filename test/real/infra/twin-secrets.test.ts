import { jest } from '@jest/globals';
import { describeWith, openRehearsal, type Rehearsal, terraformMissing } from '../../support/rehearsal.js';
import { stackOf, synth } from '../../support/stacks.js';
import type { Attributes, StackJson } from '../../support/terraform-json.js';

jest.setTimeout(900_000);

const CANARY = 'Canary-7f3e-not-for-any-state';
const synthesised = synth();

/** The stack with one known password in place of the one that Terraform would make up. */
function withCanary(name: string): StackJson {
  const stack = JSON.parse(JSON.stringify(stackOf(synthesised, name))) as StackJson & { locals: Attributes };
  const made = Object.entries(stack.locals).filter(([, expression]) => String(expression).includes('uuid()'));
  expect(made).not.toEqual([]);
  for (const [one] of made) stack.locals[one] = CANARY;
  return stack;
}

const SECRET_STORES = {
  'aws-prod-plane': { type: 'aws_secretsmanager_secret_version', writeOnly: 'secret_string_wo', kept: 'secret_string' },
  'gcp-prod-plane': { type: 'google_secret_manager_secret_version', writeOnly: 'secret_data_wo', kept: 'secret_data' },
  'azure-prod-plane': { type: 'azurerm_key_vault_secret', writeOnly: 'value_wo', kept: 'value' },
} as const;

describeWith(terraformMissing(), 'a password that is known beforehand', () => {
  let rehearsal: Rehearsal;

  beforeEach(async () => {
    rehearsal = await openRehearsal();
  });

  afterEach(() => rehearsal.close());

  it.each(Object.keys(SECRET_STORES))('%s: reaches server and store, and neither state nor output', async (name) => {
    rehearsal.write(name, withCanary(name));
    const said = await rehearsal.apply(name);
    const arrived = rehearsal.secrets().filter(({ value }) => value.includes(CANARY));
    expect(arrived.length).toBeGreaterThanOrEqual(2);
    expect(rehearsal.state(name)).not.toContain(CANARY);
    expect(said).not.toContain(CANARY);
    expect((await rehearsal.terraform(name, 'output', '-json')).said).not.toContain(CANARY);
  });

  it.each(Object.entries(SECRET_STORES))(
    '%s: would be found in the state if the argument were not write-only',
    async (name, store) => {
      const stack = withCanary(name);
      for (const secret of Object.values(stack.resource[store.type] ?? {})) {
        secret[store.kept] = secret[store.writeOnly] ?? null;
        delete secret[store.writeOnly];
        delete secret[`${store.writeOnly}_version`];
      }
      rehearsal.write(name, stack);
      await rehearsal.apply(name);
      expect(rehearsal.state(name)).toContain(CANARY);
    },
  );

  it('a raised version hands over a new password, and nothing else changes', async () => {
    const name = 'azure-prod-plane';
    const stack = withCanary(name);
    rehearsal.write(name, stack);
    await rehearsal.apply(name);
    const before = rehearsal.secrets().length;
    const raise = (type: string, argument: string) => {
      for (const one of Object.values(stack.resource[type] ?? {})) {
        if (typeof one[argument] === 'number') one[argument] += 1;
      }
    };
    raise('azurerm_postgresql_flexible_server', 'administrator_password_wo_version');
    raise('azurerm_key_vault_secret', 'value_wo_version');
    rehearsal.write(name, stack);
    const { said } = await rehearsal.terraform(name, 'apply', '-auto-approve');
    expect(said).toContain('Apply complete! Resources: 0 added, 2 changed, 0 destroyed.');
    const handed = rehearsal.secrets().slice(before);
    expect(handed.map(({ type }) => type).sort()).toEqual([
      'azurerm_key_vault_secret',
      'azurerm_postgresql_flexible_server',
    ]);
    for (const { value } of handed) expect(value).toContain(CANARY);
  });
});
