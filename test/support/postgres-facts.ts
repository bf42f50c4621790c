import type { Cloud } from './bucket-facts.js';
import { at, guarded, keyOf, referred, resource } from './references.js';
import { type Attributes, type Json, plainId, type StackJson } from './terraform-json.js';

/** What the three clouds promise of a database server, read from the Terraform JSON and nothing else. */
export interface PostgresFacts {
  /** Purpose of the key under storage of primary and replicas, if it is rotated, guarded and of this stack. */
  readonly key: string | undefined;
  /** Purpose of the key under its administrator's secret. */
  readonly secretKey: string | undefined;
  /** Another zone takes over by itself. */
  readonly highlyAvailable: boolean;
  readonly replicas: number;
  readonly private: boolean;
  /** No client speaks plain text. */
  readonly tlsOnly: boolean;
  /** Days back to which any second can be restored. */
  readonly pitrDays: number;
  readonly backupDays: number;
  /** The cloud itself refuses to delete it, and so does Terraform. */
  readonly guarded: boolean;
  /** Nothing in the stack would put a password into the state. */
  readonly stateless: boolean;
  /** Something of it outlives the region, under a key of the other one. */
  readonly survivesRegion: boolean;
  readonly settings: Settings;
}

interface Settings {
  readonly logical: boolean;
  readonly walMb: number;
  readonly connections: number;
  /** Passwords are kept as SCRAM verifiers; undefined = the cloud does it and has no setting. */
  readonly scram: boolean | undefined;
  /** Statements are logged without what is bound to them. */
  readonly bindsLogged: boolean;
}

export function postgresFacts(cloud: Cloud, plane: StackJson, id: string): PostgresFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(plane, id);
    case 'gcp':
      return gcpFacts(plane, id);
    case 'azure':
      return azureFacts(plane, id);
  }
}

const all = (stack: StackJson, type: string): readonly Attributes[] => Object.values(stack.resource[type] ?? {});

function replicasOf(stack: StackJson, type: string, id: string): readonly Attributes[] {
  const found = Object.entries(stack.resource[type] ?? {});
  return found.filter(([one]) => plainId(one).startsWith(`${id}_replica_`)).map(([, attributes]) => attributes);
}

const PASSWORDS = /^(password|root_password|administrator_password|secret_string|secret_data|value)$/;
const WRITE_ONLY = /^(password|administrator_password|secret_string|secret_data|value)_wo$/;
/** Whatever is neither a write-only argument nor the local it comes from. */
const HOLDERS =
  /^(aws_db_instance|aws_secretsmanager_secret_version|google_sql_|google_secret_manager_secret_version|azurerm_postgresql_flexible_server$|azurerm_key_vault_secret)/;

