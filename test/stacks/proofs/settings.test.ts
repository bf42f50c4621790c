import { SETTINGS, type World } from '../../../stacks/proofs/index.js';
import { rulesOf, type Setting, subjectsOf } from '../../../stacks/proofs/setting.js';
import { withAttribute, worldFor, worlds } from '../../support/worlds.js';

interface Mutant {
  readonly setting: Setting;
  readonly world: World;
  readonly address: string;
  readonly mutated: World;
}

const CLOUD_OF: Readonly<Record<string, 'aws' | 'gcp' | 'azure'>> = { aws: 'aws', google: 'gcp', azurerm: 'azure' };

/** Every resource that a setting is about, each with that one attribute broken. */
function mutantsOf(setting: Setting): readonly Mutant[] {
  return worlds.flatMap((world) =>
    subjectsOf(world, setting).map(({ stack, resource }) => ({
      setting,
      world,
      address: resource.address,
      mutated: withAttribute(world, stack.name, [resource.type, resource.id], setting.path, setting.broken),
    })),
  );
}

/** Of a type that no stack has: a resource with nothing but the breach. */
function planted(setting: Setting): Mutant {
  const cloud = CLOUD_OF[setting.type.split('_')[0] ?? ''];
  const world = worldFor(`${cloud}-prod`);
  const stack = world.stacks.find(({ layer }) => layer === 'plane')?.name ?? '';
  const mutated = withAttribute(world, stack, [setting.type, 'planted'], setting.path, setting.broken);
  return { setting, world, address: `${setting.type}.planted`, mutated };
}

const failuresIn = (setting: Setting, world: World): readonly string[] =>
  rulesOf([setting])
    .flatMap((rule) => rule.prove(world))
    .flatMap(({ verdict, address }) => (verdict === 'fail' ? [address] : []));

const own = SETTINGS.map((setting) => ({ setting, mutants: mutantsOf(setting) }));
const absent = own.filter(({ mutants }) => mutants.length === 0).map(({ setting }) => setting);
const mutants = [...own.flatMap((one) => one.mutants), ...absent.map(planted)];

describe('a setting', () => {
  it('holds in every stack that was reviewed', () => {
    const failures = worlds.flatMap((world) =>
      SETTINGS.flatMap((setting) => failuresIn(setting, world).map((address) => `${setting.id} ${address}`)),
    );
    expect(failures).toEqual([]);
  });

  it('is noticed wherever it is broken, and nowhere else: every mutant dies', () => {
    const survivors = mutants.filter(({ setting, address, mutated }) => {
      const found = failuresIn(setting, mutated);
      return !(found.length === 1 && found[0] === address);
    });
    const killed = mutants.length - survivors.length;
    console.info(
      `rule kill rate, settings: ${killed} of ${mutants.length} mutants of ${SETTINGS.length} settings, ` +
        `${absent.length} of them on planted resources`,
    );
    expect(survivors.map(({ setting, address }) => `${setting.id} ${address}`)).toEqual([]);
  });

  it('has no mutant that would be as good as the original', () => {
    const world = worldFor('aws-prod');
    expect(SETTINGS.filter(({ want, broken }) => want.holds(broken === null ? undefined : broken, world))).toEqual([]);
  });
});
