import type { GcpPlace } from '../../spec/environment.js';
import { type BucketKind, bucketName, keyId, tenantKeyId } from '../../spec/names.js';
import type { World } from '../rule.js';
import { at, resourcesOf } from '../terraform-json.js';
import type { Answer } from './aws-truth.js';
import { bucketPath, decideGcp, type GcpCall, type GcpCaller, projectFrom } from './gcp-evaluator.js';
import type { Question } from './truth.js';

type Row = Question<GcpCall>;

export function gcpAnswers(world: World, place: GcpPlace): readonly Answer[] {
  const project = projectFrom(world);
  const rows = [
    ...keyRows(world, place),
    ...bucketRows(world, place),
    ...secretRows(world, place),
    ...recordRows(world, place),
  ];
  return rows.map((question) => ({ question, decision: decideGcp(project, question.call) }));
}

function castOf({ environment }: World, place: GcpPlace) {
  const pool = `${place.projectId}.svc.id.goog`;
  const pod = (namespace: string, account: string): GcpCaller => ({
    member: `principal://iam.googleapis.com/projects/${place.projectNumber}/locations/global/workloadIdentityPools/${pool}/subject/ns/${namespace}/sa/${account}`,
  });
  const { operatorNamespace, secretsNamespace } = environment.identity;
  return {
    operator: pod(operatorNamespace, 'operator'),
    /** It may set policies on the ring of tenants, so it may grant itself whatever it likes there. */
    greedy: { ...pod(operatorNamespace, 'operator'), everything: true } satisfies GcpCaller,
    witness: pod(operatorNamespace, 'witness'),
    secrets: pod(secretsNamespace, 'external-secrets'),
    /** Their charts' namespaces are named after them. */
    edgeWriter: (name: string): GcpCaller => pod(name, name),
    pod: (account: string, ...granted: readonly (readonly [string, string])[]): GcpCaller => ({
      ...pod('mem-acme', account),
      granted,
    }),
    owner: { member: 'user:owner@example.com', everything: true } satisfies GcpCaller,
    deploy: { member: `serviceAccount:${place.deployServiceAccount}`, everything: true } satisfies GcpCaller,
    breakGlass: {
      member: 'user:on-call@example.com',
      groups: [place.breakGlassGroup],
      everything: true,
    } satisfies GcpCaller,
    copier: {
      member: `serviceAccount:project-${place.projectNumber}@storage-transfer-service.iam.gserviceaccount.com`,
    } satisfies GcpCaller,
    anybody: { member: 'allUsers' } satisfies GcpCaller,
  };
}

const keyRow = (
  want: 'allow' | 'deny',
  who: string,
  caller: GcpCaller,
  permission: string,
  how: string,
  on: string,
): Row => ({
  want,
  who,
  action: `cloudkms.${permission}`,
  how,
  on: on.split('/keyRings/')[1] ?? on,
  call: { caller, permission: `cloudkms.${permission}`, resource: on },
});

function keyRows(world: World, place: GcpPlace): readonly Row[] {
  const { environment } = world;
  const { operator, greedy, owner, deploy, breakGlass, witness, anybody } = castOf(world, place);
  const row = keyRow;
  const tenant = `${tenantKeyId(environment, 'tenants')}/cryptoKeys/7f3c`;
  const there = `${tenantKeyId(environment, 'tenantsReplica')}/cryptoKeys/7f3c`;
  const anchor = keyId(environment, 'vault', 'anchor');
  const kept = (['audit', 'keys', 'anchor'] as const).flatMap((key) => [
    keyId(environment, 'vault', key),
    keyId(environment, 'vaultReplica', key),
  ]);
  return [
    ...[tenant, there].flatMap((key) => [
      row('allow', 'operator', operator, 'cryptoKeys.create', 'for a tenant', key),
      row('allow', 'operator', operator, 'cryptoKeyVersions.destroy', 'of a tenant that is erased', key),
      row('allow', 'operator', operator, 'cryptoKeys.update', 'to set or end the rotation', key),
      row('allow', 'operator', operator, 'cryptoKeys.setIamPolicy', 'to let its pods in', key),
      row('deny', 'operator', operator, 'cryptoKeyVersions.restore', 'of a tenant that is erased', key),
      row('deny', 'operator', operator, 'cryptoKeyVersions.useToDecrypt', 'of a tenant', key),
      row('deny', 'operator', greedy, 'cryptoKeyVersions.useToDecrypt', 'after granting itself everything', key),
      row('deny', 'operator', greedy, 'cryptoKeyVersions.useToEncrypt', 'after granting itself everything', key),
      row('deny', 'witness', witness, 'cryptoKeyVersions.useToDecrypt', 'of a tenant', key),
      row('deny', 'owner', owner, 'cryptoKeyVersions.destroy', 'of a tenant', key),
    ]),
    ...kept.flatMap((key) => [
      row('deny', 'owner', owner, 'cryptoKeyVersions.destroy', 'which ends all it encrypts', key),
      row('deny', 'deploy', deploy, 'cryptoKeyVersions.destroy', 'which ends all it encrypts', key),
      row('deny', 'operator', operator, 'cryptoKeyVersions.destroy', 'which ends all it encrypts', key),
      row('deny', 'operator', operator, 'cryptoKeys.setIamPolicy', 'to let itself in', key),
      row('deny', 'anybody', anybody, 'cryptoKeyVersions.useToDecrypt', 'from the internet', key),
      // After its window of thirty days only, and alarmed.
      row('allow', 'break-glass', breakGlass, 'cryptoKeyVersions.destroy', 'as a last resort', key),
    ]),
    row('allow', 'witness', witness, 'cryptoKeyVersions.useToSign', 'a digest', anchor),
    row('deny', 'operator', operator, 'cryptoKeyVersions.useToSign', 'a digest', anchor),
    row('deny', 'witness', witness, 'cryptoKeyVersions.destroy', 'its own key', anchor),
  ];
}

