import { BUCKET_TYPES, type BucketFacts, type Cloud, factsOf } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { find, locked, type StackJson, stackOf, synth } from '../support/stacks.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];

const environments = CLOUDS.map((cloud) => locked(find(`${cloud}-prod`)));
const synthesised = synth(environments);

const layersOf = (cloud: Cloud): readonly StackJson[] =>
  (['vault', 'plane'] as const).map((layer) => stackOf(synthesised, `${cloud}-prod-${layer}`));

function holding(stacks: readonly StackJson[], cloud: Cloud, id: string): StackJson {
  const stack = stacks.find((one) => one.resource[BUCKET_TYPES[cloud]]?.[id] !== undefined);
  if (stack === undefined) throw new Error(`no bucket ${id} on ${cloud}`);
  return stack;
}

const facts = (cloud: Cloud, id: string, stacks = layersOf(cloud)): BucketFacts =>
  factsOf(cloud, holding(stacks, cloud, id), stacks, id);

const ALWAYS = { tlsOnly: true, private: true, logged: true, guarded: true };
const UNLOCKED = { lock: 'None', floorDays: 0 } as const;

/** The promises of production. One table for three clouds: a cloud that differs has a reason beside it below. */
const PROMISES: Readonly<Record<string, BucketFacts>> = {
  audit: { ...ALWAYS, key: 'audit', lock: 'Compliance', floorDays: 365, recoverable: true },
  audit_replica: { ...ALWAYS, key: 'audit', lock: 'Compliance', floorDays: 365, recoverable: true },
  // A destroyed key must be gone: nothing here can be brought back.
  keys: { ...ALWAYS, ...UNLOCKED, key: 'keys', recoverable: false },
  keys_replica: { ...ALWAYS, ...UNLOCKED, key: 'keys', recoverable: false },
  access_logs: { ...ALWAYS, ...UNLOCKED, key: 'audit', recoverable: true, logged: false },
  access_logs_replica: { ...ALWAYS, ...UNLOCKED, key: 'audit', recoverable: true, logged: false },
  artifacts: { ...ALWAYS, ...UNLOCKED, key: 'objects', recoverable: true },
  artifacts_replica: { ...ALWAYS, ...UNLOCKED, key: 'objects', recoverable: true },
  backups: { ...ALWAYS, key: 'objects', lock: 'Compliance', floorDays: 7, recoverable: true },
  backups_replica: { ...ALWAYS, key: 'objects', lock: 'Compliance', floorDays: 7, recoverable: true },
};

/** S3 delivers access logs into no bucket with a KMS key. */
function promised(cloud: Cloud, id: string): BucketFacts | undefined {
  const promise = PROMISES[id];
  if (promise === undefined || cloud !== 'aws' || !id.startsWith('access_logs')) return promise;
  return { ...promise, key: undefined };
}

describe('production on three clouds', () => {
  it('holds the same buckets everywhere', () => {
    for (const cloud of CLOUDS) {
      const ids = layersOf(cloud).flatMap((stack) => Object.keys(stack.resource[BUCKET_TYPES[cloud]] ?? {}));
      expect({ cloud, ids: ids.sort() }).toEqual({ cloud, ids: Object.keys(PROMISES).sort() });
    }
  });

  it.each(CLOUDS.flatMap((cloud) => Object.keys(PROMISES).map((id) => ({ cloud, id }))))(
    'keeps every promise of $id on $cloud',
    ({ cloud, id }) => {
      expect(facts(cloud, id)).toEqual(promised(cloud, id));
    },
  );

  it.each(['vault', 'plane'] as const)('hands out the same names from the %s of each cloud', (layer) => {
    const shapes = CLOUDS.map((cloud) => {
      const [output] = Object.entries(stackOf(synthesised, `${cloud}-prod-${layer}`).output);
      return { name: output?.[0], shape: shapeOf(output?.[1].value) };
    });
    expect(shapes[1]).toEqual(shapes[0]);
    expect(shapes[2]).toEqual(shapes[0]);
  });

  it('makes a key for each purpose, in both regions, with none shared', () => {
    for (const cloud of CLOUDS) {
      const irreversible = layersOf(cloud).flatMap((stack) =>
        Object.values(stack.output).flatMap(({ value }) => value.irreversible as readonly { address: string }[]),
      );
      const addresses = irreversible.map(({ address }) => address);
      expect(new Set(addresses).size).toBe(addresses.length);
      // audit, keys, anchor, tenant, objects, data twice; disk, cluster, ops; audit, backups twice
      expect({ cloud, count: addresses.length }).toEqual({ cloud, count: 19 });
    }
  });

  it('says nothing that a state file must not know', () => {
    const secret = /(password|secret_string|private_key|access_key|account_key|connection_string)"?\s*:/i;
    for (const [name, stack] of synthesised.stacks)
      expect({ name, leaks: secret.test(JSON.stringify(stack)) }).toEqual({ name, leaks: false });
  });
});

