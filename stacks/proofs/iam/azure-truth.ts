import type { AzurePlace } from '../../spec/environment.js';
import {
  type BucketKind,
  bucketName,
  containerName,
  type KeyStore,
  keyStoreName,
  prefixOf,
  resourceGroup,
} from '../../spec/names.js';
import type { World } from '../rule.js';
import { at, resourcesOf } from '../terraform-json.js';
import type { Answer } from './aws-truth.js';
import { type AzureCall, type AzureCaller, decideAzure, subscriptionFrom } from './azure-evaluator.js';
import type { Question } from './truth.js';

type Row = Question<AzureCall>;
type Options = Pick<AzureCall, 'subOperation' | 'attributes' | 'version'>;

const KEYS = 'Microsoft.KeyVault/vaults/keys';
const ROTATION = 'Microsoft.KeyVault/vaults/keyrotationpolicies';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const POLICY = `${BLOBS}/immutableStorage/runAsSuperUser/action`;
const ASSIGN = 'Microsoft.Authorization/roleAssignments';

export function azureAnswers(world: World, place: AzurePlace): readonly Answer[] {
  const subscription = subscriptionFrom(world, place);
  const stage = stageOf(world, place);
  const rows = [
    ...keyRows(stage),
    ...bucketRows(world, stage),
    ...assignmentRows(world, stage),
    ...recordRowsOfZone(world, stage),
  ];
  return rows.map((question) => ({ question, decision: decideAzure(subscription, question.call) }));
}

type Stage = ReturnType<typeof stageOf>;

function stageOf(world: World, place: AzurePlace) {
  const { environment } = world;
  const identity = (name: string): AzureCaller => ({ principal: identityName(world, name) });
  const group = (layer: 'vault' | 'plane'): string =>
    `/subscriptions/${place.subscriptionId}/resourceGroups/${resourceGroup(environment, layer)}`;
  const vault = (store: KeyStore): string =>
    `${group(store.startsWith('plane') ? 'plane' : 'vault')}/providers/Microsoft.KeyVault/vaults/${keyStoreName(environment, store)}`;
  const account = (kind: BucketKind): string =>
    `${group(/^(artifacts|backups)/.test(kind) ? 'plane' : 'vault')}/providers/Microsoft.Storage/storageAccounts/${bucketName(environment, kind)}`;
  return {
    group,
    vault,
    account,
    container: (kind: BucketKind): string => `${account(kind)}/blobServices/default/containers/${containerName(kind)}`,
    operator: identity('operator'),
    witness: identity('witness'),
    secrets: identity('external-secrets'),
    zoneWriter: (name: string): AzureCaller => identity(name),
    pod: (...granted: readonly (readonly [string, string])[]): AzureCaller => ({ principal: 'a tenant', granted }),
    owner: { principal: 'an owner', everything: true } satisfies AzureCaller,
    deploy: { principal: place.deployPrincipalId } satisfies AzureCaller,
  };
}

/** Identities are named after the environment; the one that a stack made is the one that is asked about. */
function identityName(world: World, name: string): string {
  const wanted = `${prefixOf(world.environment)}-${name}`;
  const found = world.stacks
    .flatMap(({ json }) => resourcesOf(json, 'azurerm_user_assigned_identity'))
    .map(({ attributes }) => String(at(attributes, 'name')));
  return found.find((one) => one === wanted) ?? wanted;
}

function row(
  want: 'allow' | 'deny',
  who: string,
  caller: AzureCaller,
  action: string,
  how: string,
  resource: string,
  options: Options = {},
): Row {
  return {
    want,
    who,
    action: action.replace(/^Microsoft\./, ''),
    how,
    on: resource.split('/providers/Microsoft.')[1] ?? resource,
    call: { caller, action, resource, ...options },
  };
}

function keyRows(stage: Stage): readonly Row[] {
  return [...tenantKeyRows(stage), ...planeKeyRows(stage)];
}

