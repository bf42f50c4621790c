import {
  buildPreview,
  type CostFile,
  costOf,
  type PlanJson,
  policyOf,
  renderPreview,
} from '../../../stacks/preview/index.js';
import { whole } from '../../../stacks/proofs/terraform-json.js';
import { expectGolden } from '../../support/golden.js';

const STACK = 'aws-prod-vault';

type Changes = NonNullable<PlanJson['resource_changes']>;

const change = (
  address: string,
  actions: readonly string[],
  before: Changes[number]['change']['before'],
  after: Changes[number]['change']['after'],
  rest: Partial<Changes[number]['change']> = {},
): Changes[number] => {
  const [type = '', name = ''] = address.split('.');
  return { address, mode: 'managed', type, name, change: { actions, before, after, ...rest } };
};

const lockOf = (mode: string, days: number) => ({ rule: [{ default_retention: [{ mode, days }] }] });

/** One of everything that Terraform can do. */
const plan: PlanJson = {
  resource_changes: [
    { ...change('aws_iam_policy_document.x', ['read'], null, {}), mode: 'data' },
    change('aws_s3_bucket.keys', ['no-op'], { bucket: 'k' }, { bucket: 'k' }),
    change('aws_s3_bucket.audit_0A1B2C3D', ['create'], null, { bucket: 'a' }),
    ...['one', 'two', 'three'].map((name) => change(`aws_kms_alias.${name}`, ['create'], null, { name })),
    change('aws_db_instance.pg', ['update'], { a: 1, b: 1, c: 'x' }, { a: 2, b: 1 }, { after_unknown: { c: true } }),
    change('aws_sqs_queue.writes', ['delete'], { name: 'w' }, null),
    change('aws_kms_key.data', ['delete', 'create'], { r: 1 }, { r: 2 }, { replace_paths: [['r'], ['p', 0, 'q']] }),
    change('aws_sns_topic.alarms', ['forget'], { name: 't' }, null),
    {
      ...change('aws_s3_bucket.artifacts', ['no-op'], { bucket: 'x' }, { bucket: 'x' }),
      previous_address: 'aws_s3_bucket.things',
    },
    change(
      'aws_s3_bucket_object_lock_configuration.lock',
      ['update'],
      lockOf('GOVERNANCE', 30),
      lockOf('COMPLIANCE', 30),
    ),
    change(
      'aws_s3_bucket_object_lock_configuration.same',
      ['update'],
      lockOf('COMPLIANCE', 30),
      lockOf('COMPLIANCE', 30),
    ),
    change(
      'google_storage_bucket.b',
      ['update'],
      { retention_policy: [{ is_locked: false, retention_period: '86400' }] },
      {
        retention_policy: [{ is_locked: true, retention_period: '864000' }],
      },
    ),
    change(
      'azurerm_storage_account.a',
      ['update'],
      { immutability_policy: [{ state: 'Unlocked' }] },
      {
        immutability_policy: [{ state: 'Locked', period_since_creation_in_days: 365 }],
      },
    ),
  ],
};

const result = (level: string, ruleId: string, stack = STACK, suppressions?: readonly { justification: string }[]) => ({
  ruleId,
  level,
  message: { text: 'multi_az is false, and must be true' },
  locations: [{ logicalLocations: [{ fullyQualifiedName: `${stack}/aws_db_instance.pg` }] }],
  ...(suppressions === undefined ? {} : { suppressions }),
});

const sarif = {
  runs: [
    {
      results: [
        result('none', 'PG-KEY'),
        result('none', 'PG-HA', 'aws-prod-vaulted'),
        result('warning', 'WORM-LOCK'),
        result('error', 'PG-HA', STACK, [{ justification: 'load test (you@example.com, until 2026-12-31)' }]),
      ],
    },
  ],
};

const line = (item: string, monthly: number, stack = STACK) => ({ stack, item, monthly, monthlyAtMost: monthly * 2 });
const costs = (...lines: readonly ReturnType<typeof line>[]): CostFile => ({
  costs: [{ environment: 'aws-prod', currency: 'EUR', lines }],
});
const before = costs(line('key', 4), line('disk', 10), line('queue', 7));
const now = costs(line('key', 5), line('key', 6), line('disk', 10), line('key', 99, 'aws-prod-plane'));

const json = whole({
  output: {
    memplane_vault: {
      value: { irreversible: [{ address: 'aws_s3_bucket.audit_0A1B2C3D', what: 'every object stays' }] },
    },
  },
});
const stateful = new Set(['aws_s3_bucket', 'aws_db_instance', 'aws_sqs_queue', 'aws_kms_key']);
const given = {
  stack: STACK,
  json,
  plan,
  errors: [],
  policy: policyOf(sarif, STACK),
  cost: costOf(now, before, STACK),
  stateful,
};
const preview = buildPreview(given);

it('a preview says what cannot be taken back, what changes, what the proofs found and what it costs', () => {
  expectGolden('plans/everything.txt', `${renderPreview(preview).join('\n')}\n`);
  expectGolden('plans/everything-json.txt', `${JSON.stringify(preview, null, 2)}\n`);
});

it('counts what Terraform counts, and no data source', () => {
  expect(preview.counts).toEqual({ add: 4, change: 5, replace: 1, destroy: 1, move: 1, forget: 1 });
});

it('a lock that was closed already, and a promise that was made already, are no step', () => {
  const addresses = preview.irreversible.map(({ address }) => address);
  expect(addresses).not.toContain('aws_s3_bucket_object_lock_configuration.same');
  const again = buildPreview({ ...given, plan: { resource_changes: [] } });
  expect(again.irreversible).toEqual([]);
  expect(renderPreview(again)[0]).toBe(`${STACK}: no changes`);
});

it('a plan that Terraform refuses is shown all the same, and says so', () => {
  const refused = buildPreview({
    ...given,
    plan: { ...plan, errored: true },
    errors: ['Instance cannot be destroyed'],
  });
  expect(refused.changes).toEqual(preview.changes);
  expect(renderPreview(refused).slice(1, 3)).toEqual(['  terraform refuses:', '    Instance cannot be destroyed']);
  expect(buildPreview({ ...given, plan: { errored: true } }).refused).toHaveLength(1);
});

it.each([
  ['new', { costs: [] }, '  cost: 11 EUR a month, at most 22 (new)'],
  ['unknown', null, '  cost: 11 EUR a month, at most 22 (what it cost before is not known)'],
  ['cheaper', costs(line('key', 111)), '  cost: 11 EUR a month, at most 22 (-100 to before)'],
])('what it cost before is %s', (_, earlier, said) => {
  const only = costs(line('key', 11));
  const lines = renderPreview(buildPreview({ ...given, cost: costOf(only, earlier, STACK) }));
  expect(lines).toContain(said);
});
