import { listed } from '../graph.js';
import { at, textAt } from '../rest.js';
import type { Facts } from '../target.js';
import { type Ask, type AzureReader, listOf, reading } from './reading.js';

const ROLES = '/providers/Microsoft.Authorization/roleDefinitions';
const VERSION = '2022-04-01';

export const ASSIGNMENTS: Readonly<Record<string, AzureReader>> = {
  assignment: { version: VERSION, read: readAssignments },
  role: reading(VERSION, (role) => {
    const permissions = (at(role, 'properties.permissions') ?? []) as readonly Readonly<Record<string, unknown>>[];
    const all = (field: string) => listed(permissions.flatMap((one) => (one[field] ?? []) as readonly string[]));
    return {
      may: all('actions'),
      'may not': all('notActions'),
      'may with data': all('dataActions'),
      'may not with data': all('notDataActions'),
      'in scopes': listed((at(role, 'properties.assignableScopes') ?? []) as readonly string[]),
    };
  }),
  identity: {
    version: '2023-01-31',
    read: async (ask) => {
      if ((await ask('')) === undefined) return undefined;
      const credentials = await listOf(ask, '/federatedIdentityCredentials');
      return { 'signed in by': listed(credentials.map((one) => textAt(one, 'properties.subject'))) };
    },
  },
  credential: reading('2023-01-31', (one) => ({
    subject: textAt(one, 'properties.subject'),
    audience: listed((at(one, 'properties.audiences') ?? []) as readonly string[]),
    issuer: issuerText(textAt(one, 'properties.issuer')),
  })),
};

/** That of a cluster has an id that Azure chooses. */
const issuerText = (issuer: string | undefined): string | undefined =>
  issuer === undefined || /\.oic\.(prod-)?aks\.azure\./.test(issuer) ? 'the cluster' : issuer;

/** `/subscriptions/<s>…`: what is assigned there, in the words of the stacks: roles and identities by their names. */
async function readAssignments(ask: Ask, name: string): Promise<Facts | undefined> {
  const subscription = name.split('/').slice(0, 3).join('/');
  const [assigned, roles, identities] = await Promise.all([
    listOf(ask, '/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()'),
    listOf(ask, ROLES, { from: subscription, version: VERSION }),
    listOf(ask, '/providers/Microsoft.ManagedIdentity/userAssignedIdentities', {
      from: subscription,
      version: '2023-01-31',
    }),
  ]);
  const roleNames = new Map(roles.map((one) => [String(one.name), textAt(one, 'properties.roleName')]));
  const people = new Map(identities.map((one) => [textAt(one, 'properties.principalId'), String(one.name)]));
  // Asked at a scope, Azure also tells what is assigned above it.
  const here = assigned.filter((one) => textAt(one, 'properties.scope')?.toLowerCase() === name.toLowerCase());
  const facts = here.flatMap((one) => {
    const role = textAt(one, 'properties.roleDefinitionId')?.split('/').at(-1) ?? '';
    const principal = textAt(one, 'properties.principalId');
    const who = people.get(principal) ?? principal;
    const when = textAt(one, 'properties.condition')?.replace(/\s+/g, ' ') ?? 'always';
    // A stack names a role of Azure by its name, and one of ours by its id.
    return [roleNames.get(role), role].map((called) => [`${called} to ${who}`, when] as const);
  });
  return Object.fromEntries(facts);
}