function tenantKeyRows({ vault, operator, witness, secrets, owner, deploy }: Stage): readonly Row[] {
  const tenants = [vault('tenants'), vault('tenantsReplica')];
  const stores: readonly KeyStore[] = ['vault', 'vaultReplica', 'tenants', 'tenantsReplica'];
  return [
    ...tenants.flatMap((store) => [
      row('allow', 'operator', operator, `${KEYS}/create/action`, 'for a tenant', `${store}/keys/7f3c`),
      row('allow', 'operator', operator, `${KEYS}/delete`, 'of a tenant that is erased', `${store}/keys/7f3c`),
      row('allow', 'operator', operator, `${ROTATION}/write`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'operator', operator, `${KEYS}/rotate/action`, 'by hand', `${store}/keys/7f3c`),
      row('deny', 'witness', witness, `${ROTATION}/write`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'operator', operator, `${KEYS}/unwrap/action`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'operator', operator, `${KEYS}/wrap/action`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'operator', operator, `${KEYS}/decrypt/action`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'operator', operator, `${KEYS}/backup/action`, 'to carry it away', `${store}/keys/7f3c`),
      row('deny', 'operator', operator, `${KEYS}/purge/action`, 'before its window ends', `${store}/keys/7f3c`),
      row('deny', 'witness', witness, `${KEYS}/unwrap/action`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'secrets', secrets, `${KEYS}/unwrap/action`, 'of a tenant', `${store}/keys/7f3c`),
      row('deny', 'deploy', deploy, `${KEYS}/unwrap/action`, 'of a tenant', `${store}/keys/7f3c`),
    ]),
    ...stores.flatMap((store) => [
      row('deny', 'owner', owner, `${KEYS}/purge/action`, 'before its window ends', `${vault(store)}/keys/any`),
      row('deny', 'owner', owner, 'Microsoft.KeyVault/vaults/delete', 'with every key in it', vault(store)),
    ]),
  ];
}

function planeKeyRows({ vault, operator, witness, secrets }: Stage): readonly Row[] {
  const READ = 'Microsoft.KeyVault/vaults/secrets/getSecret/action';
  const admin = `${vault('plane')}/secrets/admin`;
  return [
    ...(['audit', 'keys', 'anchor'] as const).flatMap((key) => [
      row(
        'deny',
        'operator',
        operator,
        `${KEYS}/delete`,
        'which ends all it encrypts',
        `${vault('vault')}/keys/${key}`,
      ),
      row('deny', 'operator', operator, `${KEYS}/unwrap/action`, 'past the store', `${vault('vault')}/keys/${key}`),
      row('deny', 'witness', witness, `${KEYS}/delete`, 'which ends all it encrypts', `${vault('vault')}/keys/${key}`),
    ]),
    row('deny', 'operator', operator, `${ROTATION}/write`, 'to end its rotation', `${vault('vault')}/keys/audit`),
    row('allow', 'witness', witness, `${KEYS}/sign/action`, 'a digest', `${vault('vault')}/keys/anchor`),
    row('deny', 'witness', witness, `${KEYS}/sign/action`, 'with another key', `${vault('vault')}/keys/audit`),
    row('deny', 'operator', operator, `${KEYS}/sign/action`, 'a digest', `${vault('vault')}/keys/anchor`),
    row('allow', 'secrets', secrets, READ, 'of the administrator', admin),
    row('deny', 'operator', operator, READ, 'of the administrator', admin),
  ];
}

/** What nobody deletes before its date, once the second apply has locked it. */
function lockedIn({ environment: { place, buckets } }: World): readonly BucketKind[] {
  if (place.cloud !== 'azure' || place.immutability !== 'Locked') return [];
  return [
    ...(buckets.audit.lock === 'Compliance' ? (['audit', 'auditReplica'] as const) : []),
    ...(buckets.backups.lock === 'Compliance' ? (['backups'] as const) : []),
  ];
}

