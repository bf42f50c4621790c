import { prove, RULES, SETTINGS, type World } from '../../../stacks/proofs/index.js';
import { broken, worldFor, worlds } from '../../support/worlds.js';
import { NINETEEN, RULE_MUTANTS, type RuleMutant } from './mutants.js';

const ofSettings = new Set(SETTINGS.map(({ id }) => id));
const rules = RULES.filter(({ id }) => !ofSettings.has(id));

function failuresOf(id: string, world: World): readonly string[] {
  const rule = RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  return rule
    .prove(world)
    .flatMap(({ verdict, address, attribute }) => (verdict === 'fail' ? [`${address} ${attribute}`] : []));
}

function mutated({ in: name, layer, mutate, world }: RuleMutant): World {
  const edited = broken(worldFor(name), layer, mutate);
  return world === undefined ? edited : world(edited);
}

describe('the proofs of what was reviewed', () => {
  it('all hold', () => {
    expect(prove(worlds).failures).toEqual([]);
  });

  it('are about something: no rule looks at nothing', () => {
    const seen = new Set(prove(worlds).all.map(({ rule }) => rule.id));
    expect(rules.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
  });

  it('say of what is not yet so that it is not yet so: the first of the two applies of Azure', () => {
    const { warnings } = prove([worldFor('azure-prod')]);
    expect(warnings).toHaveLength(4);
    for (const warning of warnings) expect(warning).toContain('immutability_policy.state is "Unlocked"');
  });

  it('have ids of their own', () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('each rule', () => {
  it.each(RULE_MUTANTS)('$rule notices in $in: $because', (mutant) => {
    expect(failuresOf(mutant.rule, worldFor(mutant.in))).toEqual([]);
    expect(failuresOf(mutant.rule, mutated(mutant)).length).toBeGreaterThan(0);
  });

  it('has a mutant that it kills', () => {
    const killed = new Set(RULE_MUTANTS.map(({ rule }) => rule));
    const idle = rules.map(({ id }) => id).filter((id) => !killed.has(id));
    console.info(
      `rule kill rate: ${rules.length - idle.length} of ${rules.length} rules by ${RULE_MUTANTS.length} mutants`,
    );
    expect(idle).toEqual([]);
  });

  it('is one of nineteen for what neither validate nor plan notices', () => {
    expect(NINETEEN).toHaveLength(19);
  });
});