/** Maps whose keys a cloud chooses, and what only one of them has to say. */
const NAMED_BY_CLOUD: readonly string[] = ['annotations', 'roles', 'parameters'];
const OF_ONE_CLOUD: readonly string[] = [
  ...['workloadPool', 'projectNumber', 'tenantVault', 'identityResourceGroup', 'scopes'],
];

/** Keys, recursively, of objects; the lists of what is irreversible differ by what each cloud calls a key. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return 'list';
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !OF_ONE_CLOUD.includes(key))
      .map(([key, inner]) => [key, NAMED_BY_CLOUD.includes(key) ? 'names' : shapeOf(inner)]),
  );
}

interface Mutant {
  readonly cloud: Cloud;
  readonly id: string;
  readonly because: string;
  readonly mutate: (stack: Editable) => void;
  readonly changes: keyof BucketFacts;
}

const S3 = 'aws_s3_bucket';
const GCS = 'google_storage_bucket';
const BLOB = 'azurerm_storage_account';

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    id: 'audit',
    because: 'governance can be bypassed',
    changes: 'lock',
    mutate: (s) =>
      s.set(`${S3}_object_lock_configuration`, 'audit_lock', ['rule', 'default_retention', 'mode'], 'GOVERNANCE'),
  },
  {
    cloud: 'aws',
    id: 'audit',
    because: 'a bucket born without object lock never gets it',
    changes: 'lock',
    mutate: (s) => s.set(S3, 'audit', ['object_lock_enabled'], false),
  },
  {
    cloud: 'aws',
    id: 'audit',
    because: 'the floor is what a writer cannot undercut',
    changes: 'floorDays',
    mutate: (s) => s.replace(`${S3}_policy`, 'audit_policy', 'policy', '"365"', '"30"'),
  },
  {
    cloud: 'aws',
    id: 'backups',
    because: 'the key must be ours',
    changes: 'key',
    mutate: (s) => s.remove(`${S3}_server_side_encryption_configuration`, 'backups_encryption'),
  },
  {
    cloud: 'aws',
    id: 'artifacts',
    because: 'a key that never rotates is not the promise',
    changes: 'key',
    mutate: (s) => s.set('aws_kms_key', 'kms_objects_key', ['enable_key_rotation'], false),
  },
  {
    cloud: 'aws',
    id: 'keys',
    because: 'old versions would keep a destroyed key',
    changes: 'recoverable',
    mutate: (s) => s.set(`${S3}_versioning`, 'keys_versioning', ['versioning_configuration', 'status'], 'Enabled'),
  },
  {
    cloud: 'aws',
    id: 'keys',
    because: 'plain HTTP shows the object',
    changes: 'tlsOnly',
    mutate: (s) => s.replace(`${S3}_policy`, 'keys_policy', 'policy', 'aws:SecureTransport', 'aws:Anything'),
  },
  {
    cloud: 'aws',
    id: 'audit_replica',
    because: 'one open switch of four is open',
    changes: 'private',
    mutate: (s) =>
      s.set(`${S3}_public_access_block`, 'audit_replica_public_access', ['restrict_public_buckets'], false),
  },
  {
    cloud: 'aws',
    id: 'audit',
    because: 'who read it must be known',
    changes: 'logged',
    mutate: (s) => s.remove(`${S3}_logging`, 'audit_logging'),
  },
  {
    cloud: 'aws',
    id: 'keys',
    because: 'a destroy must stop at plan',
    changes: 'guarded',
    mutate: (s) => s.set(S3, 'keys', ['lifecycle', 'prevent_destroy'], false),
  },
  {
    cloud: 'gcp',
    id: 'audit',
    because: 'an unlocked policy can be taken off',
    changes: 'lock',
    mutate: (s) => s.set(GCS, 'audit', ['retention_policy', 'is_locked'], false),
  },
  {
    cloud: 'gcp',
    id: 'audit',
    because: 'a month is not a year',
    changes: 'floorDays',
    mutate: (s) => s.set(GCS, 'audit', ['retention_policy', 'retention_period'], 2_592_000),
  },
  {
    cloud: 'gcp',
    id: 'keys',
    because: 'a key of another stack can go without this one knowing',
    changes: 'key',
    mutate: (s) => s.set(GCS, 'keys', ['encryption', 'default_kms_key_name'], 'projects/other/cryptoKeys/keys'),
  },
  {
    cloud: 'gcp',
    id: 'audit',
    because: 'TLS is a rule of the project there',
    changes: 'tlsOnly',
    mutate: (s) => s.remove('google_org_policy_policy', 'baseline_tls_only'),
  },
  {
    cloud: 'gcp',
    id: 'artifacts',
    because: 'inherited may mean public',
    changes: 'private',
    mutate: (s) => s.set(GCS, 'artifacts', ['public_access_prevention'], 'inherited'),
  },
  {
    cloud: 'gcp',
    id: 'backups',
    because: 'a destroyed bucket takes its backups with it',
    changes: 'guarded',
    mutate: (s) => s.set(GCS, 'backups', ['force_destroy'], true),
  },
  {
    cloud: 'azure',
    id: 'audit',
    because: 'unlocked immutability can be shortened',
    changes: 'lock',
    mutate: (s) => s.set(BLOB, 'audit', ['immutability_policy', 'state'], 'Unlocked'),
  },
  {
    cloud: 'azure',
    id: 'backups_replica',
    because: 'a key that never rotates is not the promise',
    changes: 'key',
    mutate: (s) => s.set('azurerm_key_vault_key', 'kms_replica_objects_key', ['rotation_policy'], {}),
  },
  {
    cloud: 'azure',
    id: 'keys',
    because: 'old versions would keep a destroyed key',
    changes: 'recoverable',
    mutate: (s) => s.set(BLOB, 'keys', ['blob_properties', 'versioning_enabled'], true),
  },
  {
    cloud: 'azure',
    id: 'keys',
    because: 'TLS 1.0 is broken',
    changes: 'tlsOnly',
    mutate: (s) => s.set(BLOB, 'keys', ['min_tls_version'], 'TLS1_0'),
  },
  {
    cloud: 'azure',
    id: 'artifacts',
    because: 'a shared key is a password without an owner',
    changes: 'private',
    mutate: (s) => s.set(BLOB, 'artifacts', ['shared_access_key_enabled'], true),
  },
  {
    cloud: 'azure',
    id: 'audit',
    because: 'without the lock anybody with rights on the group deletes the account',
    changes: 'guarded',
    mutate: (s) => s.remove('azurerm_management_lock', 'audit_lock'),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud that $id broke: $because', ({ cloud, id, mutate, changes }) => {
    const stacks = layersOf(cloud);
    const original = holding(stacks, cloud, id);
    const edited = new Editable(original);
    mutate(edited);
    const broken = stacks.map((one) => (one === original ? edited.stack : one));
    expect(facts(cloud, id, broken)[changes]).not.toEqual(promised(cloud, id)?.[changes]);
  });
});
