/**
 * A stand-in for what of Azure a tenant needs: identities, federated credentials and role assignments (resource manager), the
 * directory's tokens, keys of a vault, blobs of containers, in the shapes of their REST references. It refuses tokens of
 * another service, whom no assignment lets in, assignments that the operator's own condition forbids, names of keys that were
 * deleted softly, versions that are off, in a container with immutable versions a blob without a locked date, and a deletion
 * before it. What roles allow and forbid is read from `infra/identity`.
 */
import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomUUID,
} from 'node:crypto';
import { tenantsOnly } from '../../infra/identity/azure-conditions.js';
import { AZURE_ROLES } from '../../infra/identity/azure-roles.js';
import { azureHolds } from '../../stacks/proofs/iam/azure-conditions.js';
import { type Answer, type Asked, type CloudServer, type Loose, Refusal, startCloudServer } from './cloud-server.js';

const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
export const GROUP = `${SUBSCRIPTION}/resourceGroups/memplane-test-plane`;
export const VAULT_SCOPE = `${SUBSCRIPTION}/resourceGroups/memplane-test-vault/providers/Microsoft.KeyVault/vaults/mp-test-t`;
export const containerScope = (name: string): string =>
  `${SUBSCRIPTION}/resourceGroups/memplane-test-vault/providers/Microsoft.Storage/storageAccounts/acct/blobServices/default/containers/${name}`;
export const VAULT_URI = 'https://mp-test-t.vault.azure.net/';
/** By name, under ids as the plane's output has them. */
export const ROLE_IDS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(AZURE_ROLES).map((role, n) => [
    role,
    `${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-0000000001${String(n).padStart(2, '0')}`,
  ]),
);
const OPERATOR = {
  principalId: '0000000a-0000-4000-8000-000000000001',
  clientId: 'operator-client',
  token: 'of-the-operator',
};
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const KEYS = 'Microsoft.KeyVault/vaults/keys';

interface Identity {
  readonly principalId: string;
  readonly clientId: string;
  readonly credentials: Map<string, Loose>;
}
export interface Assigned {
  readonly scope: string;
  readonly role: string;
  readonly principalId: string;
  readonly condition: string | undefined;
}
interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
export interface AzureKey {
  readonly said: Loose;
  readonly versions: { readonly id: string; readonly pair: Pair; enabled: boolean }[];
  rotation: Loose | undefined;
}

export interface AzureBlob {
  readonly bytes: Buffer;
  readonly etag: string;
  /** What a reader is told beside the bytes. */
  readonly told?: Readonly<Record<string, string>>;
}

export interface AzureStandIn extends CloudServer {
  readonly identities: Map<string, Identity>;
  readonly assignments: Map<string, Assigned>;
  readonly keys: Map<string, AzureKey>;
  /** Deleted softly: their names are taken. */
  readonly deleted: Set<string>;
  readonly blobs: Map<string, AzureBlob>;
  /** Containers with immutability of versions, and for how many days each keeps them at least. */
  readonly immutable: Map<string, number>;
  /** Data actions that the operator lost. */
  readonly lost: Set<string>;
  /** A new version, as the rotation policy brings it. */
  rotate(key: string): void;
}

/** What the cluster signs for a service account: the directory believes its issuer. */
export const podTokenText = (namespace: string, account: string): string =>
  `system:serviceaccount:${namespace}:${account}`;
export const OPERATOR_TOKEN = OPERATOR.token;
export const OPERATOR_CLIENT = OPERATOR.clientId;

const refuse = (status: number, code: string, message = code): never => {
  throw new Refusal({ status, body: { error: { code, message } }, headers: { 'x-ms-error-code': code } });
};
const ok = (body: object, status = 200): Answer => ({ status, body });

/** One pair for all versions of all keys: making one takes a while. Versions are told apart by the label that they put on. */
const pair: Pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });

