import { replaces } from './replacements.js';
import type { Attribute, Block } from './schema.js';
import { type Fields, isFields, isList, same, UNKNOWN, type Value } from './wire.js';

export interface Planned {
  readonly state: Value;
  /** Attributes of the first level whose change needs a new resource. */
  readonly replace: readonly string[];
}

/**
 * What an apply would leave: what is configured, what it had, and what only the cloud can tell as unknown.
 * `proposed` is Terraform's own merge of configuration and prior state.
 */
export function plan(type: string, block: Block, prior: Value, proposed: Value): Planned {
  if (!isFields(proposed)) return { state: null, replace: [] };
  const wanted = withLabels(block, withoutSecrets(block, proposed), prior);
  if (!isFields(prior)) return { state: askCloud(block, wanted), replace: [] };
  if (same(prior, wanted)) return { state: prior, replace: [] };
  const changed = Object.keys(wanted).filter((name) => !same(prior[name], wanted[name]));
  return { state: askCloud(block, wanted), replace: changed.filter((name) => replaces(type, name)) };
}

/** Write-only arguments are in no plan and no state. */
export const withoutSecrets = (block: Block, value: Fields): Fields =>
  mapBlock(block, value, (one, given) => (one.writeOnly ? null : given));

/** What is computed and not yet there is known after the apply. */
const askCloud = (block: Block, value: Fields): Fields =>
  mapBlock(block, value, (one, given) => (one.computed && given === null ? UNKNOWN : given));

/** Applies to each attribute, in each nested block there is. */
export function mapBlock(
  block: Block,
  value: Fields,
  change: (one: Attribute, given: Value, name: string) => Value,
): Fields {
  const result: Record<string, Value> = {};
  for (const [name, one] of Object.entries(block.attributes)) result[name] = change(one, value[name] ?? null, name);
  for (const [name, { block: inner }] of Object.entries(block.blocks)) {
    const given = value[name] ?? null;
    const deep = (item: Value): Value => (isFields(item) ? mapBlock(inner, item, change) : item);
    result[name] = isList(given) ? given.map(deep) : deep(given);
  }
  return result;
}

/** Providers show all tags of a resource beside those that are its own. */
const ALL_LABELS = [
  ['tags', 'tags_all'],
  ['labels', 'effective_labels'],
  ['labels', 'terraform_labels'],
] as const;

function withLabels(block: Block, value: Fields, prior: Value): Fields {
  const result: Record<string, Value> = { ...value };
  for (const [own, all] of ALL_LABELS) {
    const attribute = block.attributes[all];
    if (attribute?.computed !== true || block.attributes[own] === undefined) continue;
    const before = isFields(prior) ? prior[all] : undefined;
    const now = value[own] ?? {};
    result[all] = before !== undefined && same(before, now) ? before : now;
  }
  return result;
}
