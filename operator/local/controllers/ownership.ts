import { randomInt } from 'node:crypto';
import type { LiveObject } from '../../clients/kube.js';
import type { Change } from '../../runtime/watch-cache.js';
import { namespaceOf, type OwnerReference } from '../kinds.js';

/** The one owner that manages the object. */
export const controllerOf = (object: LiveObject) =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true);

export const isControlledBy = (object: LiveObject, owner: LiveObject): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

export const buildOwnerReference = (owner: LiveObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** The key of the changed object's controller, when that is of this kind. */
export const controllerKeys =
  (kind: string) =>
  ({ object }: Change<LiveObject>): readonly string[] => {
    const owner = controllerOf(object);
    return owner?.kind === kind ? [`${namespaceOf(object)}/${owner.name}`] : [];
  };

/** No vowels and no digits that look like letters: a suffix never spells a word. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A generated name fits into a DNS label of 63 characters with its suffix. */
const MAX_BASE_LENGTH = 57;

export function nameWithSuffix(base: string): string {
  const letters = Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `${base.slice(0, MAX_BASE_LENGTH)}-${letters.join('')}`;
}

export const splitKey = (key: string): { readonly namespace: string; readonly name: string } => {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};