function bucketRows(world: World, stage: Stage): readonly Row[] {
  const { account, container, operator, witness, owner, secrets } = stage;
  const kept: readonly BucketKind[] = ['audit', 'auditReplica', 'keys', 'keysReplica', 'artifacts', 'backups'];
  const lister: Options = { subOperation: 'Blob.List' };
  return [
    ...kept.map((kind) =>
      row('deny', 'owner', owner, 'Microsoft.Storage/storageAccounts/delete', 'with everything in it', account(kind)),
    ),
    ...lockedIn(world).map((kind) =>
      row('deny', 'owner', owner, `${BLOBS}/delete`, 'before its date', container(kind), { version: 'locked' }),
    ),
    ...(['keys', 'keysReplica'] as const).flatMap((kind) => [
      row('allow', 'operator', operator, `${BLOBS}/delete`, 'a keyring', container(kind)),
      row('deny', 'witness', witness, `${BLOBS}/read`, 'a keyring', container(kind)),
      row('deny', 'secrets', secrets, `${BLOBS}/read`, 'a keyring', container(kind)),
    ]),
    ...recordRows(stage),
    ...(['artifacts', 'backups'] as const).flatMap((kind) => [
      row('allow', 'operator', operator, `${BLOBS}/delete`, 'of a tenant that ends', container(kind)),
      row('allow', 'operator', operator, `${BLOBS}/read`, 'names only', container(kind), lister),
      row('deny', 'operator', operator, `${BLOBS}/read`, 'its content', container(kind)),
      row('deny', 'operator', operator, `${BLOBS}/write`, 'anything', container(kind)),
    ]),
    ...podRows(world, stage),
  ];
}

function recordRows({ container, operator, witness }: Stage): readonly Row[] {
  return [
    row('deny', 'operator', operator, `${BLOBS}/read`, 'a record', container('audit')),
    row('deny', 'operator', operator, `${BLOBS}/delete`, 'a record', container('audit')),
    row('deny', 'operator', operator, POLICY, 'to shorten a date', container('audit')),
    row('allow', 'witness', witness, `${BLOBS}/add/action`, 'an anchor', container('audit')),
    row('allow', 'witness', witness, `${BLOBS}/read`, 'a record', container('audit')),
    row('deny', 'witness', witness, `${BLOBS}/delete`, 'a record', container('audit')),
  ];
}

/** With what the operator assigns to a tenant when it is made. */
function podRows(world: World, { container, pod }: Stage): readonly Row[] {
  const role = (name: string): string => definitionOf(world, name);
  const audit = pod([role('auditAppend'), container('audit')]);
  const backup = pod([role('backupAppend'), container('backups')]);
  const memory = pod([role('keyringUse'), container('keys')]);
  return [
    row('allow', 'tenant', memory, `${BLOBS}/write`, 'its keyring', container('keys')),
    row('deny', 'tenant', memory, `${BLOBS}/delete`, 'its keyring', container('keys')),
    row('allow', 'audit', audit, `${BLOBS}/add/action`, 'its record', container('audit')),
    row('deny', 'audit', audit, `${BLOBS}/delete`, 'its record', container('audit')),
    row('deny', 'audit', audit, `${BLOBS}/write`, 'over its record', container('audit')),
    row('allow', 'audit', audit, POLICY, 'to lock what it adds', container('audit')),
    row('deny', 'audit', audit, POLICY, 'to shorten the date of that', container('audit'), { version: 'ownLock' }),
    row('deny', 'backup', backup, POLICY, 'to shorten a date', container('backups')),
    row('deny', 'tenant', memory, POLICY, 'to shorten a date', container('keys')),
    row('allow', 'backup', backup, `${BLOBS}/add/action`, 'its backup', container('backups')),
    row('deny', 'backup', backup, `${BLOBS}/read`, 'its backup', container('backups')),
    row('deny', 'backup', backup, `${BLOBS}/delete`, 'its backup', container('backups')),
  ];
}

const request = (role: string, type: string, principal: string): Options => ({
  attributes: {
    [`${ASSIGN}:RoleDefinitionId`]: role,
    [`${ASSIGN}:PrincipalType`]: type,
    [`${ASSIGN}:PrincipalId`]: principal,
  },
});

