import { azureId, subscriptionOf } from './azure-ids.js';
import type { Answers } from './cloud-facts.js';
import { attributesOf, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

const VERSIONED = 'providers/Microsoft.Authorization';

/** Roles, what is assigned to whom, and identities, in the shapes of Resource Manager's reference. */
export function azureAssignments(stacks: readonly StackJson[]): Answers {
  const [stack] = stacks;
  if (stack === undefined) return {};
  const subscription = `/subscriptions/${subscriptionOf(stack)}`;
  return {
    ...scopes(stacks, subscription),
    ...Object.fromEntries(stacks.flatMap(rolesOf)),
    ...Object.fromEntries(stacks.flatMap(identitiesOf)),
    [`${subscription}/${VERSIONED}/roleDefinitions`]: {
      value: [...builtIn(stacks), ...custom(stacks)].map(([roleName, name]) => ({ name, properties: { roleName } })),
    },
    [`${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`]: {
      value: identities(stacks).map(({ name }) => ({ name, properties: { principalId: `principal-of-${name}` } })),
    },
  };
}

const every = (stacks: readonly StackJson[], type: string): readonly Attributes[] =>
  stacks.flatMap((stack) => attributesOf(stack, type).map(([, one]) => one));

const identities = (stacks: readonly StackJson[]) => every(stacks, 'azurerm_user_assigned_identity');

/** The ids of Azure's own roles are made up here; only their names matter. */
const builtInId = (name: unknown): string => `built-in-${String(name).replaceAll(' ', '-')}`;

function builtIn(stacks: readonly StackJson[]): readonly (readonly [unknown, string])[] {
  const names = every(stacks, 'azurerm_role_assignment').map(({ role_definition_name }) => role_definition_name);
  return [...new Set(names)].filter((one) => one !== undefined).map((one) => [one, builtInId(one)] as const);
}

const custom = (stacks: readonly StackJson[]): readonly (readonly [unknown, string])[] =>
  every(stacks, 'azurerm_role_definition').map(({ name, role_definition_id }) => [name, String(role_definition_id)]);

/** At a scope, also what is assigned to the subscription above it is told. */
function scopes(stacks: readonly StackJson[], subscription: string): Answers {
  const above = {
    properties: { scope: subscription, roleDefinitionId: 'x/owner', principalId: 'somebody-above' },
  };
  const found = new Map<string, unknown[]>();
  for (const stack of stacks) {
    for (const [, one] of attributesOf(stack, 'azurerm_role_assignment')) {
      const scope = azureId(stack, one.scope);
      const known = found.get(scope) ?? [above];
      found.set(scope, [...known, assignment(stack, one, scope)]);
    }
  }
  return Object.fromEntries([...found].map(([scope, value]) => [`${scope}/${VERSIONED}/roleAssignments`, { value }]));
}

function assignment(stack: StackJson, one: Attributes, scope: string): unknown {
  const { role_definition_name: name, role_definition_id: id, principal_id: principal, condition } = one;
  const roleDefinitionId = name === undefined ? id : `/subscriptions/s/${VERSIONED}/roleDefinitions/${builtInId(name)}`;
  const who = String(principal).startsWith('$') ? `principal-of-${referred(stack, principal).name}` : principal;
  return {
    properties: {
      scope,
      roleDefinitionId,
      principalId: who,
      ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
    },
  };
}

const rolesOf = (stack: StackJson) =>
  attributesOf(stack, 'azurerm_role_definition').map(([, one]) => {
    const permissions = (one.permissions as readonly Attributes[]).map((some) => ({
      actions: some.actions ?? [],
      notActions: some.not_actions ?? [],
      dataActions: some.data_actions ?? [],
      notDataActions: some.not_data_actions ?? [],
    }));
    const at = `${one.scope}/${VERSIONED}/roleDefinitions/${one.role_definition_id}`;
    return [
      at,
      { properties: { roleName: one.name, type: 'CustomRole', permissions, assignableScopes: one.assignable_scopes } },
    ] as const;
  });

const CLUSTER = 'https://northeurope.oic.prod-aks.azure.com/00000000-0000-4000-8000-000000000100/1a2b3c4d/';

function identitiesOf(stack: StackJson): readonly (readonly [string, unknown])[] {
  const credentials = attributesOf(stack, 'azurerm_federated_identity_credential').map(([, one]) => {
    const issuer = String(one.issuer).startsWith('$') ? CLUSTER : one.issuer;
    const properties = { issuer, subject: one.subject, audiences: one.audience };
    return { parent: azureId(stack, one.parent_id), name: one.name, properties };
  });
  return [
    ...credentials.map(
      ({ parent, name, properties }) => [`${parent}/federatedIdentityCredentials/${name}`, { properties }] as const,
    ),
    ...attributesOf(stack, 'azurerm_user_assigned_identity').flatMap(([address, one]) => {
      const at = azureId(stack, `\${${address}.id}`);
      const mine = credentials.filter(({ parent }) => parent === at);
      return [
        [at, { name: one.name, properties: { principalId: `principal-of-${one.name}` } }] as const,
        [`${at}/federatedIdentityCredentials`, { value: mine }] as const,
      ];
    }),
  ];
}
