import { readFileSync } from 'node:fs';
import type { StackJson } from './proofs/terraform-json.js';

/** Stack → address of everything in it whose loss loses data or a key; a lock that is closed says so behind it. */
export type LogicalIds = Readonly<Record<string, readonly string[]>>;

/**
 * Terraform knows what it made by these names alone: one that changes is a destruction and a new birth. So they are
 * written down, and a synth in which one is missing stops.
 */
export const readLogicalIds = (): LogicalIds =>
  JSON.parse(readFileSync(new URL('./logical-ids.json', import.meta.url), 'utf8')) as LogicalIds;

/** What carries Terraform's own guard, which the proofs see to, keeps something. */
export function statefulOf({ resource = {} }: Partial<StackJson>): readonly string[] {
  return Object.entries(resource)
    .flatMap(([type, ofType]) =>
      Object.entries(ofType)
        .filter(([, attributes]) => isGuarded(attributes))
        .map(([id, attributes]) => `${type}.${id}${isClosed(attributes) ? ' Locked' : ''}`),
    )
    .sort();
}

const part = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

const isGuarded = (attributes: unknown): boolean => part(part(attributes, 'lifecycle'), 'prevent_destroy') === true;

/** Azure has no way back from here; to say `Unlocked` again would replace the account. */
const isClosed = (attributes: unknown): boolean => part(part(attributes, 'immutability_policy'), 'state') === 'Locked';

/** Every locked id that is not where it was; a stack that nobody has written down yet has none. */
export function lostIds(locked: LogicalIds, stack: string, json: Partial<StackJson>): readonly string[] {
  const here = new Set(statefulOf(json));
  return (locked[stack] ?? []).filter((one) => !here.has(one)).map((one) => `${stack} ${one}: ${REMEDY}`);
}

const REMEDY =
  'is locked in stacks/logical-ids.json and not in the stack; an apply would destroy it. Give it its id again, ' +
  'move it with a moved block, or take the line out on purpose';