export async function startAzure(containers: readonly string[]): Promise<AzureStandIn> {
  const identities = new Map<string, Identity>();
  const assignments = new Map<string, Assigned>();
  const keys = new Map<string, AzureKey>();
  const deleted = new Set<string>();
  const blobs: AzureStandIn['blobs'] = new Map();
  const immutable: AzureStandIn['immutable'] = new Map();
  const lost = new Set<string>();
  let count = 0;

  const actionsOf = (role: string): readonly string[] => {
    const name = Object.entries(ROLE_IDS).find(([, id]) => id === role)?.[0] ?? '';
    return (AZURE_ROLES as Readonly<Record<string, { dataActions?: readonly string[] }>>)[name]?.dataActions ?? [];
  };
  const operatorsRole = (action: string): readonly string[] =>
    action.startsWith(BLOBS) ? AZURE_ROLES.keyring.dataActions : AZURE_ROLES.tenantKeyAdmin.dataActions;
  const mayNot = (
    who: string,
    action: string,
    scope: string,
    attributes: Readonly<Record<string, string>>,
  ): boolean => {
    const isOperators = who === OPERATOR.principalId && !lost.has(action) && operatorsRole(action).includes(action);
    const isAssigned = [...assignments.values()].some(
      (one) =>
        one.principalId === who &&
        scope.toLowerCase().startsWith(one.scope.toLowerCase()) &&
        actionsOf(one.role).includes(action) &&
        (one.condition === undefined || azureHolds(one.condition, { action, attributes })),
    );
    return !isOperators && !isAssigned;
  };
  const may = (who: string, action: string, scope: string, attributes: Readonly<Record<string, string>> = {}): void => {
    if (mayNot(who, action, scope, attributes))
      refuse(
        403,
        action.startsWith(BLOBS) ? 'AuthorizationPermissionMismatch' : 'Forbidden',
        `Caller is not authorized to perform ${action}`,
      );
  };

  const directory = ({ bytes }: Asked): Answer => {
    const form = new URLSearchParams(bytes.toString());
    const assertion = form.get('client_assertion');
    const audience = form.get('scope')?.replace('/.default', '');
    const isOperator = assertion === OPERATOR.token && form.get('client_id') === OPERATOR.clientId;
    const identity = [...identities.values()].find(({ clientId }) => clientId === form.get('client_id'));
    const isFederated = [...(identity?.credentials.values() ?? [])].some((one) => String(one.subject) === assertion);
    const principal = isOperator ? OPERATOR.principalId : isFederated ? identity?.principalId : undefined;
    if (principal === undefined) {
      throw new Refusal({
        status: 401,
        body: { error: 'invalid_client', error_description: 'AADSTS700213: no match' },
      });
    }
    return ok({ access_token: `${principal}|${audience}`, expires_in: 3_600 });
  };

  const assign = (path: string, { method, json }: Asked): Answer => {
    const [scope = '', id] = path.split(/\/providers\/Microsoft\.Authorization\/roleAssignments\/?/);
    if (method === 'GET') {
      const found = [...assignments].filter(([, one]) => scope.startsWith(one.scope));
      const shown = found.map(([at, { role, ...one }]) => ({ id: at, properties: { ...one, roleDefinitionId: role } }));
      return ok({ value: shown });
    }
    const about = ({ role, principalId }: Assigned) => ({
      'Microsoft.Authorization/roleAssignments:RoleDefinitionId': role.slice(role.lastIndexOf('/') + 1),
      'Microsoft.Authorization/roleAssignments:PrincipalType': 'ServicePrincipal',
      'Microsoft.Authorization/roleAssignments:PrincipalId': principalId,
    });
    const bounded = (verb: string, attributes: Readonly<Record<string, string>>): void => {
      const action = `Microsoft.Authorization/roleAssignments/${verb}`;
      if (!azureHolds(tenantsOnly(ROLE_IDS, OPERATOR.principalId), { action, attributes }))
        refuse(403, 'AuthorizationFailed', 'a condition of the operator forbids it');
    };
    const known = assignments.get(path);
    if (method === 'DELETE') {
      if (known === undefined) return { status: 204 };
      bounded('delete', about(known));
      assignments.delete(path);
      return ok({});
    }
    const { roleDefinitionId, principalId, condition } = json.properties ?? {};
    const wanted = {
      ...{ scope, role: String(roleDefinitionId), principalId: String(principalId) },
      condition: condition === undefined ? undefined : String(condition),
    };
    bounded('write', about(wanted));
    if (![...identities.values()].some((one) => one.principalId === wanted.principalId))
      refuse(400, 'PrincipalNotFound');
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id ?? '')) refuse(400, 'InvalidRoleAssignmentId');
    assignments.set(path, wanted);
    return ok({}, 201);
  };

  const identity = (path: string, { method, json }: Asked): Answer => {
    const [, at = '', , credential] =
      /^(.*\/userAssignedIdentities\/[^/]+)(\/federatedIdentityCredentials)?(?:\/(.+))?$/.exec(path) ?? [];
    if (!at.startsWith(GROUP)) refuse(403, 'AuthorizationFailed');
    const found = identities.get(at);
    const shown = (one: Identity) => ({ properties: { principalId: one.principalId, clientId: one.clientId } });
    if (path === at && method === 'PUT') {
      if (json.location === undefined) refuse(400, 'LocationRequired');
      const made = found ?? { principalId: randomUUID(), clientId: randomUUID(), credentials: new Map() };
      identities.set(at, made);
      return ok(shown(made), found === undefined ? 201 : 200);
    }
    if (found === undefined) return refuse(404, 'ResourceNotFound');
    if (path === at && method === 'GET') return ok(shown(found));
    if (path === at) {
      identities.delete(at);
      return ok({});
    }
    if (method === 'GET') {
      return ok({ value: [...found.credentials].map(([name, properties]) => ({ name, properties })) });
    }
    if (method === 'DELETE') found.credentials.delete(credential ?? '');
    else if (json.properties) found.credentials.set(credential ?? '', json.properties);
    return ok({}, method === 'DELETE' ? 200 : 201);
  };

  const vault = (who: string, { method, path, json }: Asked): Answer => {
    const [, name = '', tail = ''] = /^\/keys\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const allow = (verb: string): void => may(who, `${KEYS}/${verb}`, `${VAULT_SCOPE}/keys/${name}`);
    const key = keys.get(name);
    if (tail === '/create') {
      allow('create/action');
      if (deleted.has(name)) refuse(409, 'Conflict', `Key ${name} is currently in a deleted but recoverable state.`);
      if (!['RSA-HSM', 'RSA'].includes(String(json.kty)) || Number(json.key_size) < 2_048) refuse(400, 'BadParameter');
      const made = key ?? { said: json, versions: [], rotation: undefined };
      made.versions.push({ id: `v${++count}`, pair, enabled: true });
      keys.set(name, made);
      return ok(keyOf(name, made));
    }
    if (tail === '/rotationpolicy') {
      may(who, `Microsoft.KeyVault/vaults/keyrotationpolicies/${method === 'PUT' ? 'write' : 'read'}`, VAULT_SCOPE);
      if (key === undefined) return refuse(404, 'KeyNotFound');
      if (method === 'PUT') key.rotation = json;
      return ok(key.rotation ?? { lifetimeActions: [] });
    }
    const [, version = '', verb] = /^\/([^/]+)\/(wrapkey|unwrapkey)$/.exec(tail) ?? [];
    if (verb !== undefined) allow(verb === 'wrapkey' ? 'wrap/action' : 'unwrap/action');
    else allow(method === 'DELETE' ? 'delete' : 'read');
    if (key === undefined) return refuse(404, 'KeyNotFound', `A key with (name/id) ${name} was not found.`);
    if (verb !== undefined) return ok(crypt(key, version, verb, json));
    if (method !== 'DELETE') return ok(keyOf(name, key));
    keys.delete(name);
    deleted.add(name);
    return ok({});
  };

  const blob = (who: string, asked: Asked): Answer => {
    const { method, path, query, bytes, headers } = asked;
    const [, container = '', name = ''] = /^\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (headers['x-ms-version'] === undefined) refuse(400, 'MissingRequiredHeader');
    if (!containers.includes(container)) refuse(404, 'ContainerNotFound');
    const at = `${container}/${name}`;
    const allow = (verb: string): void =>
      may(who, `${BLOBS}/${verb}`, containerScope(container), { [`${BLOBS}:path`]: name });
    if (query.get('comp') === 'list') {
      allow('read');
      const prefix = `${container}/${query.get('prefix') ?? ''}`;
      const names = [...blobs.keys()].filter((one) => one.startsWith(prefix)).sort();
      const from = Number(query.get('marker') ?? 0);
      const shown = names
        .slice(from, from + 2)
        .map((one) => `<Blob><Name>${one.slice(container.length + 1)}</Name></Blob>`);
      const more = names.length > from + 2 ? from + 2 : '';
      const body = `<?xml version="1.0"?><EnumerationResults><Blobs>${shown.join('')}</Blobs><NextMarker>${more}</NextMarker></EnumerationResults>`;
      return { status: 200, body };
    }
    const there = blobs.get(at);
    if (method === 'PUT') {
      const where = [containerScope(container), { [`${BLOBS}:path`]: name }] as const;
      if (mayNot(who, `${BLOBS}/write`, ...where)) {
        allow('add/action');
        // Whoever may add replaces nothing.
        if (there !== undefined) refuse(403, 'UnauthorizedBlobOverwrite', 'Not authorized to perform blob overwrites.');
      }
      if (headers['x-ms-immutability-policy-until-date']) allow('immutableStorage/runAsSuperUser/action');
      if (headers['x-ms-blob-type'] !== 'BlockBlob') refuse(400, 'MissingRequiredHeader');
      if (headers['if-none-match'] === '*' && there !== undefined) refuse(409, 'BlobAlreadyExists');
      if (headers['if-match'] !== undefined && headers['if-match'] !== there?.etag) refuse(412, 'ConditionNotMet');
      const told = { ...lockIn(immutable.get(container), headers), ...sumOf(headers, bytes) };
      const etag = `"0x${++count}"`;
      blobs.set(at, { bytes, etag, told });
      return { status: 201, headers: { etag } };
    }
    allow(method === 'DELETE' ? 'delete' : 'read');
    if (there === undefined) return refuse(404, 'BlobNotFound');
    const { bytes: body, etag, told } = there;
    if (method !== 'DELETE') return { status: 200, ...(method === 'GET' && { body }), headers: { etag, ...told } };
    if (Date.parse(told?.[POLICY_DATE] ?? '') > Date.now()) refuse(409, 'BlobImmutableDueToPolicy');
    blobs.delete(at);
    return { status: 202 };
  };

  const server = await startCloudServer((asked) => {
    const { path, headers } = asked;
    if (path === '/directory/oauth2/v2.0/token') return directory(asked);
    const [who = '', audience] = (/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '').split('|');
    const demand = (wanted: string): void => {
      if (who === '' || audience !== wanted)
        refuse(401, 'InvalidAuthenticationToken', `a token for ${wanted} is needed`);
    };
    if (path.startsWith('/subscriptions/')) {
      demand('https://management.azure.com');
      if (who !== OPERATOR.principalId) refuse(403, 'AuthorizationFailed');
      return path.includes('/roleAssignments') ? assign(path, asked) : identity(path, asked);
    }
    const isVault = path.startsWith('/keys/') && asked.query.has('api-version');
    demand(isVault ? 'https://vault.azure.net' : 'https://storage.azure.com');
    return isVault ? vault(who, asked) : blob(who, asked);
  });
  return Object.assign(server, {
    ...{ identities, assignments, keys, deleted, blobs, immutable, lost },
    rotate: (name: string) => keys.get(name)?.versions.push({ id: `v${++count}`, pair, enabled: true }),
  });
}

