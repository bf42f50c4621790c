import { blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import type { Target } from '../target.js';
import { idIn, idOf } from './expected-target.js';

/** Who may do what: our own roles, what is assigned to whom, and who signs in as which identity. */
export function expectOfAssignments(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('azurerm_role_definition').map((role) => roleTarget(graph, role)),
    ...graph.of('azurerm_role_assignment').map((one) => assignmentTarget(graph, one)),
    ...graph.of('azurerm_user_assigned_identity').map((one) => identityTarget(graph, one)),
    ...graph.of('azurerm_federated_identity_credential').map((one) => credentialTarget(graph, one)),
  ];
}

function roleTarget(graph: StackGraph, role: GraphResource): Target {
  const { attributes } = role;
  const all = (field: string) =>
    listed(blocks(attributes.permissions).flatMap((one) => (one[field] ?? []) as readonly string[]));
  const name = `${attributes.scope}/providers/Microsoft.Authorization/roleDefinitions/${attributes.role_definition_id}`;
  return target(graph, role, 'role', name, {
    may: all('actions'),
    'may not': all('not_actions'),
    'may with data': all('data_actions'),
    'may not with data': all('not_data_actions'),
    'in scopes': listed((attributes.assignable_scopes ?? []) as readonly string[]),
  });
}

/** Others may be assigned more, as tenants are by the operator; what the stack assigns must be there, as narrow. */
function assignmentTarget(graph: StackGraph, one: GraphResource): Target {
  const { scope, role_definition_name, role_definition_id, principal_id, condition } = one.attributes;
  const role = String(role_definition_name ?? String(role_definition_id).split('/').at(-1));
  const who = graph.referred(principal_id)?.attributes.name ?? principal_id;
  const when = condition === undefined ? 'always' : String(condition).replace(/\s+/g, ' ');
  return target(graph, one, 'assignment', idIn(graph, scope) ?? String(scope), { [`${role} to ${who}`]: when });
}

const IDENTITIES = 'Microsoft.ManagedIdentity/userAssignedIdentities';

function identityTarget(graph: StackGraph, identity: GraphResource): Target {
  const credentials = graph
    .of('azurerm_federated_identity_credential')
    .filter(({ attributes }) => graph.referred(attributes.parent_id)?.address === identity.address);
  return target(graph, identity, 'identity', idOf(graph, identity, IDENTITIES), {
    'signed in by': listed(credentials.map(({ attributes }) => String(attributes.subject))),
  });
}

function credentialTarget(graph: StackGraph, one: GraphResource): Target {
  const { parent_id, name, subject, audience, issuer } = one.attributes;
  const path = `${idIn(graph, parent_id)}/federatedIdentityCredentials/${name}`;
  return target(graph, one, 'credential', path, {
    subject: String(subject),
    audience: listed((audience ?? []) as readonly string[]),
    issuer: String(issuer).startsWith('$') ? 'the cluster' : String(issuer),
  });
}
