import type { DatabaseObservation } from './observe.js';

export type DatabaseAction =
  | { readonly action: 'createGroup'; readonly because: string }
  | { readonly action: 'createRole'; readonly role: 'owner' | 'service' | 'auditor'; readonly because: string }
  | { readonly action: 'createSchema'; readonly because: string }
  | { readonly action: 'writeCredential'; readonly because: string }
  | { readonly action: 'setPasswords'; readonly because: string };

/**
 * What is missing, in the order in which it can be made. The credential is written before the passwords are set from
 * it: when the operator dies in between, the next run finds a Secret that the roles do not match and sets them again.
 */
export function planDatabase(observed: DatabaseObservation): readonly DatabaseAction[] {
  const actions: DatabaseAction[] = [];
  const credential = credentialProblem(observed);
  if (credential !== undefined) actions.push({ action: 'writeCredential', because: credential });
  if (!observed.groupReady) actions.push({ action: 'createGroup', because: 'no tenant was ever placed here' });
  if (!observed.owner.exists) actions.push({ action: 'createRole', role: 'owner', because: 'the role is missing' });
  if (!observed.service.exists) actions.push({ action: 'createRole', role: 'service', because: 'the role is missing' });
  if (!observed.auditor.exists) actions.push({ action: 'createRole', role: 'auditor', because: 'the role is missing' });
  if (!observed.schemaExists) actions.push({ action: 'createSchema', because: 'the schema is missing' });
  const passwords = credential ?? passwordProblem(observed);
  if (passwords !== undefined) actions.push({ action: 'setPasswords', because: passwords });
  return actions;
}

function credentialProblem({ secret }: DatabaseObservation): string | undefined {
  if (secret === undefined) return 'the Secret is missing';
  return secret.complete ? undefined : 'the Secret lacks a connection string';
}

function passwordProblem(observed: DatabaseObservation): string | undefined {
  if (!observed.owner.canLogin || !observed.service.canLogin) return 'a role cannot log in';
  if (observed.secret?.uid !== observed.credentialSecretUid) return 'the passwords were set from another Secret';
  return undefined;
}