const POLICY_DATE = 'x-ms-immutability-policy-until-date';
const POLICY_MODE = 'x-ms-immutability-policy-mode';

/** Stricter than Azure: where versions can be immutable, none comes without a date of its own, and none with one too early. */
function lockIn(floorDays: number | undefined, headers: Asked['headers']): Readonly<Record<string, string>> {
  const [date, mode] = [headers[POLICY_DATE], headers[POLICY_MODE]];
  if (floorDays === undefined) {
    if (date !== undefined) refuse(409, 'FeatureNotEnabled', 'Immutability of versions is not enabled.');
    return {};
  }
  if (headers['if-none-match'] !== '*') refuse(400, 'MissingRequiredHeader', 'The stand-in takes no overwriting here.');
  if (typeof date !== 'string' || typeof mode !== 'string') return refuse(400, 'MissingRequiredHeader', POLICY_DATE);
  if (new Date(date).toUTCString() !== date) refuse(400, 'InvalidHeaderValue', `${date} is not of RFC 1123`);
  const days = (Date.parse(date) - Date.now()) / 86_400_000;
  if (days < floorDays) refuse(400, 'InvalidHeaderValue', `${days} days, and versions are kept for ${floorDays}`);
  return { [POLICY_DATE]: date, [POLICY_MODE]: mode };
}

