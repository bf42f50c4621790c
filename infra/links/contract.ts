import type { NetworkOutput } from '../network/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Something that stands in no network and must be reached from ours without leaving it. */
export interface Link {
  /** Unique among the links; part of their names. */
  readonly name: string;
  readonly kind: 'Objects' | 'Keys' | 'Images' | 'Metrics';
  /** Resource id, which a stack may derive: what is linked need not be its own. */
  readonly id: string;
}

/**
 * AWS and Google Cloud reach whole services through the endpoints of the network unit, so nothing is built there.
 * Azure closes every account and vault to the public and opens each by an endpoint of its own.
 */
export interface LinksConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  readonly tags: Tags;
  readonly network: NetworkOutput;
  readonly links: readonly Link[];
}

export interface LinksOutput {
  /** Names of the links that have an endpoint of their own. */
  readonly own: readonly string[];
}

export function checkLinks({ name, links }: LinksConfig): void {
  for (const [index, link] of links.entries()) {
    if (links.findIndex((one) => one.name === link.name) === index) continue;
    throw refused(`links ${name}`, link.name, 'linked twice', 'name each once');
  }
}
