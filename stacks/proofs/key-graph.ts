import { COMPANIONS, EXEMPT, KEYED, KEYED_IF_SAID, KEYLESS, KEYS } from './key-paths.js';
import { type Evidence, evidence, type ProvenStack, type Rule } from './rule.js';
import {
  allResources,
  at,
  guarded,
  type Json,
  listOf,
  type Path,
  type Resource,
  referred,
  resourcesOf,
  type StackJson,
  shown,
} from './terraform-json.js';

const WANTED = 'a guarded key of the same stack';

/** K01: whatever keeps data does so under a key that the same stack made and that a destroy cannot take along. */
export const keyGraph: Rule = {
  id: 'KEY-GRAPH',
  title: 'Whatever keeps data at rest is encrypted under a guarded key that its own stack made',
  topic: 'atRest',
  scanners: ['CKV_AWS_16', 'CKV_AWS_145', 'CKV_AWS_158', 'CKV_AWS_149', 'CKV_AWS_136', 'AWS-0132', 'GCP-0066'],
  remedy: 'pass the key of this stack to the resource, or say in stacks/proofs/key-paths.ts why it needs none',
  prove: (world) => world.stacks.flatMap((stack) => allResources(stack.json).flatMap((one) => judge(stack, one))),
};

/** A copy whose key is in the first region dies with the first region. */
export const keyRegion: Rule = {
  id: 'KEY-REGION',
  title: 'Whatever stands in the second region has a key of the second region',
  topic: 'recovery',
  scanners: ['CKV_AWS_245'],
  remedy: 'pass the key of the region in which the resource stands',
  prove: (world) => world.stacks.flatMap((stack) => allResources(stack.json).flatMap((one) => regional(stack, one))),
};

function judge(stack: ProvenStack, one: Resource): readonly Evidence[] {
  const exempt = EXEMPT.find(
    ({ address, unless }) =>
      address.test(one.address) && (unless === undefined || resourcesOf(stack.json, unless).length === 0),
  );
  if (exempt !== undefined) {
    return [evidence(stack, one, true, { attribute: 'key', value: `exempt: ${exempt.because}`, wanted: WANTED })];
  }
  const paths = KEYED[one.type];
  if (paths !== undefined) {
    const optional = (KEYED_IF_SAID[one.type] ?? []).filter((path) => valuesAt(one.attributes, path).length > 0);
    return [...paths, ...optional].flatMap((path) => keyed(stack, one, path));
  }
  const companion = COMPANIONS[one.type];
  if (companion !== undefined) return [companioned(stack, one, companion)];
  if (KEYLESS.test(one.type)) return [];
  const told = {
    attribute: 'type',
    value: one.type,
    wanted: 'a type of which somebody has said whether it keeps data',
  };
  return [evidence(stack, one, false, told)];
}

function keyed(stack: ProvenStack, one: Resource, path: Path): readonly Evidence[] {
  const attribute = path.join('.');
  const found = valuesAt(one.attributes, path);
  const values = found.length === 0 ? [undefined] : found;
  return values.map((value) =>
    evidence(stack, one, isOwnKey(stack.json, value), { attribute, value: shown(value), wanted: WANTED }),
  );
}

/** A disk encryption set stands for the key that it has. */
function isOwnKey(stack: StackJson, reference: Json | undefined): boolean {
  const key = keyOf(stack, reference);
  return key !== undefined && guarded(key.attributes);
}

function keyOf(stack: StackJson, reference: Json | undefined): Resource | undefined {
  const found = referred(stack, reference);
  if (found?.type === 'azurerm_disk_encryption_set') return keyOf(stack, at(found.attributes, 'key_vault_key_id'));
  return found !== undefined && KEYS.test(found.type) ? found : undefined;
}

function companioned(stack: ProvenStack, one: Resource, { type, by }: (typeof COMPANIONS)[string]): Evidence {
  const mine = resourcesOf(stack.json, type).some(
    ({ attributes }) => referred(stack.json, at(attributes, by))?.id === one.id,
  );
  const told = { attribute: type, value: mine ? 'its own' : 'none', wanted: `a ${type} of its own` };
  return evidence(stack, one, mine, told);
}

/**
 * The values at a path in which `*` is every element; a block that is written alone counts as a list of one. An element
 * that says nothing counts as `undefined`: the second disk of a machine must have a key as well.
 */
export function valuesAt(json: Json | undefined, [head, ...rest]: Path, within = false): readonly (Json | undefined)[] {
  if (json === undefined || json === null) return within ? [undefined] : [];
  if (head === undefined) return [json];
  if (head === '*') return listOf(json).flatMap((inner) => valuesAt(inner, rest, true));
  // Blocks of which there is one are rendered as an object or as a list of one, as the binding likes.
  const inside = Array.isArray(json) && typeof head === 'string' ? at(json, 0) : json;
  return valuesAt(at(inside, head), rest, within);
}

function regional(stack: ProvenStack, one: Resource): readonly Evidence[] {
  const paths = KEYED[one.type] ?? [];
  const places = one.type === 'google_secret_manager_secret' ? secretPlaces(one) : undefined;
  const references = paths.flatMap((path) => valuesAt(one.attributes, path));
  return references.flatMap((reference, index) => {
    const key = keyOf(stack.json, reference);
    if (key === undefined) return [];
    const stands = places?.[index] ?? regionOf(stack.json, one);
    const keyStands = regionOf(stack.json, key);
    if (stands === undefined || keyStands === undefined) return [];
    const told = { attribute: 'region of the key', value: keyStands, wanted: `the region of the resource: ${stands}` };
    return [evidence(stack, one, stands === keyStands, told)];
  });
}

const secretPlaces = ({ attributes }: Resource): readonly string[] =>
  valuesAt(attributes, ['replication', 'user_managed', 'replicas', '*', 'location']).map(String);

/** AWS: the provider that makes it. Google Cloud, Azure: its own location, or that of its ring or vault. */
function regionOf(stack: StackJson, { type, attributes }: Resource): string | undefined {
  if (type.startsWith('aws_')) return String(at(attributes, 'provider') ?? 'aws');
  const own = at(attributes, 'location') ?? at(attributes, 'region');
  if (own !== undefined) return String(own);
  const store = referred(stack, at(attributes, 'key_ring') ?? at(attributes, 'key_vault_id'));
  return store === undefined ? undefined : regionOf(stack, store);
}

/** Every place where a key is said, for whoever wants to take one away. */
export const keyPathsOf = (type: string): readonly Path[] => KEYED[type] ?? [];
export const keyedTypes: readonly string[] = Object.keys(KEYED);

export const keyRules: readonly Rule[] = [keyGraph, keyRegion];
