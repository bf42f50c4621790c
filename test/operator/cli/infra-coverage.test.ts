import { readFileSync, writeFileSync } from 'node:fs';
import { coverage } from '../../../operator/cli/infra/coverage.js';
import { buildGraph, type Cloud } from '../../../operator/cli/infra/graph.js';
import { UNREAD } from '../../../operator/cli/infra/unread.js';
import { EXPECT } from '../../../operator/cli/infra/verify.js';
import { withDefaults } from '../../../stacks/spec/defaults.js';
import { prod } from '../../../stacks/spec/prod.js';
import { regulated } from '../../../stacks/spec/regulated.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';
import { synth } from '../../support/stacks.js';
import type { StackJson } from '../../support/terraform-json.js';

const PAGE = 'docs/reference/infra-verify.md';

/** What no reviewed stack has: the other target of AWS, roles by hand, mirrors, logs under a key of their own. */
const more = prod.map((one) => ({
  ...one,
  name: 'more',
  registry: { mirrors: ['public.ecr.aws', 'quay.io', 'registry.k8s.io'] as const },
  ...(one.place.cloud === 'aws'
    ? {
        identity: { aws: 'Irsa' as const },
        ecs: {
          tenants: ['acme'],
          certificateArn: 'arn:aws:acm:eu-central-1:444455556666:certificate/0b9f2a3c-1111-2222-3333-444455556666',
          imageDigest: `sha256:${'0'.repeat(64)}`,
        },
      }
    : {}),
  ...(one.place.cloud === 'azure' ? { observability: { ...one.observability, dedicatedLogs: true } } : {}),
}));
const synthesised = synth([...regulated, ...more].map(withDefaults));
const stacks = new Map([...reviewedStacks(), ...synthesised.stacks]);
const cloudOf = (name: string): Cloud => name.split('-')[0] as Cloud;
const expected = (name: string, json: StackJson) => EXPECT[cloudOf(name)](buildGraph(name, { ...json }));

/** The kinds of targets that are others, or gone, once every resource of a type is taken out of the stacks. */
function kindsOf(type: string): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const [name, json] of stacks) {
    if (json.resource[type] === undefined) continue;
    const { [type]: _, ...resource } = json.resource;
    const without = new Map(expected(name, { ...json, resource }).map((one) => [one.address + one.kind, one]));
    for (const one of expected(name, json)) {
      const other = without.get(one.address + one.kind);
      const same = JSON.stringify([other?.name, other?.expected]) === JSON.stringify([one.name, one.expected]);
      if (!same) kinds.add(one.kind);
    }
  }
  return kinds;
}

const types = [...new Set([...stacks.values()].flatMap(({ resource }) => Object.keys(resource)))].sort();
const read = new Map(types.map((type) => [type, [...kindsOf(type)].sort()] as const));

describe('what infra verify reads of the stacks', () => {
  it('every stack of every kind is there to be asked about', () => {
    expect(synthesised.errors.filter((one) => one.startsWith('error'))).toEqual([]);
    expect(stacks.size).toBe(36);
  });

  it('each type is read, or named with a reason why not, and never both', () => {
    const wrong = types.filter((type) => (read.get(type)?.length === 0) === (UNREAD[type] === undefined));
    expect(wrong).toEqual([]);
  });

  it('no reason is left of a type that no stack has', () => {
    expect(Object.keys(UNREAD).filter((type) => !types.includes(type))).toEqual([]);
  });

  it('a type of which nobody has spoken is undecided, not fine', () => {
    const [name = '', json] = [...stacks].find(([one]) => one === 'aws-prod-plane') ?? [];
    const resource = { ...json?.resource, aws_dynamodb_table: { more: { name: 'x' } } };
    const graph = buildGraph(name, { ...json, resource });
    const { unknown } = coverage(graph, EXPECT.aws);
    expect(unknown).toEqual([
      expect.objectContaining({ resource: 'aws_dynamodb_table.more', verdict: 'unreadable', property: 'exists' }),
    ]);
    expect(unknown[0]?.reason).toContain('aws_dynamodb_table');
  });

  it('no stack has a type of which nobody has spoken', () => {
    const unknown = [...stacks].flatMap(
      ([name, json]) => coverage(buildGraph(name, { ...json }), EXPECT[cloudOf(name)]).unknown,
    );
    expect(unknown).toEqual([]);
  });

  it('its page says the same', () => {
    const page = pageOf();
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(PAGE, page);
    expect(page).toBe(readFileSync(PAGE, 'utf8'));
  });
});

function pageOf(): string {
  const clouds = { aws_: 'AWS', google_: 'Google Cloud', azurerm_: 'Azure' } as const;
  const sections = Object.entries(clouds).map(([prefix, title]) => {
    const rows = types
      .filter((type) => type.startsWith(prefix))
      .map((type) => `| \`${type}\` | ${read.get(type)?.join(', ')} | ${UNREAD[type] ?? ''} |`);
    return `## ${title}\n\n| type | read in | why not |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# What \`memoryctl infra verify\` reads

Every type of resource in the stacks, with the kinds of rows that it decides, or the reason why nothing of it is compared. A type that is in neither column makes \`infra verify\` end with 3, and fails \`test/operator/cli/infra-coverage.test.ts\`, which writes this page with \`UPDATE_GOLDEN=1\`.

${sections.join('\n')}`;
}
