import { withDefaults } from '../../stacks/spec/defaults.js';
import type { EnvironmentInput } from '../../stacks/spec/environment.js';
import { prod } from '../../stacks/spec/prod.js';
import { validate } from '../../stacks/spec/validate.js';
import { plainId, type StackJson, stackOf, synth } from '../support/stacks.js';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const certificateArn = 'arn:aws:acm:eu-central-1:444455556666:certificate/0a1b2c3d-0000-4000-8000-000000000001';
const [input] = prod;
if (input === undefined) throw new Error('no environment');
const ecs: NonNullable<EnvironmentInput['ecs']> = { tenants: ['acme', 'globex'], certificateArn, imageDigest: DIGEST };
const given = withDefaults({ ...input, ecs });

describe('a plane with tenants on Fargate', () => {
  const synthesised = synth([given]);
  const plane = (): StackJson => stackOf(synthesised, 'aws-prod-plane');
  const byId = (type: string) =>
    new Map(Object.entries(plane().resource[type] ?? {}).map(([id, attributes]) => [plainId(id), attributes]));

  it('is proved like every other', () => {
    expect(synthesised.errors.filter((one) => one.startsWith('error'))).toEqual([]);
    expect(synthesised.code).toBe(0);
  });

  it('has 2 processors and 4 GB a task, by digest, read-only, with secrets that are nowhere in it', () => {
    const task = byId('aws_ecs_task_definition').get('ecs_task_acme');
    expect(task).toMatchObject({ cpu: '2048', memory: '4096', requires_compatibilities: ['FARGATE'] });
    const [container] = JSON.parse(String(task?.container_definitions)) as [Record<string, unknown>];
    expect(container).toMatchObject({ readonlyRootFilesystem: true, user: '65532' });
    expect(container.image).toMatch(new RegExp(`/memplane@${DIGEST}$`));
    expect(container.secrets).toEqual([
      {
        name: 'DATABASE_URL',
        valueFrom: 'arn:aws:secretsmanager:eu-central-1:444455556666:secret:memplane/prod/ecs/acme/url',
      },
    ]);
    expect(container.logConfiguration).toMatchObject({ logDriver: 'awslogs' });
    expect(byId('aws_ecs_cluster').get('ecs_cluster')).toMatchObject({
      setting: [{ name: 'containerInsights', value: 'enhanced' }],
    });
  });

  it('writes the namespace of each tenant into its role, where no session tag could stand', () => {
    for (const tenant of ecs.tenants) {
      const policy = String(byId('aws_iam_role_policy').get(`ecs_role_${tenant}_keys_and_objects`)?.policy);
      expect(policy).toContain(`"kms:EncryptionContext:namespace":"mem-${tenant}"`);
      expect(policy).not.toContain('aws:PrincipalTag');
      for (const other of ecs.tenants.filter((one) => one !== tenant)) expect(policy).not.toContain(other);
    }
  });

  it('lets the tenants’ key and keyrings in the vault know these roles, and no pattern of them', () => {
    const vault = JSON.stringify(stackOf(synthesised, 'aws-prod-vault').resource);
    for (const tenant of ecs.tenants) expect(vault).toContain(`role/memplane/prod/memplane-prod-ecs-${tenant}`);
    expect(vault).not.toContain('memplane-prod-ecs-*');
  });

  it('answers inside of the network by TLS, on its own names only', () => {
    const [balancer] = byId('aws_lb').values();
    expect(balancer).toMatchObject({
      internal: true,
      enable_deletion_protection: true,
      access_logs: { bucket: 'memplane-prod-access-logs-444455556666', enabled: true },
    });
    expect(byId('aws_lb_listener').get('ecs_listener')).toMatchObject({
      ssl_policy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      port: 443,
    });
    expect(JSON.stringify(byId('aws_lb_listener_rule').get('ecs_rule_acme'))).toContain('acme.memory.aws.example.com');
  });
});

describe('what is wrong of it', () => {
  it.each([
    { wrong: { tenants: [] }, path: 'ecs.tenants' },
    { wrong: { tenants: ['Acme Inc'] }, path: 'ecs.tenants[0]' },
    { wrong: { imageDigest: 'latest' }, path: 'ecs.imageDigest' },
    { wrong: { memory: 1024 }, path: 'ecs.memory' },
    { wrong: { certificateArn: certificateArn.replace('eu-central-1', 'us-east-1') }, path: 'ecs.certificateArn' },
    { wrong: { desiredCount: 0 }, path: 'ecs.desiredCount' },
  ])('is said of $wrong', ({ wrong, path }) => {
    const found = validate([withDefaults({ ...input, ecs: { ...ecs, ...wrong } })]);
    expect(found.map((problem) => problem.path)).toEqual([`aws-prod.${path}`]);
  });

  it('is that it is not on AWS', () => {
    const google = prod.find(({ place }) => place.cloud === 'gcp') ?? input;
    expect(validate([withDefaults({ ...google, ecs })]).map(({ path }) => path)).toEqual(['gcp-prod.ecs']);
  });
});