function sumOf(headers: Asked['headers'], bytes: Buffer): Readonly<Record<string, string>> {
  const sent = headers['content-md5'];
  if (typeof sent !== 'string') return {};
  if (sent !== createHash('md5').update(bytes).digest('base64')) refuse(400, 'Md5Mismatch');
  return { 'content-md5': sent };
}

const keyOf = (name: string, { said, versions }: AzureKey): object => {
  const newest = versions.at(-1);
  const kid = `${VAULT_URI}keys/${name}/${newest?.id}`;
  return { key: { kid, kty: said.kty }, attributes: { enabled: newest?.enabled }, tags: said.tags };
};

function crypt({ versions }: AzureKey, version: string, verb: string, { alg, value }: Loose): object {
  const found = versions.find(({ id }) => id === version);
  if (found === undefined) return refuse(404, 'KeyNotFound');
  if (!found.enabled) return refuse(403, 'Forbidden', `Operation ${verb} is not allowed on a disabled key.`);
  if (String(alg) !== 'RSA-OAEP-256') return refuse(400, 'BadParameter');
  const bytes = Buffer.from(String(value), 'base64url');
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: Buffer.from(version) };
  try {
    const out =
      verb === 'wrapkey'
        ? publicEncrypt({ key: found.pair.publicKey, ...oaep }, bytes)
        : privateDecrypt({ key: found.pair.privateKey, ...oaep }, bytes);
    return { kid: `${VAULT_URI}keys/x/${version}`, value: out.toString('base64url') };
  } catch {
    return refuse(400, 'BadParameter', 'Failed to unwrap the key.');
  }
}
