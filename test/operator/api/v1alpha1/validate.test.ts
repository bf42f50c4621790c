import { KINDS } from '../../../../operator/api/v1alpha1/schema/index.js';
import { memoryTenant } from '../../../../operator/api/v1alpha1/schema/memory-tenant.js';
import { type Node, rulesOf } from '../../../../operator/api/v1alpha1/schema/node.js';
import { rootNode } from '../../../../operator/api/v1alpha1/schema/root.js';
import {
  describeFieldError,
  type FieldError,
  validateKind,
  validateTenant,
} from '../../../../operator/api/v1alpha1/validate.js';
import { tenant } from '../cases/case.js';
import { type Attempt, ruleCases } from '../rules.cases.js';

const judge = ({ before, status, manifest }: Attempt): readonly FieldError[] => {
  const kind = KINDS.find((candidate) => candidate.kind === manifest.kind);
  if (kind === undefined) throw new Error(`${manifest.kind} is none of our kinds`);
  const carried = status === undefined ? {} : { status };
  return validateKind(kind, { ...manifest, ...carried }, before === undefined ? undefined : { ...before, ...carried });
};

describe('our own validation agrees with the API servers', () => {
  it.each(ruleCases)('$rule', ({ accepted, refused }) => {
    expect(judge(accepted)).toEqual([]);
    const errors = judge(refused);
    expect(errors.map(({ path }) => path)).toContain(refused.field);
    for (const { message, remedy } of errors) expect([message, remedy]).not.toContain('');
  });
});

describe('no rule stands untried', () => {
  /** Every rule with the path that it is kept at: the same rule at two places must be tried at both. */
  const rules = (node: Node, path: string): readonly string[] => [
    ...rulesOf(node).map(({ message, fieldPath = '' }) => `${path}${fieldPath}: ${message}`.replace(/^\./, '')),
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
      rules(child, path === '' ? name : `${path}.${name}`),
    ),
    ...(node.items === undefined ? [] : rules(node.items, `${path}[]`)),
  ];

  it.each(KINDS.map((kind) => ({ kind, name: kind.kind })))('of $name', ({ kind }) => {
    const broken = ruleCases
      .filter(({ refused }) => refused.manifest.kind === kind.kind)
      .flatMap(({ refused }) => judge(refused))
      .map(({ path, message }) => `${path.replace(/\[\d+\]/g, '[]')}: ${message}`);
    expect(rules(rootNode(kind), '').filter((rule) => !broken.includes(rule))).toEqual([]);
  });
});

describe('an error says where, what and what to do', () => {
  const errorsOf = (spec: Readonly<Record<string, unknown>>): readonly string[] =>
    validateTenant(tenant(spec)).map(describeFieldError);

  it('all of them at once: shape, bounds, duplicates and rules', () => {
    const errors = errorsOf({
      acess: {},
      paused: 'yes',
      erasureGraceDays: 1000,
      access: { hostnames: ['a.example.com', 'a.example.com'], corsOrigins: ['*'] },
      quotas: { memories: 1, memoriesPerUser: 2 },
    });
    expect(errors).toEqual([
      'spec.acess: is not a field that exists (got {}); write access',
      'spec.paused: is not of type boolean (got "yes"); write true or false',
      'spec.erasureGraceDays: is out of range (maximum 365) (got 1000); give a whole number from 0 to 365',
      'spec.access.hostnames[1]: stands in the list twice (got "a.example.com"); remove one of them',
      'spec.access.corsOrigins[0]: corsOrigins holds a value that is not one origin ("*" and paths are refused) (got "*"); list each origin as https://host or https://host:port',
      'spec.quotas.memoriesPerUser: quotas.memoriesPerUser is greater than quotas.memories (got 2); raise quotas.memories or lower quotas.memoriesPerUser',
    ]);
  });

  it('a slip of the finger is told the field that was meant; another name is told what there is', () => {
    expect(errorsOf({ tiers: 'Pooled' })).toEqual([
      'spec.tiers: is not a field that exists (got "Pooled"); write tier',
    ]);
    expect(errorsOf({ observability: { tracing: true } })).toEqual([
      'spec.observability.tracing: is not a field that exists (got true); remove it; there are logLevel, metrics',
    ]);
  });

  it('a rule on what has the wrong shape is left to the error about the shape', () => {
    expect(errorsOf({ services: { sync: true } })).toEqual([
      'spec.services.sync: is not of type object (got true); write an object with enabled, interval, promotionThresholdPercent, summaryOnly, resources',
    ]);
  });

  it('what is no tenant at all is told so', () => {
    expect(validateTenant('acme').map(describeFieldError)).toEqual([
      ': is not a MemoryTenant (got "acme"); write an object of kind MemoryTenant',
    ]);
    expect(validateTenant({ apiVersion: 'v1', kind: 'Pod' }).map(({ path }) => path)).toEqual([
      'metadata',
      'apiVersion',
      'kind',
    ]);
  });

  it('a long value is shortened where it is shown', () => {
    const [error] = errorsOf({ displayName: 'x'.repeat(500) });
    expect(error).toMatch(/is longer than 128 characters \(got "x{79}…\); shorten it to 128/);
  });
});

it('validating changes nothing', () => {
  const object = tenant({ access: { corsOrigins: ['https://a.example'] } });
  const before = structuredClone(object);
  validateKind(memoryTenant, object);
  expect(object).toEqual(before);
});
