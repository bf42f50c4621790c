import type { AzurePlace } from '../../spec/environment.js';
import type { World } from '../rule.js';
import { at, type Json, listOf, type Resource, referred, resourcesOf, type StackJson } from '../terraform-json.js';
import { azureHolds } from './azure-conditions.js';
import { type AzureRole, builtIn, rolePermits } from './azure-roles.js';

export interface AzureCaller {
  /** As an assignment names it: an id, or a reference to an identity. */
  readonly principal: string;
  /** The worst case: owner of the subscription, with every data action besides. */
  readonly everything?: true;
  /** What the operator assigns to a tenant's identity when it is made. */
  readonly granted?: readonly (readonly [role: string, below: string])[];
}

export interface AzureCall {
  readonly caller: AzureCaller;
  readonly action: string;
  /** Resource id. */
  readonly resource: string;
  readonly subOperation?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** `locked`: of a version before its date, by its account. `ownLock`: by a locked policy of the version itself. */
  readonly version?: 'locked' | 'ownLock';
}

interface Assignment {
  readonly principal: string;
  readonly role: string;
  readonly scope: string;
  readonly condition: string | undefined;
}

export interface Subscription {
  readonly assignments: readonly Assignment[];
  readonly roles: ReadonlyMap<string, AzureRole>;
  /** Scopes that a management lock keeps from being deleted. */
  readonly kept: readonly string[];
  /** Accounts whose versions nobody deletes before their date. */
  readonly immutable: ReadonlySet<string>;
  /** Vaults whose deleted keys nobody purges. */
  readonly unpurgeable: ReadonlySet<string>;
}

export function subscriptionFrom(world: World, place: AzurePlace): Subscription {
  const each = <T>(read: (stack: StackJson) => readonly T[]): readonly T[] =>
    world.stacks.flatMap(({ json }) => read(json));
  const idsOf = (type: string, is: (one: Resource) => boolean): ReadonlySet<string> =>
    new Set(
      each((stack) =>
        resourcesOf(stack, type)
          .filter(is)
          .map((one) => idOf(place, stack, one)),
      ),
    );
  return {
    assignments: each((stack) =>
      resourcesOf(stack, 'azurerm_role_assignment').map((one) => assignmentOf(place, stack, one)),
    ),
    roles: new Map(each((stack) => resourcesOf(stack, 'azurerm_role_definition').map(definitionOf))),
    kept: each((stack) =>
      resourcesOf(stack, 'azurerm_management_lock').map(({ attributes }) =>
        scopeOf(place, stack, at(attributes, 'scope')),
      ),
    ),
    immutable: idsOf(
      'azurerm_storage_account',
      ({ attributes }) => at(attributes, 'immutability_policy', 'state') === 'Locked',
    ),
    unpurgeable: idsOf('azurerm_key_vault', ({ attributes }) => at(attributes, 'purge_protection_enabled') === true),
  };
}

