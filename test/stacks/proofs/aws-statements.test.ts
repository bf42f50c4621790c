import { policiesOf, type Statement } from '../../../stacks/proofs/iam/aws-document.js';
import { awsQuestions } from '../../../stacks/proofs/iam/aws-truth.js';
import { type World, worldOf } from '../../../stacks/proofs/index.js';
import { answersOf } from '../../../stacks/proofs/permissions.js';
import { whole } from '../../../stacks/proofs/terraform-json.js';
import type { AwsPlace, Environment } from '../../../stacks/spec/environment.js';
import { synth } from '../../support/stacks.js';
import { withAttribute, worldFor } from '../../support/worlds.js';

const world = worldFor('aws-prod');

const placeOf = ({ environment: { place } }: World): AwsPlace => {
  if (place.cloud !== 'aws') throw new Error('another cloud');
  return place;
};

/** The same where somebody else makes tenants' roles. */
function worldByHand(): World {
  const environment: Environment = { ...world.environment, identity: { ...world.environment.identity, aws: 'Irsa' } };
  const { stacks } = synth([environment]);
  const layers = ['bootstrap', 'vault', 'plane'] as const;
  return worldOf(
    environment,
    layers.map((layer) => {
      const name = `aws-prod-${layer}`;
      return { layer, name, json: whole(stacks.get(name) ?? {}) };
    }),
  );
}

const notices = (given: World): boolean =>
  awsQuestions(given, placeOf(given)).some((ask) => {
    const { question, decision } = ask();
    return decision.allowed !== (question.want === 'allow');
  });

const failing = (given: World): readonly string[] =>
  answersOf(given)
    .filter(({ question, decision }) => decision.allowed !== (question.want === 'allow'))
    .map(({ question: { who, action, how, on } }) => `${who}: ${action} ${how} (${on})`);

interface Mutant {
  readonly name: string;
  readonly world: World;
}

/** Statements of which the table speaks: those of keys, buckets, secrets and the roles that pods become. */
const SPOKEN =
  /^aws_(kms_key|kms_replica_key|s3_bucket_policy|secretsmanager_secret_policy)\.|^aws_iam_role(_policy)?\.identity_/;

/** Of keys and buckets that tenants' roles reach, whoever makes these. */
const REACHED = /^aws_(kms_key|kms_replica_key)\.tenants_|^aws_s3_bucket_policy\.(keys|audit)/;

function withoutEach(world: World, spoken: RegExp): readonly Mutant[] {
  return world.stacks.flatMap((stack) =>
    policiesOf(stack.json)
      .filter(({ resource }) => spoken.test(resource.address))
      .flatMap(({ resource, attribute, text }) => {
        const document = JSON.parse(text) as { readonly Version: string; readonly Statement: readonly Statement[] };
        return document.Statement.map((statement, index) => {
          const rest = { ...document, Statement: document.Statement.filter((_, at) => at !== index) };
          return {
            name: `${resource.address} without ${statement.Sid ?? index}`,
            world: withAttribute(world, stack.name, [resource.type, resource.id], [attribute], JSON.stringify(rest)),
          };
        });
      }),
  );
}

describe('every statement of a rendered policy', () => {
  it('the table comes out as promised', () => {
    expect(failing(world)).toEqual([]);
    expect(answersOf(world).length).toBeGreaterThan(57);
  });

  it('is missed when it is gone', () => {
    const mutants = withoutEach(world, SPOKEN);
    const survivors = mutants.filter((mutant) => !notices(mutant.world)).map(({ name }) => name);
    console.info(`statements that the table misses: ${mutants.length - survivors.length} of ${mutants.length}`);
    expect(survivors).toEqual([]);
  });

  it('is missed on keys and buckets as well where the platform makes tenants their roles (IRSA)', () => {
    const byHand = worldByHand();
    expect(failing(byHand)).toEqual([]);
    const mutants = withoutEach(byHand, REACHED);
    expect(mutants.length).toBeGreaterThan(30);
    expect(mutants.filter((mutant) => !notices(mutant.world)).map(({ name }) => name)).toEqual([]);
  });
});
