import { SIZES } from '../../charts/manifests/tenant/sizes.js';
import { TENANT_PODS } from '../../stacks/spec/sizes.js';
import type { Cloud } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { type PostgresFacts, postgresFacts } from '../support/postgres-facts.js';
import { reviewed, type StackJson } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const ID = 'pg_pg-a';

const planeOf = (cloud: Cloud): StackJson => reviewed(`${cloud}-prod-plane`);

/** The promises of production. One table for three clouds: a cloud that differs has a reason beside it below. */
const PROMISE: PostgresFacts = {
  key: 'data',
  secretKey: 'data',
  highlyAvailable: true,
  replicas: 1,
  private: true,
  tlsOnly: true,
  pitrDays: 35,
  backupDays: 35,
  guarded: true,
  stateless: true,
  survivesRegion: true,
  settings: { logical: true, walMb: 4096, connections: 500, scram: true, bindsLogged: false },
};

function promised(cloud: Cloud): PostgresFacts {
  switch (cloud) {
    case 'aws':
      return PROMISE;
    case 'gcp':
      // Cloud SQL's edition keeps logs for a week; before that there is one backup a day.
      return { ...PROMISE, pitrDays: 7 };
    case 'azure':
      // Flexible Server keeps SCRAM verifiers from version 14 on and takes no MD5 unless told to.
      return { ...PROMISE, settings: { ...PROMISE.settings, scram: undefined } };
  }
}

