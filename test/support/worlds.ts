import { existsSync } from 'node:fs';
import { type ProvenStack, type World, worldOf } from '../../stacks/proofs/index.js';
import { type Attributes, type Json, type Path, whole } from '../../stacks/proofs/terraform-json.js';
import type { Environment } from '../../stacks/spec/environment.js';
import { environments } from '../../stacks/spec/index.js';
import { Editable } from './editable.js';
import { reviewed } from './terraform-json.js';

const LAYERS = ['bootstrap', 'vault', 'plane'] as const;

/** Each environment with the stacks that were reviewed, which `test/stacks` holds to be what is synthesised. */
export const worlds: readonly World[] = environments.map((environment) => worldOf(environment, stacksOf(environment)));

function stacksOf({ name, place }: Environment): readonly ProvenStack[] {
  return LAYERS.map((layer) => ({ layer, name: `${place.cloud}-${name}-${layer}` }))
    .filter((stack) => existsSync(`test/golden/stacks/${stack.name}.json`))
    .map((stack) => ({ ...stack, json: whole(reviewed(stack.name)) }));
}

export function worldFor(name: string): World {
  const found = worlds.find(({ environment: { place, name: one } }) => `${place.cloud}-${one}` === name);
  if (found === undefined) throw new Error(`no world ${name}`);
  return found;
}

/** The world with one of its stacks broken on purpose. */
export function broken(world: World, layer: ProvenStack['layer'], mutate: (stack: Editable) => void): World {
  const stacks = world.stacks.map((stack) => {
    if (stack.layer !== layer) return stack;
    const edited = new Editable(stack.json);
    mutate(edited);
    return { ...stack, json: edited.stack };
  });
  return { ...world, stacks };
}

/** The same, for one attribute of one resource: everything else is shared, so that thousands of mutants cost little. */
export function withAttribute(
  world: World,
  stackName: string,
  [type, id]: readonly [type: string, id: string],
  path: Path,
  value: Json,
): World {
  const stacks = world.stacks.map((stack) => {
    if (stack.name !== stackName) return stack;
    const ofType = stack.json.resource[type] ?? {};
    const changed = changedAt(ofType[id] ?? {}, path, value) as Attributes;
    return {
      ...stack,
      json: { ...stack.json, resource: { ...stack.json.resource, [type]: { ...ofType, [id]: changed } } },
    };
  });
  return { ...world, stacks };
}

/** `null` takes it away. Blocks of which there is one may be written as an object or as a list of one. */
function changedAt(json: Json | undefined, [head, ...rest]: Path, value: Json): Json {
  if (head === undefined) return value;
  if (head === '*')
    return Array.isArray(json) ? [changedAt(json[0], rest, value), ...json.slice(1)] : changedAt(json, rest, value);
  if (Array.isArray(json)) {
    const index = typeof head === 'number' ? head : 0;
    const inner = typeof head === 'number' ? rest : [head, ...rest];
    const copy = [...(json as readonly Json[])];
    copy[index] = changedAt(copy[index], inner, value);
    return copy;
  }
  const object = { ...((json ?? {}) as Record<string | number, Json>) };
  if (rest.length === 0 && value === null) delete object[head];
  else object[head] = changedAt(object[head], rest, value);
  return object as Json;
}
