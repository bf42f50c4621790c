import { jest } from '@jest/globals';
import { describeWith, openRehearsal, type Rehearsal, terraformMissing } from '../../support/rehearsal.js';
import { synth } from '../../support/stacks.js';
import type { Attributes, StackJson } from '../../support/terraform-json.js';
import { SECRET_MARK } from '../../support/twins/cloud.js';
import { isJudged } from '../../support/twins/replacements.js';

jest.setTimeout(900_000);

const { stacks } = synth();

/**
 * Secrets that a cloud makes and its provider writes into the state, whatever we do. Each with what makes it useless
 * to whoever reads the state. A type that is not here fails the test.
 */
const USELESS: Readonly<Record<string, string>> = {
  storage_account: 'shared keys are off',
  servicebus_namespace: 'local authentication is off',
  container_registry: 'the administrator is off',
  managed_redis: 'access keys are off',
  container_cluster: 'no client certificate is issued',
  kubernetes_cluster: 'local accounts are off',
};

const countOf = ({ resource }: StackJson): number =>
  Object.values(resource ?? {}).reduce((sum, ofType) => sum + Object.keys(ofType).length, 0);

const values = (state: string): readonly Record<string, unknown>[] =>
  (JSON.parse(state) as { resources: { instances: { attributes: Record<string, unknown> }[] }[] }).resources.flatMap(
    ({ instances }) => instances.map(({ attributes }) => attributes),
  );

describeWith(terraformMissing(), 'the real Terraform, with twins of the three providers', () => {
  let rehearsal: Rehearsal;

  beforeAll(async () => {
    rehearsal = await openRehearsal();
  });

  afterAll(() => rehearsal.close());

  describe.each([...stacks])('%s', (name, stack) => {
    it('is valid', async () => {
      rehearsal.write(name, stack);
      expect((await rehearsal.terraform(name, 'init')).code).toBe(0);
      const { said } = await rehearsal.terraform(name, 'validate');
      expect(said).toContain('Success! The configuration is valid.');
    });

    it('plans to add everything and applies it', async () => {
      const count = countOf(stack);
      const { said } = await rehearsal.terraform(name, 'apply', '-auto-approve');
      expect(said).toContain(`Plan: ${count} to add, 0 to change, 0 to destroy.`);
      expect(said).toContain(`Apply complete! Resources: ${count} added, 0 changed, 0 destroyed.`);
    });

    it('needs no second apply', async () => {
      const { code, said } = await rehearsal.terraform(name, 'plan', '-detailed-exitcode');
      expect(said).toContain('No changes.');
      expect(code).toBe(0);
    });

    it('gives out every value that it promises', async () => {
      const { said } = await rehearsal.terraform(name, 'output', '-json');
      const outputs = JSON.parse(said) as Readonly<Record<string, { value: unknown; sensitive: boolean }>>;
      expect(Object.keys(outputs)).toEqual(Object.keys(stack.output ?? {}));
      for (const { value, sensitive } of Object.values(outputs)) {
        expect(sensitive).toBe(false);
        expect(JSON.stringify(value)).not.toMatch(/null|twin-secret/);
      }
    });

    it('leaves no write-only value in the state, and no cloud-made secret that opens anything', () => {
      const state = rehearsal.state(name);
      for (const { value } of rehearsal.secrets()) expect(state).not.toContain(value);
      expect(
        values(state).flatMap((one) =>
          Object.keys(one).filter((key) => key.endsWith('_wo') && typeof one[key] === 'string'),
        ),
      ).toEqual([]);
      const marked = [...state.matchAll(new RegExp(`${SECRET_MARK}:(\\w+)\\.`, 'g'))].map(([, kind = '']) => kind);
      expect(marked.filter((kind) => USELESS[kind] === undefined)).toEqual([]);
    });
  });

  it('every cloud was handed its administrator passwords, so there was something to leak', () => {
    const types = new Set(rehearsal.secrets().map(({ type, name }) => `${type}.${name}`));
    expect([...types].sort()).toEqual([
      'aws_db_instance.password_wo',
      'aws_secretsmanager_secret_version.secret_string_wo',
      'azurerm_key_vault_secret.value_wo',
      'azurerm_postgresql_flexible_server.administrator_password_wo',
      'google_secret_manager_secret_version.secret_data_wo',
      'google_sql_user.password_wo',
    ]);
    expect(rehearsal.secrets().every(({ value }) => value.length >= 32)).toBe(true);
  });

  it('of every type somebody has said in test/support/twins/replacements.ts what replaces it', () => {
    const used = new Set([...stacks.values()].flatMap(({ resource }) => Object.keys(resource ?? {})));
    expect([...used].filter((type) => !isJudged(type)).sort()).toEqual([]);
  });

  const all = (type: string): readonly Attributes[] =>
    [...stacks.values()].flatMap(({ resource }) => Object.values(resource?.[type] ?? {}));

  it.each<[string, Attributes]>([
    ['azurerm_storage_account', { shared_access_key_enabled: false }],
    ['azurerm_servicebus_namespace', { local_auth_enabled: false }],
    ['azurerm_container_registry', { admin_enabled: false }],
    ['azurerm_managed_redis', { default_database: { access_keys_authentication_enabled: false } }],
    ['azurerm_kubernetes_cluster', { local_account_disabled: true }],
    ['google_container_cluster', { master_auth: { client_certificate_config: { issue_client_certificate: false } } }],
  ])('%s: the keys in its state open nothing, because of %j', (type, argument) => {
    expect(all(type).length).toBeGreaterThan(0);
    for (const one of all(type)) expect(one).toMatchObject(argument);
  });
});