describe('the databases of production', () => {
  it.each(CLOUDS)('keep every promise on %s', (cloud) => {
    expect(postgresFacts(cloud, planeOf(cloud), ID)).toEqual(promised(cloud));
  });

  it.each(CLOUDS)('are handed out on %s with all that the operator asks for, and no password', (cloud) => {
    const { postgres } = planeOf(cloud).output.memplane?.value ?? {};
    expect(postgres).toEqual([
      {
        name: 'pg-a',
        host: expect.stringMatching(/^\$\{(aws_db_instance|google_sql_database_instance|azurerm_postgresql)/),
        readHosts: [expect.stringContaining('pg_pg-a_replica_1')],
        port: 5432,
        adminSecret: expect.stringContaining('pg_pg-a_secret'),
        ca: cloud === 'gcp' ? expect.stringContaining('server_ca_cert') : 'public',
        maxConnections: 500,
        reservedConnections: 30,
        capacity: 500,
        pooler: 'PgBouncer',
      },
    ]);
  });

  it('count as many pods a tenant as the charts may run', () => {
    for (const [size, { memory, knowledge }] of Object.entries(SIZES)) {
      expect({ size, pods: TENANT_PODS[size as keyof typeof SIZES] }).toEqual({
        size,
        pods: memory.maxReplicas + knowledge.maxReplicas,
      });
    }
  });
});

interface Mutant {
  readonly cloud: Cloud;
  readonly because: string;
  readonly changes: keyof PostgresFacts;
  readonly mutate: (stack: Editable) => void;
}

const RDS = 'aws_db_instance';
const SQL = 'google_sql_database_instance';
const FLEX = 'azurerm_postgresql_flexible_server';
const REPLICA = `${ID}_replica_1`;

/** Parameters by their place in the list, as Terraform has them. */
function parameter(stack: Editable, name: string, value: string): void {
  const group = `${ID}_parameters`;
  const given = stack.get('aws_db_parameter_group', group).parameter as readonly { readonly name: string }[];
  const index = given.findIndex((one) => one.name === name);
  stack.set('aws_db_parameter_group', group, ['parameter', index, 'value'], value);
}

function flag(stack: Editable, name: string, value: string): void {
  const settings = stack.get(SQL, ID).settings as unknown as {
    readonly database_flags: readonly { readonly name: string }[];
  };
  const index = settings.database_flags.findIndex((one) => one.name === name);
  stack.set(SQL, ID, ['settings', 'database_flags', index, 'value'], value);
}

const IP = ['settings', 'ip_configuration'] as const;
const BACKUP = ['settings', 'backup_configuration'] as const;

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    because: 'a key of another account can go without this stack knowing',
    changes: 'key',
    mutate: (s) => s.set(RDS, ID, ['kms_key_id'], 'arn:aws:kms:eu-central-1:999988887777:key/x'),
  },
  {
    cloud: 'aws',
    because: 'statistics show statements, so they have the key as well',
    changes: 'key',
    mutate: (s) => s.set(RDS, REPLICA, ['performance_insights_kms_key_id'], 'alias/aws/rds'),
  },
  {
    cloud: 'aws',
    because: 'one zone is one fire',
    changes: 'highlyAvailable',
    mutate: (s) => s.set(RDS, ID, ['multi_az'], false),
  },
  {
    cloud: 'aws',
    because: 'a misspelt parameter is accepted and does nothing',
    changes: 'tlsOnly',
    mutate: (s) => {
      const given = s.get('aws_db_parameter_group', `${ID}_parameters`).parameter as readonly { name: string }[];
      const index = given.findIndex((one) => one.name === 'rds.force_ssl');
      s.set('aws_db_parameter_group', `${ID}_parameters`, ['parameter', index, 'name'], 'rds.force_sl');
    },
  },
  {
    cloud: 'aws',
    because: 'a group that no server uses sets nothing',
    changes: 'tlsOnly',
    mutate: (s) => s.set(RDS, REPLICA, ['parameter_group_name'], 'default.postgres16'),
  },
  {
    cloud: 'aws',
    because: 'a week is not 35 days',
    changes: 'pitrDays',
    mutate: (s) => s.set(RDS, ID, ['backup_retention_period'], 7),
  },
  {
    cloud: 'aws',
    because: 'a replica can be deleted by a slip, too',
    changes: 'guarded',
    mutate: (s) => s.set(RDS, REPLICA, ['deletion_protection'], false),
  },
  {
    cloud: 'aws',
    because: 'without a last snapshot, deleting is for ever',
    changes: 'guarded',
    mutate: (s) => s.set(RDS, ID, ['skip_final_snapshot'], true),
  },
  {
    cloud: 'aws',
    because: 'an ordinary password lies in the state',
    changes: 'stateless',
    mutate: (s) => s.add(RDS, ID, 'password', 'correct horse'),
  },
  {
    cloud: 'aws',
    because: 'versions that differ leave server and secret with two passwords',
    changes: 'stateless',
    mutate: (s) => s.set(RDS, ID, ['password_wo_version'], 2),
  },
  {
    cloud: 'aws',
    because: 'a password in a tag lies in the state as well',
    changes: 'stateless',
    mutate: (s) => s.add(RDS, ID, 'description', `\${local.${ID}_admin}`),
  },
  {
    cloud: 'aws',
    because: 'a copy in the same region is lost with it',
    changes: 'survivesRegion',
    mutate: (s) => s.set('aws_db_instance_automated_backups_replication', `${ID}_backups_copy`, ['provider'], 'aws'),
  },
  {
    cloud: 'aws',
    because: 'what is bound to statements are memories',
    changes: 'settings',
    mutate: (s) => parameter(s, 'log_parameter_max_length', '-1'),
  },
  {
    cloud: 'gcp',
    because: 'zonal falls with its zone',
    changes: 'highlyAvailable',
    mutate: (s) => s.set(SQL, ID, ['settings', 'availability_type'], 'ZONAL'),
  },
  {
    cloud: 'gcp',
    because: 'a replica without the key is readable by the vendor',
    changes: 'key',
    mutate: (s) => s.set(SQL, REPLICA, ['encryption_key_name'], 'projects/other/cryptoKeys/data'),
  },
  {
    cloud: 'gcp',
    because: 'a public address is a way in',
    changes: 'private',
    mutate: (s) => s.set(SQL, ID, [...IP, 'ipv4_enabled'], true),
  },
  {
    cloud: 'gcp',
    because: 'allowing plain text is plain text',
    changes: 'tlsOnly',
    mutate: (s) => s.set(SQL, ID, [...IP, 'ssl_mode'], 'ALLOW_UNENCRYPTED_AND_ENCRYPTED'),
  },
  {
    cloud: 'gcp',
    because: 'without logs only last night can be restored',
    changes: 'pitrDays',
    mutate: (s) => s.set(SQL, ID, [...BACKUP, 'point_in_time_recovery_enabled'], false),
  },
  {
    cloud: 'gcp',
    because: 'Terraform’s protection does not stop the console',
    changes: 'guarded',
    mutate: (s) => s.set(SQL, ID, ['settings', 'deletion_protection_enabled'], false),
  },
  {
    cloud: 'gcp',
    because: 'the other region cannot use a key of this one',
    changes: 'survivesRegion',
    mutate: (s) =>
      s.set(SQL, `${ID}_region_replica`, ['encryption_key_name'], String(s.get(SQL, ID).encryption_key_name)),
  },
  {
    cloud: 'gcp',
    because: 'an ordinary password lies in the state',
    changes: 'stateless',
    mutate: (s) => s.add('google_sql_user', `${ID}_administrator`, 'password', 'correct horse'),
  },
  {
    cloud: 'gcp',
    because: 'change data capture needs it',
    changes: 'settings',
    mutate: (s) => flag(s, 'cloudsql.logical_decoding', 'off'),
  },
  {
    cloud: 'azure',
    because: 'a standby beside the primary falls with it',
    changes: 'highlyAvailable',
    mutate: (s) => s.set(FLEX, ID, ['high_availability', 'mode'], 'SameZone'),
  },
  {
    cloud: 'azure',
    because: 'a key that never rotates is not the promise',
    changes: 'key',
    mutate: (s) => s.set('azurerm_key_vault_key', 'kms_data_key', ['rotation_policy'], {}),
  },
  {
    cloud: 'azure',
    because: 'off is plain text',
    changes: 'tlsOnly',
    mutate: (s) => s.set(`${FLEX}_configuration`, `${ID}_parameter_require_secure_transport`, ['value'], 'off'),
  },
  {
    cloud: 'azure',
    because: 'without the lock anybody with rights on the group deletes it',
    changes: 'guarded',
    mutate: (s) => s.remove('azurerm_management_lock', `${ID}_lock`),
  },
  {
    cloud: 'azure',
    because: 'backups of one region are lost with it, and it cannot be turned on later',
    changes: 'survivesRegion',
    mutate: (s) => s.set(FLEX, ID, ['geo_redundant_backup_enabled'], false),
  },
  {
    cloud: 'azure',
    because: 'an ordinary secret lies in the state',
    changes: 'stateless',
    mutate: (s) => s.add('azurerm_key_vault_secret', `${ID}_secret`, 'value', 'correct horse'),
  },
  {
    cloud: 'azure',
    because: 'a vault of somebody else is not ours to guard',
    changes: 'secretKey',
    mutate: (s) => s.set('azurerm_key_vault_secret', `${ID}_secret`, ['key_vault_id'], '/subscriptions/x'),
  },
  {
    cloud: 'azure',
    because: 'more connections than memory has room for',
    changes: 'settings',
    mutate: (s) => s.set(`${FLEX}_configuration`, `${ID}_parameter_max_connections`, ['value'], '5000'),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, mutate, changes }) => {
    const edited = new Editable(planeOf(cloud));
    mutate(edited);
    expect(postgresFacts(cloud, edited.stack, ID)[changes]).not.toEqual(promised(cloud)[changes]);
  });
});
