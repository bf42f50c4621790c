import { arnOf, readPolicy, settledPolicy, statementFacts } from '../../../operator/cli/infra/aws/statements.js';
import { buildGraph } from '../../../operator/cli/infra/graph.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';

const policy = (...Statement: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });
const reads = { Sid: 'Reads', Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: ['b', 'a'] };

describe('two policies that mean the same are the same facts', () => {
  it.each([
    ['one value in place of a list of one', { ...reads, Action: 's3:GetObject' }],
    ['another order of a list', { ...reads, Resource: ['a', 'b'] }],
    ['another order of fields', Object.fromEntries(Object.entries(reads).reverse())],
    ['everybody as a principal of AWS', { ...reads, Principal: { AWS: '*' } }],
    ['everybody as a list', { ...reads, Principal: { AWS: ['*'] } }],
  ])('%s', (_, other) => {
    expect(statementFacts(policy(other))).toEqual(statementFacts(policy(reads)));
  });
});

describe('two policies that differ are different facts', () => {
  it.each([
    ['an action', policy({ ...reads, Action: 's3:*' }), 'statement Reads'],
    ['a condition gone', policy({ ...reads, Condition: { Bool: { x: 'true' } } }), 'statement Reads'],
    ['a statement more', policy(reads, { Effect: 'Allow', Action: '*' }), 'statements'],
    ['no statement', policy(), 'statements'],
    ['no policy', undefined, 'statements'],
    ['no JSON', '{', 'statements'],
  ])('%s', (_, other, property) => {
    expect(statementFacts(other)[property]).not.toEqual(statementFacts(policy(reads))[property]);
  });
});

describe('names on both sides', () => {
  const stack = reviewedStacks().get('aws-prod-plane');
  const graph = buildGraph('aws-prod-plane', { ...stack });

  it('a key of the stack and its ARN of an account are one', async () => {
    const [key] = graph.of('aws_kms_key');
    const said = arnOf(graph, `\${${key?.address}.arn}`);
    const keys = { nameOf: async () => said };
    const live = await readPolicy('{"Resource":"arn:aws:kms:eu-central-1:1:key/mrk-0a"}', keys);
    expect(live).toBe(`{"Resource":"${said}"}`);
    expect(said).toMatch(/^alias\/memplane-prod-/);
  });

  it('what IAM fills in itself stays, and a partition is no difference', () => {
    const tag = `\${aws:PrincipalTag/kubernetes-namespace}`;
    expect(settledPolicy(graph, `"arn:aws-us-gov:s3:::b/$${tag}"`)).toBe(`"arn:s3:::b/${tag}"`);
  });

  it('no reference of any policy of the stacks stays unknown', () => {
    const left = [...reviewedStacks()]
      .filter(([name]) => name.startsWith('aws-'))
      .flatMap(([name, json]) => {
        const own = buildGraph(name, { ...json });
        return ['aws_iam_role', 'aws_iam_role_policy', 'aws_kms_key', 'aws_s3_bucket_policy', 'aws_sqs_queue_policy']
          .flatMap((type) => own.of(type))
          .flatMap(({ attributes }) => [attributes.policy, attributes.assume_role_policy])
          .flatMap((one) => settledPolicy(own, one)?.match(/\$\{(?!aws:)[^}]*\}/g) ?? []);
      });
    expect(left).toEqual([]);
  });
});
