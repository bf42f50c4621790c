import { isAllowed, type Principal } from '../access/principal.js';
import type { MemoryRow } from './rows.js';
import { type SOURCE_KINDS, TRUST_CLASSES } from './schema.js';

/** By which way a statement came in. The protocol that serves the request says it, never the request. */
export type Channel = (typeof SOURCE_KINDS)[number];
export type TrustClass = (typeof TRUST_CLASSES)[number];
export type Trust = Pick<MemoryRow, 'trust_class' | 'trust_score'>;

/** What a second person has approved: enough to be seen by more people than it was written for. */
export const CURATED = 0.9;
/** Below it, nothing goes unseen into what others read. */
export const TRUSTED = 0.5;

const trust = (name: TrustClass, trust_score: number): Trust => ({
  trust_class: TRUST_CLASSES.indexOf(name),
  trust_score,
});

/** What a channel adds to the credential's word: a tool's output is no better for the key that carried it. */
const BY_CHANNEL: Readonly<Partial<Record<Channel, Trust>>> = {
  conversation: trust('derived', 0.6),
  mcp: trust('agent', 0.5),
  sync: trust('document', 0.6),
  tool: trust('tool', 0.4),
};

/** By the credential and the channel alone; a client's word is `confidence`. */
export const trustOf = (principal: Principal, channel: Channel = 'api'): Trust => {
  // Whoever may administer the tenant answers for what is brought in; from others nobody knows where it came from.
  if (channel === 'import') return isAllowed(principal, 'admin') ? trust('user', 0.8) : trust('unknown', 0.3);
  const credential = isMachine(principal) ? trust('agent', 0.5) : trust('user', 0.8);
  const carried = BY_CHANNEL[channel];
  return carried ? { ...carried, trust_score: Math.min(carried.trust_score, credential.trust_score) } : credential;
};

const isMachine = (principal: Principal): boolean =>
  principal.role === 'service' || (principal.userId === null && !isAllowed(principal, 'admin'));

/** What is derived is no better than the worst it was derived from. */
export const lowestTrust = (own: Trust, lineage: readonly Trust[]): Trust => {
  const lowest = lineage.reduce((least, { trust_score }) => Math.min(least, trust_score), own.trust_score);
  return lowest < own.trust_score ? trust('derived', lowest) : own;
};

/** Of two, the one that says less. */
export const lowerTrust = (own: Trust, other: Trust): Trust => (other.trust_score < own.trust_score ? other : own);

/** A claim counts for no more than whoever makes it. */
export const capConfidence = (claim: number, { trust_score }: Trust): number => Math.min(claim, trust_score);
