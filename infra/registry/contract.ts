import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** The images of a plane: nodes have no way to a registry of somebody else. */
export const IMAGES = ['memplane', 'operator'] as const;

export interface RegistryConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  /** The objects key. */
  readonly key: Key;
  /** How long a layer that no tag names is kept. @default 14 */
  readonly untaggedDays?: number;
}

export interface RegistryOutput {
  /** What stands before `/memplane:<version>`. */
  readonly prefix: string;
  /** What permissions and links refer to. */
  readonly id: string;
  readonly address: string;
}

export interface ResolvedRegistry<S extends Site> extends RegistryConfig<S> {
  readonly untaggedDays: number;
}

/** Azure counts to a year. */
export const UNTAGGED_DAYS = [1, 365] as const;

export function withRegistryDefaults<S extends Site>(config: RegistryConfig<S>): ResolvedRegistry<S> {
  const { name, key, untaggedDays = 14 } = config;
  const [least, most] = UNTAGGED_DAYS;
  if (key.purpose !== 'objects') {
    throw refused(`registry ${name}.key`, key.purpose, 'images have the key of objects', 'pass the objects key');
  }
  if (!Number.isInteger(untaggedDays) || untaggedDays < least || untaggedDays > most) {
    const why = `needs a whole number from ${least} to ${most}`;
    throw refused(`registry ${name}.untaggedDays`, untaggedDays, why, 'set registry.* in the spec');
  }
  return { ...config, untaggedDays };
}