const OWN = 'mem-acme/record';

const pathOf = ({ environment }: World, kind: BucketKind, object?: string): string =>
  `${bucketPath(bucketName(environment, kind))}${object === undefined ? '' : `/objects/${object}`}`;

const onBuckets =
  (world: World) =>
  (
    want: 'allow' | 'deny',
    who: string,
    caller: GcpCaller,
    permission: string,
    how: string,
    kind: BucketKind,
    object?: string,
  ): Row => ({
    want,
    who,
    action: `storage.${permission}`,
    how,
    on: `google_storage_bucket.${kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
    call: {
      caller,
      permission: `storage.${permission}`,
      resource: pathOf(world, kind, object),
      ...(how.startsWith('to shorten') ? { shortens: true as const } : {}),
    },
  });

function bucketRows(world: World, place: GcpPlace): readonly Row[] {
  const { environment } = world;
  const { operator, owner, deploy, breakGlass, anybody } = castOf(world, place);
  const row = onBuckets(world);
  const every: readonly BucketKind[] = ['audit', 'auditReplica', 'keys', 'keysReplica', 'artifacts', 'backups'];
  const locked: readonly BucketKind[] = [
    ...(environment.buckets.audit.lock === 'Compliance' ? (['audit', 'auditReplica'] as const) : []),
    ...(environment.buckets.backups.lock === 'Compliance' ? (['backups'] as const) : []),
  ];
  return [
    ...every.flatMap((kind) => [
      row('deny', 'anybody', anybody, 'objects.get', 'from the internet', kind, OWN),
      row('deny', 'owner', owner, 'buckets.delete', 'with everything in it', kind),
      row('deny', 'deploy', deploy, 'buckets.delete', 'with everything in it', kind),
      row('deny', 'operator', operator, 'buckets.update', 'to change its settings', kind),
      row('deny', 'operator', operator, 'buckets.setIamPolicy', 'to let itself in', kind),
    ]),
    ...locked.flatMap((kind) => [
      row('deny', 'owner', owner, 'objects.delete', 'before its date', kind, OWN),
      row('deny', 'break-glass', breakGlass, 'objects.delete', 'before its date', kind, OWN),
      row('deny', 'owner', owner, 'buckets.update', 'to shorten the lock', kind),
      row('deny', 'break-glass', breakGlass, 'buckets.update', 'to shorten the lock', kind),
    ]),
    ...podRows(world, place),
    ...planeRows(world, place),
  ];
}

/** With what the operator grants on a tenant's folder when it is made. */
function podRows(world: World, place: GcpPlace): readonly Row[] {
  const row = onBuckets(world);
  const { pod } = castOf(world, place);
  const { name } = world.environment;
  const role = (suffix: string): string =>
    `projects/${place.projectId}/roles/memplane${name.charAt(0).toUpperCase()}${name.slice(1)}${suffix}`;
  const audit = pod('audit', [role('AuditAppend'), pathOf(world, 'audit', 'mem-acme')]);
  const backup = pod('backup', [role('BackupAppend'), pathOf(world, 'backups', 'mem-acme')]);
  return [
    row('allow', 'audit', audit, 'objects.create', 'its own record', 'audit', OWN),
    row('deny', 'audit', audit, 'objects.get', 'a keyring', 'keys', 'keys/mem-acme/ring'),
    row('allow', 'audit', audit, 'objects.setRetention', 'of its own record', 'audit', OWN),
    row('deny', 'audit', audit, 'objects.create', "among another's records", 'audit', 'mem-other/record'),
    row('deny', 'audit', audit, 'objects.delete', 'its own record', 'audit', OWN),
    row('deny', 'audit', audit, 'objects.update', 'its own record', 'audit', OWN),
    row('deny', 'audit', audit, 'objects.overrideUnlockedRetention', 'of its own record', 'audit', OWN),
    row('allow', 'backup', backup, 'objects.create', 'its own backup', 'backups', OWN),
    row('deny', 'backup', backup, 'objects.delete', 'its own backup', 'backups', OWN),
    row('deny', 'backup', backup, 'objects.get', 'its own backup', 'backups', OWN),
  ];
}

function planeRows(world: World, place: GcpPlace): readonly Row[] {
  const row = onBuckets(world);
  const { operator, witness, copier } = castOf(world, place);
  return [
    row('allow', 'witness', witness, 'objects.create', 'an anchor', 'audit', 'anchor/head'),
    row('deny', 'witness', witness, 'objects.create', 'a record', 'audit', OWN),
    row('allow', 'witness', witness, 'objects.get', 'a record', 'audit', OWN),
    row('deny', 'witness', witness, 'objects.delete', 'an anchor', 'audit', 'anchor/head'),
    ...(['keys', 'keysReplica'] as const).flatMap((kind) => [
      row('allow', 'operator', operator, 'objects.delete', 'a keyring', kind, 'keys/mem-acme/ring'),
      row('deny', 'witness', witness, 'objects.get', 'a keyring', kind, 'keys/mem-acme/ring'),
    ]),
    row('deny', 'operator', operator, 'objects.get', 'a record', 'audit', OWN),
    row('deny', 'operator', operator, 'objects.delete', 'a record', 'audit', OWN),
    row('allow', 'operator', operator, 'objects.delete', 'of a tenant that ends', 'artifacts', OWN),
    row('deny', 'operator', operator, 'objects.get', 'an artifact', 'artifacts', OWN),
    row('deny', 'operator', operator, 'objects.get', 'a backup', 'backups', OWN),
    row('allow', 'the copier', copier, 'objects.get', 'to copy it', 'audit', OWN),
    row('allow', 'the copier', copier, 'objects.create', 'to copy it', 'auditReplica', OWN),
    row('deny', 'the copier', copier, 'objects.delete', 'at its source', 'audit', OWN),
    row('deny', 'the copier', copier, 'objects.delete', 'at its destination', 'auditReplica', OWN),
  ];
}

function secretRows(world: World, place: GcpPlace): readonly Row[] {
  const { secrets, operator, witness, anybody } = castOf(world, place);
  const [server] = world.environment.postgres;
  const secret = `memplane-${world.environment.name}-${server?.name ?? ''}-admin`;
  const row = (want: 'allow' | 'deny', who: string, caller: GcpCaller): Row => ({
    want,
    who,
    action: 'secretmanager.versions.access',
    how: 'of the administrator',
    on: secret,
    call: { caller, permission: 'secretmanager.versions.access', resource: secret },
  });
  return [
    row('allow', 'secrets', secrets),
    row('deny', 'operator', operator),
    row('deny', 'witness', witness),
    row('deny', 'anybody', anybody),
  ];
}

/** Names of tenants: who proves a certificate and who leads names to the way in write records of one zone. */
function recordRows(world: World, place: GcpPlace): readonly Row[] {
  const { edge } = world.environment;
  const made = world.stacks
    .flatMap(({ json }) => resourcesOf(json, 'google_dns_managed_zone'))
    .find(({ attributes }) => at(attributes, 'visibility') === 'public');
  const zone = edge.zoneId ?? (made === undefined ? undefined : String(at(made.attributes, 'name')));
  if (zone === undefined) return [];
  const { edgeWriter, operator, witness, anybody } = castOf(world, place);
  const row = (want: 'allow' | 'deny', who: string, caller: GcpCaller, permission: string, on = zone): Row => ({
    ...{ want, who, action: `dns.${permission}`, how: 'of the zone of tenants', on },
    call: { caller, permission: `dns.${permission}`, resource: on },
  });
  return [
    ...(['cert-manager', 'external-dns'] as const).flatMap((name) => [
      row('allow', name, edgeWriter(name), 'resourceRecordSets.create'),
      row('allow', name, edgeWriter(name), 'changes.create'),
      row('deny', name, edgeWriter(name), 'managedZones.delete'),
      row('deny', name, edgeWriter(name), 'managedZones.setIamPolicy'),
      row('deny', name, edgeWriter(name), 'resourceRecordSets.create', 'another-zone'),
    ]),
    row('deny', 'operator', operator, 'resourceRecordSets.create'),
    row('deny', 'witness', witness, 'resourceRecordSets.delete'),
    row('deny', 'anybody', anybody, 'resourceRecordSets.create'),
  ];
}
