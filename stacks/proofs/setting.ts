import type { Topic } from './controls.js';
import { valuesAt } from './key-graph.js';
import { type Evidence, evidence, type ProvenStack, type Rule, type World } from './rule.js';
import { isReference, type Json, type Path, type Resource, resourcesOf, shown } from './terraform-json.js';

/** What a value must be, in words and as a test. */
export interface Want {
  readonly said: string;
  readonly holds: (value: Json | undefined, world: World) => boolean;
}

/** One attribute of one type of resource. Most of what a scanner looks at has this shape. */
export interface Setting {
  readonly id: string;
  readonly title: string;
  readonly topic: Topic;
  readonly type: string;
  readonly path: Path;
  readonly want: Want;
  /** A value that breaks the promise: the mutant that the rule must catch. `null` takes the attribute away. */
  readonly broken: Json;
  readonly scanners?: readonly string[];
  /** Promises that `dev` does not make. */
  readonly production?: true;
  /** Only these resources of the type. */
  readonly where?: (resource: Resource, world: World) => boolean;
  readonly remedy?: string;
}

/** Settings of one id are one promise, said by each cloud in its own words. */
export function rulesOf(settings: readonly Setting[]): readonly Rule[] {
  return [...new Set(settings.map(({ id }) => id))].map((id) => ruleOf(settings.filter((one) => one.id === id)));
}

function ruleOf(settings: readonly Setting[]): Rule {
  const [first] = settings;
  if (first === undefined) throw new Error('a rule without a setting');
  const remedies = settings.map(remedyOf);
  return {
    id: first.id,
    title: first.title,
    topic: first.topic,
    scanners: [...new Set(settings.flatMap(({ scanners = [] }) => scanners))],
    remedy: remedies.join('; '),
    prove: (world) => settings.flatMap((setting) => subjectsOf(world, setting).flatMap((one) => judge(setting, one))),
  };
}

const remedyOf = ({ remedy, type, path, want }: Setting): string =>
  remedy ?? `set ${type} ${path.join('.')} to ${want.said}`;

function judge(setting: Setting, { world, stack, resource }: Subject): readonly Evidence[] {
  const { path, want } = setting;
  const found = valuesAt(resource.attributes, path);
  const values = found.length === 0 ? [undefined] : found;
  return values.map((value) =>
    evidence(stack, resource, want.holds(value, world), {
      attribute: path.join('.'),
      value: shown(value),
      wanted: want.said,
      remedy: remedyOf(setting),
    }),
  );
}

export interface Subject {
  readonly world: World;
  readonly stack: ProvenStack;
  readonly resource: Resource;
}

export function subjectsOf(world: World, { type, where, production }: Setting): readonly Subject[] {
  if (production && !world.production) return [];
  return world.stacks.flatMap((stack) =>
    resourcesOf(stack.json, type)
      .filter((resource) => where?.(resource, world) ?? true)
      .map((resource) => ({ world, stack, resource })),
  );
}

export const is = (wanted: Json): Want => ({
  said: shown(wanted),
  // Booleans that a binding writes as words count.
  holds: (value) => value === wanted || (typeof wanted === 'boolean' && value === String(wanted)),
});
export const oneOf = (...wanted: readonly Json[]): Want => ({
  said: wanted.map(shown).join(' or '),
  holds: (value) => value !== undefined && wanted.includes(value),
});
export const atLeast = (least: number): Want => ({
  said: `at least ${least}`,
  holds: (value) => value !== undefined && value !== null && Number(value) >= least,
});
export const between = (least: number, most: number): Want => ({
  said: `${least} to ${most}`,
  holds: (value) => Number(value) >= least && Number(value) <= most,
});
/** `2592000s` */
export const secondsBetween = (least: number, most: number): Want => ({
  said: `${least} s to ${most} s`,
  holds: (value) => {
    const seconds = Number(/^(\d+)s$/.exec(String(value))?.[1] ?? Number.NaN);
    return seconds >= least && seconds <= most;
  },
});
export const holding = (...wanted: readonly string[]): Want => ({
  said: `a list with ${wanted.join(', ')}`,
  holds: (value) => Array.isArray(value) && wanted.every((one) => value.includes(one)),
});
export const given: Want = {
  said: 'something',
  holds: (value) => value !== undefined && value !== null && value !== '',
};
export const reference: Want = { said: 'something of this stack', holds: (value) => isReference(value) };
export const absent: Want = { said: 'nothing', holds: (value) => value === undefined || value === null };
export const matching = (pattern: RegExp, said: string): Want => ({
  said,
  holds: (value) => typeof value === 'string' && pattern.test(value),
});

type Rest = Partial<Pick<Setting, 'scanners' | 'production' | 'where' | 'remedy'>>;

/** One line of a table: `on` is the type and the path in it. */
export function setting(
  [id, title]: readonly [string, string],
  topic: Topic,
  [type, ...path]: readonly [string, ...Path],
  want: Want,
  broken: Json,
  rest: Rest = {},
): Setting {
  return { id, title, topic, type, path, want, broken, ...rest };
}
