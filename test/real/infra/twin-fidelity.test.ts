import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { type AwsSchema, openRealAws, type RealAws } from '../../support/real-aws.js';
import {
  describeWith,
  findAwsMirror,
  openRehearsal,
  type Rehearsal,
  terraformMissing,
} from '../../support/rehearsal.js';
import { stackOf, synth } from '../../support/stacks.js';
import type { Attributes, StackJson } from '../../support/terraform-json.js';
import { openBinding } from '../../support/twins/binding.js';
import { compare, invented, percent, type Share } from '../../support/twins/fidelity.js';
import { replaces } from '../../support/twins/replacements.js';
import type { ProviderSchema } from '../../support/twins/schema.js';

jest.setTimeout(900_000);

const mirror = findAwsMirror();
const missing = [
  ...terraformMissing(),
  ...(mirror === undefined ? ['no folder with registry.terraform.io/hashicorp/aws: set TF_PLUGIN_MIRROR to one'] : []),
];

const line = (share: Share): string =>
  `${share.what.padEnd(26)} ${percent(share).toFixed(2).padStart(6)} %  ${share.agree} of ${share.of}`;

const print = (title: string, shares: readonly Share[]): void =>
  console.log([title, ...shares.map((share) => `  ${line(share)}`)].join('\n'));

describeWith(missing, `the AWS twin against the real provider ${mirror?.version}`, () => {
  const stacks = () => [...synth().stacks].filter(([name]) => name.startsWith('aws-'));
  let real: RealAws;
  let schema: AwsSchema;
  let twin: ProviderSchema;

  beforeAll(() => {
    if (mirror === undefined) throw new Error('no mirror');
    real = openRealAws(mirror);
    schema = real.schema();
    const binding = openBinding('aws');
    twin = binding.read(binding.all());
  });

  afterAll(() => real.close());

  it('the whole schema agrees but for what a newer binding knows and what bindings do not say', () => {
    const shares = compare(schema.resource_schemas, twin.resources);
    print(`resources, binding ${openBinding('aws').version} against provider ${mirror?.version}`, shares);
    print('data sources', compare(schema.data_source_schemas, twin.data));
    const least: Readonly<Record<string, number>> = {
      'resource types': 98.5,
      'attributes: sensitive': 99,
      'nested blocks: maxItems': 94,
    };
    expect(shares.filter((share) => percent(share) < (least[share.what] ?? 99.7)).map(line)).toEqual([]);
  });

  it('the guide quotes these figures', () => {
    const guide = readFileSync('docs/guides/clouds.md', 'utf8');
    for (const share of compare(schema.resource_schemas, twin.resources)) {
      expect(guide).toContain(`| ${share.what} | ${percent(share).toFixed(2)} % | ${share.agree} of ${share.of} |`);
    }
  });

  it('what the twin adds belongs to the newer version: less than 3 in a hundred attributes', () => {
    const added = invented(schema.resource_schemas, twin.resources);
    const [, present] = compare(schema.resource_schemas, twin.resources);
    console.log(`in the binding only: ${added.length} attributes, \`region\` of every resource apart`);
    expect(added.length / (present?.of ?? 1)).toBeLessThan(0.03);
  });

  it('over the types that our stacks use it is no worse, and what differs is said', () => {
    const used = new Set(stacks().flatMap(([, stack]) => Object.keys(stack.resource ?? {})));
    const shares = compare(schema.resource_schemas, twin.resources, used);
    print(`the ${used.size} types of our stacks`, shares);
    console.log(shares.flatMap(({ what, differ }) => differ.map((one) => `${what}: ${one}`)).join('\n'));
    const least: Readonly<Record<string, number>> = {
      'resource types': 100,
      'attributes: type': 100,
      'attributes: writeOnly': 100,
      'nested blocks present': 98,
      'nested blocks: maxItems': 94,
    };
    expect(shares.filter((share) => percent(share) < (least[share.what] ?? 99)).map(line)).toEqual([]);
  });

  describe('what a change replaces', () => {
    let rehearsal: Rehearsal;

    beforeAll(async () => {
      rehearsal = await openRehearsal();
    });

    afterAll(() => rehearsal.close());

    /** Every argument that a stack sets, another value in the state: the real provider says which need a new resource. */
    it.each(['aws-prod-bootstrap', 'aws-prod-vault', 'aws-prod-plane'])(
      '%s: the twin and the real provider agree',
      async (name) => {
        const stack = stackOf(synth(), name);
        rehearsal.write(name, stack);
        await rehearsal.apply(name);
        const { state, changed } = spoil(JSON.parse(rehearsal.state(name)), stack, schema);
        const answers = real.plan(name, stack, state).flatMap(({ type, name: id, change }) => {
          const replacing = new Set((change.replace_paths ?? []).map(([attribute]) => attribute));
          return (changed.get(`${type}.${id}`) ?? []).map((attribute) => ({
            what: `${type}.${attribute}`,
            real: replacing.has(attribute),
            twin: replaces(type, attribute),
          }));
        });
        const differ = answers.filter((one) => one.real !== one.twin);
        console.log(
          `${name}: replacement foretold right for ${answers.length - differ.length} of ${answers.length} changes`,
        );
        expect(answers.filter((one) => one.real).length).toBeGreaterThan(10);
        // Of a type that is new here: what the real provider says goes into test/support/twins/replacements.ts.
        expect([...new Set(differ.map((one) => `${one.what}: real ${one.real}, twin ${one.twin}`))]).toEqual([]);
      },
    );
  });
});

interface State {
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: [{ schema_version: number; attributes: Attributes }];
  }[];
}

/** Not the id, and nothing that must stay JSON or one of a few words. */
const KEPT = /^(\/\/|provider|lifecycle|depends_on|id)$|polic|transition_default|assume_role|document/;

function spoil(state: State, stack: StackJson, { resource_schemas }: AwsSchema) {
  const changed = new Map<string, readonly string[]>();
  for (const { type, name, instances } of state.resources) {
    const [instance] = instances;
    instance.schema_version = resource_schemas[type]?.version ?? 0;
    const { attributes } = instance;
    const configured = new Set(Object.keys(stack.resource[type]?.[name] ?? {}));
    // What the twin made up for an optional argument may be nothing that the real provider takes.
    for (const [one, declared] of Object.entries(resource_schemas[type]?.block.attributes ?? {})) {
      if (declared.optional && declared.computed && one !== 'id' && !configured.has(one)) attributes[one] = null;
    }
    const names = Object.keys(stack.resource[type]?.[name] ?? {}).filter((one) => !KEPT.test(one));
    changed.set(
      `${type}.${name}`,
      names.filter((one) => {
        const value = attributes[one];
        if (typeof value === 'string') attributes[one] = `${value}x`;
        else if (typeof value === 'number') attributes[one] = value + 1;
        else if (typeof value === 'boolean') attributes[one] = !value;
        else return false;
        return true;
      }),
    );
  }
  return { state, changed };
}
