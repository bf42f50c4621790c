import type { Environment } from '../spec/environment.js';
import { policiesOf, type Statement, stringsOf } from './iam/aws-document.js';
import { type Answer, awsAnswers } from './iam/aws-truth.js';
import { azureRolesIn, roleOf, subscriptionFrom } from './iam/azure-evaluator.js';
import { azureAnswers } from './iam/azure-truth.js';
import { projectFrom, rolesIn } from './iam/gcp-evaluator.js';
import { isKnownRole } from './iam/gcp-roles.js';
import { gcpAnswers } from './iam/gcp-truth.js';
import { UnknownTermError, wanted } from './iam/truth.js';
import { type Evidence, evidence, type ProvenStack, type Rule, type World } from './rule.js';
import { allResources, at, type Resource, referred } from './terraform-json.js';

/** U05, U07, B4: who can read, delete, shorten, disable, end a key. Every row is asked of the rendered policies. */
const truth: Rule = {
  id: 'IAM-TRUTH',
  title: 'Who may read, delete, shorten or end what: every row of the truth table comes out as promised',
  topic: 'access',
  scanners: ['CKV_AWS_70', 'CKV_AWS_93'],
  remedy: 'restore the statement that decided, or the one that no longer does',
  prove: (world) => {
    try {
      const holders = holdersIn(world);
      return answersOf(world).map((answer) => told(holders, answer));
    } catch (error) {
      if (!(error instanceof UnknownTermError)) throw error;
      const unknown = {
        attribute: 'policies',
        value: error.message,
        wanted: 'what the evaluators of stacks/proofs/iam know',
      };
      return world.stacks.slice(-1).map((stack) => evidence(stack, { address: 'stack' }, false, unknown));
    }
  },
};

export function answersOf(world: World): readonly Answer[] {
  const { place }: Environment = world.environment;
  switch (place.cloud) {
    case 'aws':
      return awsAnswers(world, place);
    case 'gcp':
      return gcpAnswers(world, place);
    case 'azure':
      return azureAnswers(world, place);
  }
}

function told(holders: Holders, { question, decision }: Answer): Evidence {
  const { who, action, how, on, want } = question;
  const allowed = want === 'allow';
  return evidence(holders.get(on) ?? holders.last, { address: on }, decision.allowed === allowed, {
    attribute: `${who}: ${action} ${how}`,
    value: `${wanted(decision.allowed ? 'allow' : 'deny')} by ${decision.by}`,
    wanted: wanted(want),
  });
}

/** Address → the stack that holds it; what no stack holds is told of the last. */
interface Holders {
  readonly get: (address: string) => ProvenStack | undefined;
  readonly last: ProvenStack;
}

function holdersIn({ stacks }: World): Holders {
  const last = stacks.at(-1);
  if (last === undefined) throw new TypeError('an environment without a stack');
  const held = new Map(
    stacks.flatMap((stack) => allResources(stack.json).map(({ address }) => [address, stack] as const)),
  );
  return { get: (address) => held.get(address), last };
}

/** What scanners look for: an Allow of everything. Denies of everything are welcome. */
const broad: Rule = {
  id: 'IAM-BROAD',
  title: 'No policy allows every action of a service, or anything to anybody',
  topic: 'access',
  scanners: ['CKV_AWS_62', 'CKV_AWS_63', 'CKV_AWS_288', 'CKV_AWS_289', 'CKV_AWS_355', 'CKV2_AWS_40'],
  remedy: 'name the actions and the resources',
  prove: (world) =>
    world.stacks.flatMap((stack) =>
      policiesOf(stack.json).map(({ resource, attribute, statements }) => {
        if (isTerraforms(stack, resource, world)) {
          return evidence(stack, resource, true, {
            attribute,
            value: `exempt: ${TERRAFORM}`,
            wanted: 'named actions and callers',
          });
        }
        const allows = statements.filter(({ Effect }) => Effect === 'Allow');
        // An endpoint's policy grants nothing; it bounds what passes, so a bound is enough.
        const bounds = resource.type === 'aws_vpc_endpoint';
        const open = allows.filter((one) => (bounds ? isUnbounded(one) : isBroad(one)));
        const named =
          open.map(({ Sid }) => Sid ?? 'a statement without a name').join(', ') || `${allows.length} Allows`;
        return evidence(stack, resource, open.length === 0, {
          attribute,
          value: named,
          wanted: 'named actions and callers',
        });
      }),
    ),
};

function isBroad({ Action, NotAction, Principal }: Statement): boolean {
  const callers =
    Principal === undefined || Principal === '*' ? [Principal] : Object.values(Principal).flatMap(stringsOf);
  return (
    NotAction !== undefined ||
    stringsOf(Action).some((one) => one === '*' || one.endsWith(':*')) ||
    callers.includes('*')
  );
}

const isUnbounded = ({ Condition, Resource }: Statement): boolean =>
  Condition === undefined && stringsOf(Resource).includes('*');

const TERRAFORM =
  'Terraform makes and changes whole services; one exact subject of CI may become this role, and its use is alarmed';

/** Policies of the role that applies these stacks. */
function isTerraforms(stack: ProvenStack, policy: Resource, { environment: { place } }: World): boolean {
  if (place.cloud !== 'aws') return false;
  const role = referred(stack.json, at(policy.attributes, 'role'));
  return role !== undefined && place.deployRoleArn.endsWith(`/${String(at(role.attributes, 'name'))}`);
}

/** A role that the evaluators do not know grants nothing in the table, so the table would be true of less than it says. */
const known: Rule = {
  id: 'IAM-ROLE',
  title: 'Every role that is granted is one of which somebody has looked up what it permits',
  topic: 'access',
  scanners: ['CKV_GCP_41', 'CKV_GCP_49', 'CKV_GCP_117'],
  remedy: 'look up the permissions of the role and add it to stacks/proofs/iam/gcp-roles.ts or azure-roles.ts',
  prove: (world) => world.stacks.flatMap((stack) => rolesOf(world, stack)),
};

function rolesOf(world: World, stack: ProvenStack): readonly Evidence[] {
  const { place } = world.environment;
  const told = (one: Resource, role: string, holds: boolean): Evidence =>
    evidence(stack, one, holds, { attribute: 'role', value: role, wanted: 'a role whose permissions are known' });
  switch (place.cloud) {
    case 'aws':
      return [];
    case 'gcp': {
      const { roles } = projectFrom(world);
      return rolesIn(stack.json).map(([one, role]) => told(one, role, isKnownRole(role, roles)));
    }
    case 'azure': {
      const subscription = subscriptionFrom(world, place);
      const isKnown = (role: string): boolean => roleOf(subscription, role) !== undefined;
      return azureRolesIn(stack.json).map(([one, role]) => told(one, role, isKnown(role)));
    }
  }
}

export const permissionRules: readonly Rule[] = [truth, broad, known];