/** The operator lets tenants' identities in, never itself, and never with a role that is not of the list. */
function assignmentRows(world: World, { vault, container, operator, witness }: Stage): readonly Row[] {
  const toTenant = (role: string): Options => request(role, 'ServicePrincipal', 'of a tenant');
  const unwrap = definitionOf(world, 'unwrap');
  const itself = operatorReference(world);
  const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
  const assigns = (want: 'allow' | 'deny', how: string, on: string, options: Options): Row =>
    row(want, 'operator', operator, `${ASSIGN}/write`, how, on, options);
  return [
    assigns('allow', "of unwrap to a tenant's identity", vault('tenants'), toTenant(unwrap)),
    assigns('deny', 'of unwrap to itself', vault('tenants'), request(unwrap, 'ServicePrincipal', itself)),
    assigns('deny', 'of unwrap to a person', vault('tenants'), request(unwrap, 'User', 'of a person')),
    assigns('deny', 'of Owner to a tenant', vault('tenants'), toTenant(OWNER)),
    assigns('deny', 'of unwrap on the audit key', `${vault('vault')}/keys/audit`, toTenant(unwrap)),
    assigns('allow', 'of auditAppend to a tenant', container('audit'), toTenant(definitionOf(world, 'auditAppend'))),
    assigns(
      'deny',
      'of the extender to a tenant',
      container('audit'),
      toTenant(definitionOf(world, 'retentionExtender')),
    ),
    row('deny', 'witness', witness, `${ASSIGN}/write`, 'of anything', container('audit'), toTenant(unwrap)),
  ];
}

function definitionOf(world: World, name: string): string {
  const wanted = `${prefixOf(world.environment)}-${name}`;
  const found = world.stacks
    .flatMap(({ json }) => resourcesOf(json, 'azurerm_role_definition'))
    .find(({ attributes }) => at(attributes, 'name') === wanted);
  return String(at(found?.attributes, 'role_definition_id') ?? `no role ${wanted}`);
}

/** As the condition refers to it. */
function operatorReference(world: World): string {
  const found = world.stacks
    .flatMap(({ json }) => resourcesOf(json, 'azurerm_user_assigned_identity'))
    .find(({ attributes }) => at(attributes, 'name') === `${prefixOf(world.environment)}-operator`);
  return `\${azurerm_user_assigned_identity.${found?.id ?? 'none'}.principal_id}`;
}

/** Names of tenants: by type of record, of one zone. */
function recordRowsOfZone(world: World, { group, operator, zoneWriter }: Stage): readonly Row[] {
  const { edge } = world.environment;
  const made = edge.manageZone ? `${group('plane')}/providers/Microsoft.Network/dnsZones/${edge.dnsZone}` : undefined;
  const zone = edge.zoneId ?? made;
  if (zone === undefined) return [];
  const certManager = zoneWriter('cert-manager');
  const externalDns = zoneWriter('external-dns');
  const ask = (want: 'allow' | 'deny', who: string, caller: AzureCaller, action: string, on = zone): Row =>
    row(want, who, caller, `Microsoft.Network/dnsZones/${action}`, 'of the zone of tenants', on);
  return [
    ask('allow', 'cert-manager', certManager, 'TXT/write'),
    ask('deny', 'cert-manager', certManager, 'A/write'),
    ask('deny', 'cert-manager', certManager, 'NS/write'),
    ask(
      'deny',
      'cert-manager',
      certManager,
      'TXT/write',
      `${group('plane')}/providers/Microsoft.Network/dnsZones/else`,
    ),
    ask('allow', 'external-dns', externalDns, 'A/write'),
    ask('allow', 'external-dns', externalDns, 'CNAME/delete'),
    ask('deny', 'external-dns', externalDns, 'NS/write'),
    ask('deny', 'external-dns', externalDns, 'delete'),
    ask('deny', 'cert-manager', certManager, 'delete'),
    ask('deny', 'operator', operator, 'TXT/write'),
  ];
}
