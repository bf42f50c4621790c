import type { Fact, Target } from './target.js';

const look = ({ stack }: Target): string => `npx cdktf diff ${stack}`;

/** Kinds that keep what no apply brings back. */
const KEEPS = new Set(['key', 'bucket', 'database', 'cache', 'vault', 'secret', 'log', 'volumes', 'queue', 'images']);

/** Who made it so is in the trail; an apply sets it back, unless the target says what else it takes. */
export function remedyOfDrift(target: Target, property: string, found: Fact): string {
  const own = target.remedies?.[property] ?? remedyOfWords(target, found);
  return own ?? `${look(target)} shows it, npx cdktf deploy ${target.stack} sets it back`;
}

function remedyOfWords({ kind, name, stack }: Target, found: Fact): string | undefined {
  if (kind === 'key' && found === 'PendingDeletion') {
    return `before it ends: aws kms cancel-key-deletion --key-id ${name}, then npx cdktf deploy ${stack}`;
  }
  if (kind === 'key' && /^DESTROY/.test(String(found))) {
    return `before it ends: gcloud kms keys versions restore, with the version that is scheduled; then npx cdktf deploy ${stack}`;
  }
  return undefined;
}

export function remedyOfMissing(target: Target): string {
  const made = `npx cdktf deploy ${target.stack} makes it`;
  if (target.remedies?.exists !== undefined) return target.remedies.exists;
  if (!KEEPS.has(target.kind)) return made;
  return `was it ever applied? then ${made}. If it was there, restore it first: a new one is empty (docs/guides/clouds.md)`;
}

export const remedyOfUnreadable = (target: Target): string =>
  target.remedies?.unreadable ?? `give whoever runs this the right to read it, or run with other credentials`;
