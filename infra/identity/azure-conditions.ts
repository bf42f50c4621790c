import { GRANTED_TO_TENANTS, guidOf } from './azure-roles.js';

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const BLOB_READ = `${BLOBS}/read`;

/** Azure has one action for listing and for reading; whoever only ends things lists. */
export const LISTS_ONLY = `((!(ActionMatches{'${BLOB_READ}'} AND NOT SubOperationMatches{'Blob.List'})))`;

/** Reads and writes end at a folder of the container; nothing else is spoken of, because nothing else is granted. */
export const withinFolder = (folder: string): string =>
  `((!(ActionMatches{'${BLOB_READ}'}) AND !(ActionMatches{'${BLOBS}/write'}) AND !(ActionMatches{'${BLOBS}/add/action'})) OR (@Resource[${BLOBS}:path] StringStartsWith '${folder}/'))`;

/** Service Bus Data Sender and Receiver, under the ids that they have everywhere. */
const QUEUE_ROLES = ['69a216fc-b8fb-44d8-bc22-1f3c2cd27a39', '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'];

/** Assigns our roles, to service principals that are not itself, and takes away only those. */
export function tenantsOnly(roles: Readonly<Record<string, string>>, self: string): string {
  const ours = [...GRANTED_TO_TENANTS.map((role) => guidOf(roles[role] ?? '')), ...QUEUE_ROLES].join(', ');
  const about = (source: 'Request' | 'Resource') => (attribute: string) =>
    `@${source}[Microsoft.Authorization/roleAssignments:${attribute}]`;
  const bounded = (verb: string, source: 'Request' | 'Resource', others = '') => {
    const of = about(source);
    const role = `${of('RoleDefinitionId')} ForAnyOfAnyValues:GuidEquals {${ours}}`;
    const kind = `${of('PrincipalType')} ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}`;
    return `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'})) OR (${role} AND ${kind}${others}))`;
  };
  const notItself = ` AND ${about('Request')('PrincipalId')} ForAnyOfAllValues:GuidNotEquals {${self}}`;
  return `${bounded('write', 'Request', notItself)} AND ${bounded('delete', 'Resource')}`;
}