/** Two write-only arguments, server and secret, of the same version; no ordinary one anywhere. */
function stateless(stack: StackJson): boolean {
  const holders = Object.entries(stack.resource)
    .filter(([type]) => HOLDERS.test(type))
    .flatMap(([, ofType]) => Object.values(ofType));
  const names = holders.flatMap((attributes) => Object.keys(attributes));
  const writes = holders.flatMap((attributes) =>
    Object.keys(attributes)
      .filter((name) => WRITE_ONLY.test(name))
      .map((name) => attributes[`${name}_version`]),
  );
  const local = /(?:\$\{|= )local\.(?!cluster_issuer_host)/;
  const elsewhere = JSON.stringify(
    Object.values(stack.resource).flatMap((ofType) =>
      Object.values(ofType).map((attributes) =>
        Object.fromEntries(Object.entries(attributes).filter(([name]) => !WRITE_ONLY.test(name))),
      ),
    ),
  );
  return (
    !names.some((name) => PASSWORDS.test(name)) &&
    writes.length === 2 &&
    new Set(writes).size === 1 &&
    writes[0] !== undefined &&
    !local.test(elsewhere)
  );
}

/** One key under all of them, or none to speak of. */
function sharedKey(keys: readonly (string | undefined)[]): string | undefined {
  return new Set(keys).size === 1 ? keys[0] : undefined;
}

function awsFacts(stack: StackJson, id: string): PostgresFacts {
  const primary = resource(stack, 'aws_db_instance', id);
  const replicas = replicasOf(stack, 'aws_db_instance', id);
  const servers = [primary, ...replicas];
  const rotates = (key: Attributes, type: string) => type === 'aws_kms_replica_key' || key.enable_key_rotation === true;
  const key = (reference: Json | undefined) => keyOf(stack, reference, rotates);
  const copy = resource(stack, 'aws_db_instance_automated_backups_replication', `${id}_backups_copy`);
  const group = resource(stack, 'aws_db_parameter_group', `${id}_parameters`);
  const parameters = settingsOf(at(group, 'parameter'));
  const grouped = servers.every((one) => referred(stack, at(one, 'parameter_group_name'))?.it === group);
  return {
    key: sharedKey(
      servers.flatMap((one) => [key(at(one, 'kms_key_id')), key(at(one, 'performance_insights_kms_key_id'))]),
    ),
    secretKey: key(at(resource(stack, 'aws_secretsmanager_secret', `${id}_secret`), 'kms_key_id')),
    highlyAvailable: at(primary, 'multi_az') === true,
    replicas: replicas.length,
    private: servers.every((one) => at(one, 'publicly_accessible') === false),
    tlsOnly: grouped && parameters['rds.force_ssl'] === '1' && parameters.ssl_min_protocol_version === 'TLSv1.2',
    pitrDays: Number(at(primary, 'backup_retention_period')),
    backupDays: Number(at(primary, 'backup_retention_period')),
    guarded:
      servers.every((one) => guarded(one) && at(one, 'deletion_protection') === true) &&
      at(primary, 'skip_final_snapshot') === false &&
      at(primary, 'delete_automated_backups') === false,
    stateless: stateless(stack),
    survivesRegion: at(copy, 'provider') === 'aws.replica' && key(at(copy, 'kms_key_id')) === 'data',
    settings: {
      logical: parameters['rds.logical_replication'] === '1',
      walMb: Number(parameters.max_wal_size),
      connections: Number(parameters.max_connections),
      scram: parameters['rds.accepted_password_auth_method'] === 'scram',
      bindsLogged: parameters.log_parameter_max_length !== '0' || parameters.log_parameter_max_length_on_error !== '0',
    },
  };
}

function settingsOf(list: Json | undefined): Readonly<Record<string, Json | undefined>> {
  const given = Array.isArray(list) ? (list as readonly Attributes[]) : [];
  return Object.fromEntries(given.map(({ name, value }) => [String(name), value]));
}

function gcpFacts(stack: StackJson, id: string): PostgresFacts {
  const type = 'google_sql_database_instance';
  const primary = resource(stack, type, id);
  const replicas = replicasOf(stack, type, id);
  const there = resource(stack, type, `${id}_region_replica`);
  const servers = [primary, ...replicas, there];
  const key = (reference: Json | undefined) => keyOf(stack, reference, (it) => it.rotation_period !== undefined);
  const flags = settingsOf(at(primary, 'settings', 'database_flags'));
  const secret = resource(stack, 'google_secret_manager_secret', `${id}_secret`);
  const places = at(secret, 'replication', 'user_managed', 'replicas') as readonly Json[] | undefined;
  const every = (path: readonly string[], wanted: Json) => servers.every((one) => at(one, ...path) === wanted);
  const backup = at(primary, 'settings', 'backup_configuration');
  return {
    key: sharedKey(servers.map((one) => key(at(one, 'encryption_key_name')))),
    secretKey: sharedKey((places ?? []).map((one) => key(at(one, 'customer_managed_encryption', 'kms_key_name')))),
    highlyAvailable: at(primary, 'settings', 'availability_type') === 'REGIONAL',
    replicas: replicas.length,
    private:
      every(['settings', 'ip_configuration', 'ipv4_enabled'], false) &&
      servers.every((one) => at(one, 'settings', 'ip_configuration', 'private_network') !== undefined),
    tlsOnly: every(['settings', 'ip_configuration', 'ssl_mode'], 'ENCRYPTED_ONLY'),
    pitrDays:
      at(backup, 'point_in_time_recovery_enabled') === true ? Number(at(backup, 'transaction_log_retention_days')) : 0,
    backupDays: Number(at(backup, 'backup_retention_settings', 'retained_backups')),
    guarded:
      servers.every(guarded) &&
      every(['deletion_protection'], true) &&
      every(['settings', 'deletion_protection_enabled'], true),
    stateless: stateless(stack),
    survivesRegion:
      at(there, 'region') !== at(primary, 'region') &&
      at(there, 'encryption_key_name') !== at(primary, 'encryption_key_name') &&
      key(at(there, 'encryption_key_name')) === 'data',
    settings: {
      logical: flags['cloudsql.logical_decoding'] === 'on',
      walMb: Number(flags.max_wal_size),
      connections: Number(flags.max_connections),
      scram: flags.password_encryption === 'scram-sha-256',
      bindsLogged: flags.log_parameter_max_length !== '0' || flags.log_parameter_max_length_on_error !== '0',
    },
  };
}

function azureFacts(stack: StackJson, id: string): PostgresFacts {
  const type = 'azurerm_postgresql_flexible_server';
  const primary = resource(stack, type, id);
  const replicas = replicasOf(stack, type, id);
  const servers = [primary, ...replicas];
  const rotates = (it: Attributes) => at(it, 'rotation_policy', 'automatic', 'time_after_creation') !== undefined;
  const key = (reference: Json | undefined) => keyOf(stack, reference, rotates);
  const set = settingsOf(all(stack, `${type}_configuration`));
  const locks = all(stack, 'azurerm_management_lock');
  const vault = at(resource(stack, 'azurerm_key_vault_secret', `${id}_secret`), 'key_vault_id');
  const geo = at(primary, 'customer_managed_key', 'geo_backup_key_vault_key_id');
  return {
    key: sharedKey(servers.map((one) => key(at(one, 'customer_managed_key', 'key_vault_key_id')))),
    // Vaults encrypt their secrets themselves: what counts is that it is ours, guarded, and has the data key in it.
    secretKey: guarded(referred(stack, vault)?.it) ? 'data' : undefined,
    highlyAvailable: at(primary, 'high_availability', 'mode') === 'ZoneRedundant',
    replicas: replicas.length,
    private: servers.every(
      (one) => at(one, 'public_network_access_enabled') === false && at(one, 'delegated_subnet_id') !== undefined,
    ),
    tlsOnly: set.require_secure_transport === 'on' && set.ssl_min_protocol_version === 'TLSv1.2',
    pitrDays: Number(at(primary, 'backup_retention_days')),
    backupDays: Number(at(primary, 'backup_retention_days')),
    guarded:
      servers.every(guarded) &&
      locks.some((lock) => lock.scope === `\${${type}.${id}.id}` && lock.lock_level === 'CanNotDelete'),
    stateless: stateless(stack),
    survivesRegion:
      at(primary, 'geo_redundant_backup_enabled') === true &&
      geo !== at(primary, 'customer_managed_key', 'key_vault_key_id') &&
      key(geo) === 'data',
    settings: {
      logical: set.wal_level === 'logical',
      walMb: Number(set.max_wal_size),
      connections: Number(set.max_connections),
      scram: undefined,
      bindsLogged: set.log_parameter_max_length !== '0' || set.log_parameter_max_length_on_error !== '0',
    },
  };
}
