import { type Evidence, evidence, type ProvenStack, type Rule, type World } from './rule.js';
import { at, type Resource, referred, resourcesOf, shown } from './terraform-json.js';

const SERVERS: Readonly<Record<World['cloud'], string>> = {
  aws: 'aws_db_instance',
  gcp: 'google_sql_database_instance',
  azure: 'azurerm_postgresql_flexible_server',
};

const isCopy = ({ attributes }: Resource): boolean =>
  at(attributes, 'replicate_source_db') !== undefined ||
  at(attributes, 'master_instance_name') !== undefined ||
  at(attributes, 'create_mode') === 'Replica';

/** Something of each database outlives its region. */
const region: Rule = {
  id: 'PG-DR',
  title: 'Something of every database outlives the loss of its region',
  topic: 'recovery',
  scanners: ['CKV_AWS_245', 'CKV_AZURE_136'],
  remedy: 'set postgres[].crossRegion',
  prove: (world) => (world.production ? primaries(world).map(([stack, one]) => outlives(world, stack, one)) : []),
};

function primaries(world: World): readonly (readonly [ProvenStack, Resource])[] {
  return world.stacks.flatMap((stack) =>
    resourcesOf(stack.json, SERVERS[world.cloud])
      .filter((one) => !isCopy(one))
      .map((one) => [stack, one] as const),
  );
}

function outlives({ cloud, environment }: World, stack: ProvenStack, one: Resource): Evidence {
  const { replicaRegion } = environment.place;
  switch (cloud) {
    case 'aws': {
      const copy = resourcesOf(stack.json, 'aws_db_instance_automated_backups_replication').find(
        ({ attributes }) => referred(stack.json, at(attributes, 'source_db_instance_arn'))?.id === one.id,
      );
      const there = at(copy?.attributes, 'provider') === 'aws.replica';
      const told = {
        attribute: 'backups copied by',
        value: copy?.address ?? 'nothing',
        wanted: `a copy in ${replicaRegion}`,
      };
      return evidence(stack, one, there, told);
    }
    case 'gcp': {
      const copy = resourcesOf(stack.json, SERVERS.gcp).find(
        ({ attributes }) =>
          referred(stack.json, at(attributes, 'master_instance_name'))?.id === one.id &&
          at(attributes, 'region') === replicaRegion,
      );
      const told = { attribute: 'replica', value: copy?.address ?? 'nothing', wanted: `a replica in ${replicaRegion}` };
      return evidence(stack, one, copy !== undefined, told);
    }
    case 'azure': {
      const geo = at(one.attributes, 'geo_redundant_backup_enabled');
      const key = at(one.attributes, 'customer_managed_key', 'geo_backup_key_vault_key_id');
      const told = {
        attribute: 'geo_redundant_backup_enabled',
        value: shown(geo),
        wanted: 'true, under a key of that region',
      };
      return evidence(stack, one, geo === true && key !== undefined, told);
    }
  }
}

/** TLS only, by what the database itself is told: K03. */
const PARAMETERS: Readonly<Record<World['cloud'], Readonly<Record<string, string>>>> = {
  aws: { 'rds.force_ssl': '1', ssl_min_protocol_version: 'TLSv1.2', 'rds.accepted_password_auth_method': 'scram' },
  gcp: { password_encryption: 'scram-sha-256', 'cloudsql.iam_authentication': 'on' },
  azure: { require_secure_transport: 'on', ssl_min_protocol_version: 'TLSv1.2' },
};
/** Statements are logged without what is bound to them: vectors are bound. */
const QUIET = { log_parameter_max_length: '0', log_parameter_max_length_on_error: '0' };

const parameters: Rule = {
  id: 'PG-TLS',
  title: 'Databases refuse plain text and old TLS, keep SCRAM verifiers, and log no values',
  topic: 'inTransit',
  scanners: ['CKV2_AWS_69', 'CKV_AZURE_147', 'GCP-0015'],
  remedy: 'leave these parameters as infra/postgres sets them',
  prove: (world) =>
    primaries(world).flatMap(([stack, one]) => {
      const set = parametersOf(world, stack, one);
      return Object.entries({ ...PARAMETERS[world.cloud], ...QUIET }).map(([name, wanted]) =>
        evidence(stack, one, set.get(name) === wanted, { attribute: name, value: set.get(name) ?? 'not set', wanted }),
      );
    }),
};

function parametersOf({ cloud }: World, stack: ProvenStack, one: Resource): ReadonlyMap<string, string> {
  const pair = (given: unknown): readonly [string, string] => [
    String(at(given as never, 'name')),
    String(at(given as never, 'value')),
  ];
  switch (cloud) {
    case 'aws': {
      const group = referred(stack.json, at(one.attributes, 'parameter_group_name'));
      return new Map(listed(at(group?.attributes, 'parameter')).map(pair));
    }
    case 'gcp':
      return new Map(listed(at(one.attributes, 'settings', 'database_flags')).map(pair));
    case 'azure': {
      const own = resourcesOf(stack.json, `${SERVERS.azure}_configuration`).filter(
        ({ attributes }) => referred(stack.json, at(attributes, 'server_id'))?.id === one.id,
      );
      return new Map(own.map(({ attributes }) => pair(attributes)));
    }
  }
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const recoveryRules: readonly Rule[] = [region, parameters];