const group = ({ subscriptionId }: AzurePlace, name: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${name}`;

/** Resource ids as they will be: what another stack derives and what this one refers to become the same text. */
function idOf(place: AzurePlace, stack: StackJson, { type, id, attributes }: Resource): string {
  const name = String(at(attributes, 'name') ?? id);
  const own = group(place, plain(stack, at(attributes, 'resource_group_name')));
  switch (type) {
    case 'azurerm_resource_group':
      return group(place, name);
    case 'azurerm_key_vault':
      return `${own}/providers/Microsoft.KeyVault/vaults/${name}`;
    case 'azurerm_dns_zone':
      return `${own}/providers/Microsoft.Network/dnsZones/${name}`;
    case 'azurerm_storage_account':
      return `${own}/providers/Microsoft.Storage/storageAccounts/${name}`;
    case 'azurerm_storage_container':
      return `${scopeOf(place, stack, at(attributes, 'storage_account_id'))}/blobServices/default/containers/${name}`;
    case 'azurerm_key_vault_key':
      return `${scopeOf(place, stack, at(attributes, 'key_vault_id'))}/keys/${name}`;
    default:
      return `${own}/providers/${type}/${name}`;
  }
}

function scopeOf(place: AzurePlace, stack: StackJson, value: Json | undefined): string {
  const found = referred(stack, value);
  if (found !== undefined) return idOf(place, stack, found);
  const [, type = '', id = ''] = /^\$\{data\.(\w+)\.(\w+)\./.exec(String(value)) ?? [];
  const data = stack.data?.[type]?.[id];
  return data === undefined ? String(value) : group(place, String(at(data, 'name')));
}

function plain(stack: StackJson, value: Json | undefined): string {
  const found = referred(stack, value);
  return found === undefined ? String(value) : String(at(found.attributes, 'name'));
}

function assignmentOf(place: AzurePlace, stack: StackJson, one: Resource): Assignment {
  const { attributes } = one;
  const identity = referred(stack, at(attributes, 'principal_id'));
  const condition = at(attributes, 'condition');
  return {
    principal:
      identity === undefined ? String(at(attributes, 'principal_id')) : String(at(identity.attributes, 'name')),
    role: assignedRole(one),
    scope: scopeOf(place, stack, at(attributes, 'scope')),
    condition: condition === undefined ? undefined : String(condition),
  };
}

function definitionOf({ attributes }: Resource): readonly [string, AzureRole] {
  const strings = (name: string): readonly string[] =>
    listOf(at(attributes, 'permissions')).flatMap((one) => listOf(at(one, name)).map(String));
  return [
    String(at(attributes, 'role_definition_id')),
    {
      actions: strings('actions'),
      notActions: strings('not_actions'),
      dataActions: strings('data_actions'),
      notDataActions: strings('not_data_actions'),
    },
  ];
}

/** Every assignment's role, for whoever asks whether the evaluator knows it. */
export const azureRolesIn = (stack: StackJson): readonly (readonly [one: Resource, role: string])[] =>
  resourcesOf(stack, 'azurerm_role_assignment').map((one) => [one, assignedRole(one)] as const);

function assignedRole({ attributes }: Resource): string {
  const definition = String(at(attributes, 'role_definition_id') ?? '');
  return definition === '' ? String(at(attributes, 'role_definition_name')) : (definition.split('/').at(-1) ?? '');
}

export const roleOf = ({ roles }: Pick<Subscription, 'roles'>, name: string): AzureRole | undefined =>
  roles.get(name) ?? builtIn(name);

/** Roles add up; then come the locks, which bind owners as well. */
export function decideAzure(
  subscription: Subscription,
  call: AzureCall,
): { readonly allowed: boolean; readonly by: string } {
  const { caller } = call;
  const grant = subscription.assignments.find(
    (one) => one.principal === caller.principal && grants(subscription, one, call),
  );
  const later = (caller.granted ?? []).some(
    ([role, below]) => within(call.resource, below) && permits(subscription, role, call.action),
  );
  if (grant === undefined && !later && caller.everything !== true) return { allowed: false, by: 'no role' };
  const lock = lockOn(subscription, call);
  if (lock !== undefined) return { allowed: false, by: lock };
  return { allowed: true, by: grant === undefined ? 'a role of its own' : roleName(subscription, grant.role) };
}

const roleName = ({ roles }: Subscription, role: string): string => (roles.has(role) ? 'a role of ours' : role);
const within = (resource: string, scope: string): boolean => resource === scope || resource.startsWith(`${scope}/`);

function permits(subscription: Subscription, role: string, action: string): boolean {
  const found = roleOf(subscription, role);
  return found !== undefined && rolePermits(found, action);
}

function grants(subscription: Subscription, { role, scope, condition }: Assignment, call: AzureCall): boolean {
  return (
    within(call.resource, scope) &&
    permits(subscription, role, call.action) &&
    (condition === undefined || azureHolds(condition, call))
  );
}

function lockOn(
  { kept, immutable, unpurgeable }: Subscription,
  { action, resource, version }: AzureCall,
): string | undefined {
  const account = /^.*\/storageAccounts\/[^/]+/.exec(resource)?.[0] ?? '';
  const vault = /^.*\/vaults\/[^/]+/.exec(resource)?.[0] ?? '';
  const manages = /^Microsoft\.(KeyVault\/vaults|Storage\/storageAccounts(\/blobServices\/containers)?)\/delete$/.test(
    action,
  );
  if (manages && kept.some((scope) => within(resource, scope))) return 'management lock';
  if (version === 'ownLock' || (version === 'locked' && immutable.has(account))) return 'immutability';
  if (/\/purge\/action$/.test(action) && unpurgeable.has(vault)) return 'purge protection';
  return undefined;
}
