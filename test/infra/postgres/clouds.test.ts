import { buildSecretPolicy } from '../../../infra/postgres/aws-secret.js';
import { evaluate } from '../../support/policy.js';
import { plainId } from '../../support/stacks.js';
import { AWS } from '../sites.js';
import { only, synthPostgres } from '../units.js';

const SERVERS = {
  aws: 'aws_db_instance',
  gcp: 'google_sql_database_instance',
  azure: 'azurerm_postgresql_flexible_server',
} as const;
const CLOUDS = ['aws', 'gcp', 'azure'] as const;

describe('a database server on every cloud', () => {
  it.each(CLOUDS)('has as many replicas on %s as it is given', (cloud) => {
    for (const readReplicas of [0, 2]) {
      const ids = Object.keys(synthPostgres(cloud, { readReplicas }).resource[SERVERS[cloud]] ?? {}).map(plainId);
      expect(ids.filter((id) => id.startsWith('it_replica_'))).toHaveLength(readReplicas);
    }
  });

  it.each(CLOUDS)('takes a password on %s that Terraform makes, a new one for each version', (cloud) => {
    const stack = synthPostgres(cloud, { adminPasswordVersion: 7 });
    const locals = Object.entries((stack as unknown as { locals: Record<string, string> }).locals);
    expect(locals).toHaveLength(1);
    const [[name = '', expression] = []] = locals;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own template
    expect(expression).toBe('${format("Mp-%s", sha256("${uuid()}${uuid()}"))}');
    const text = JSON.stringify(stack.resource);
    expect(text.match(/_wo_version":7/g)).toHaveLength(2);
    expect(text.match(new RegExp(`local\\.${name}`, 'g'))).toHaveLength(2);
  });
});

describe('a database server on AWS', () => {
  it('keeps its window when it spans midnight', () => {
    const stack = synthPostgres('aws', { maintenance: { day: 'sat', hour: 23 } });
    expect(only(stack, 'aws_db_instance', 'it')).toMatchObject({
      maintenance_window: 'sat:23:00-sun:00:00',
      backup_window: '21:00-21:45',
    });
  });

  it('gives a replica nothing that comes from its primary', () => {
    const replica = only(synthPostgres('aws', {}), 'aws_db_instance', 'it_replica_1');
    for (const inherited of [
      'username',
      'password_wo',
      'db_name',
      'db_subnet_group_name',
      'engine',
      'allocated_storage',
    ])
      expect(replica).not.toHaveProperty(inherited);
    expect(replica.replicate_source_db).toMatch(/\.identifier\}$/);
  });

  it('has parameters of its own major version, and asks for a restart where RDS does', () => {
    const group = only(synthPostgres('aws', { version: '17' }), 'aws_db_parameter_group', 'it_parameters');
    expect(group.family).toBe('postgres17');
    const given = group.parameter as unknown as readonly { name: string; apply_method: string }[];
    const later = given.filter((one) => one.apply_method === 'pending-reboot').map(({ name }) => name);
    expect(later).toEqual(['rds.logical_replication', 'shared_buffers', 'max_connections', 'shared_preload_libraries']);
  });

  const { deploy, externalSecrets, operator } = AWS.principals;
  it.each([
    { who: externalSecrets, action: 'GetSecretValue', verdict: 'none' },
    { who: deploy, action: 'GetSecretValue', verdict: 'none' },
    { who: operator, action: 'GetSecretValue', verdict: 'deny' },
    { who: externalSecrets, action: 'PutSecretValue', verdict: 'deny' },
    { who: deploy, action: 'PutSecretValue', verdict: 'none' },
  ])('leaves $action by $who to IAM, or denies it: $verdict', ({ who, action, verdict }) => {
    const asked = {
      principal: who,
      action: `secretsmanager:${action}`,
      resource: '*',
      context: { 'aws:SecureTransport': 'true' },
    };
    expect(evaluate(buildSecretPolicy(AWS), asked).verdict).toBe(verdict);
  });
});

describe('a database server on Google Cloud', () => {
  it('has its name in its certificate, under an authority that verifies names', () => {
    const { settings } = only(synthPostgres('gcp', {}), 'google_sql_database_instance', 'it');
    expect(settings).toMatchObject({ ip_configuration: { server_ca_mode: 'GOOGLE_MANAGED_CAS_CA' } });
  });

  it('waits for its network and for the right to its key', () => {
    const { depends_on } = only(synthPostgres('gcp', {}), 'google_sql_database_instance', 'it');
    expect(depends_on).toEqual([
      expect.stringMatching(/^google_kms_crypto_key_iam_member\.kms_data_postgres_/),
      expect.stringMatching(/^google_kms_crypto_key_iam_member\.kms_data_redis_/),
      expect.stringMatching(/^google_kms_crypto_key_iam_member\.kms_data_queue_/),
      expect.stringMatching(/^google_kms_crypto_key_iam_member\.kms_data_secrets_/),
      expect.stringMatching(/^google_service_networking_connection\.network_peering_/),
    ]);
  });

  it('counts the week from Monday', () => {
    const window = (day: 'mon' | 'sun') =>
      only(synthPostgres('gcp', { maintenance: { day, hour: 3 } }), 'google_sql_database_instance', 'it').settings;
    expect(window('mon')).toMatchObject({ maintenance_window: { day: 1, hour: 3 } });
    expect(window('sun')).toMatchObject({ maintenance_window: { day: 7 } });
  });
});

describe('a database server on Azure', () => {
  const stack = synthPostgres('azure', {});

  it('counts the week from Sunday', () => {
    expect(only(stack, 'azurerm_postgresql_flexible_server', 'it').maintenance_window).toEqual({
      day_of_week: 0,
      start_hour: 3,
      start_minute: 0,
    });
  });

  it('leaves zones to a failover, and growth to the server', () => {
    expect(only(stack, 'azurerm_postgresql_flexible_server', 'it').lifecycle).toEqual({
      prevent_destroy: true,
      ignore_changes: ['zone', 'high_availability[0].standby_availability_zone', 'storage_mb'],
    });
  });

  it('changes one parameter after the other, and makes replicas after the last', () => {
    const type = 'azurerm_postgresql_flexible_server_configuration';
    const parameters = Object.entries(stack.resource[type] ?? {});
    const before = parameters.map(([, { depends_on }]) => depends_on as readonly string[]);
    expect(before.filter((one) => one.length === 0)).toHaveLength(1);
    // Each has one before it and none shares it: a chain, and one that nobody waits for at its end.
    expect(before.flat()).toHaveLength(parameters.length - 1);
    expect(new Set(before.flat()).size).toBe(parameters.length - 1);
    const last = parameters.map(([id]) => `${type}.${id}`).filter((id) => !before.flat().includes(id));
    const replica = only(stack, 'azurerm_postgresql_flexible_server', 'it_replica_1');
    expect(replica.depends_on).toEqual(expect.arrayContaining(last));
  });

  it('stands in a subnet of its own, and its replicas in another', () => {
    const subnetOf = (id: string) => String(only(stack, 'azurerm_postgresql_flexible_server', id).delegated_subnet_id);
    expect(subnetOf('it')).toContain('network_subnet_postgres');
    expect(subnetOf('it_replica_1')).toContain('network_subnet_reader');
  });

  it('without a second region has neither geo-redundant backups nor a key for them', () => {
    const { customer_managed_key: key, ...rest } = only(stack, 'azurerm_postgresql_flexible_server', 'it');
    expect(rest.geo_redundant_backup_enabled).toBe(false);
    expect(key).not.toHaveProperty('geo_backup_key_vault_key_id');
  });

  it('writes its secret after the vault lets deploy in', () => {
    const { depends_on } = only(stack, 'azurerm_key_vault_secret', 'it_secret');
    expect(depends_on).toEqual([expect.stringMatching(/^azurerm_role_assignment\.kms_secrets_officer_/)]);
  });
});
