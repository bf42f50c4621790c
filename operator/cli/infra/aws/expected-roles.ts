import { type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Facts, Target } from '../target.js';
import { target } from './expected-target.js';
import { nameIn } from './policy.js';
import { settledPolicy, statementFacts } from './statements.js';

/** Who may do what: each role, who may become it, and every statement of what it may then do. */
export function expectOfRoles(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('aws_iam_role').map((role) => roleTarget(graph, role)),
    ...graph.of('aws_iam_openid_connect_provider').flatMap((issuer) => issuerTarget(graph, issuer)),
  ];
}

function roleTarget(graph: StackGraph, role: GraphResource): Target {
  const mine = (type: string) =>
    graph.of(type).filter(({ attributes }) => graph.referred(attributes.role)?.address === role.address);
  const inline = mine('aws_iam_role_policy').map(({ attributes }) => attributes);
  const attached = mine('aws_iam_role_policy_attachment').map(({ attributes }) => String(attributes.policy_arn));
  const facts: Facts = {
    ...statementFacts(settledPolicy(graph, role.attributes.assume_role_policy), 'who becomes it: statement'),
    policies: listed(inline.map(({ name }) => String(name))),
    'policies of AWS': listed(attached.map((arn) => nameIn(arn)?.replace(/^policy\//, ''))),
    'at most': nameIn(role.attributes.permissions_boundary as string | undefined),
    'session seconds': (role.attributes.max_session_duration as number | undefined) ?? 3600,
  };
  const statements = inline.map(({ name, policy }) =>
    statementFacts(settledPolicy(graph, policy), `${name}: statement`),
  );
  return target(graph, role, 'role', role.attributes.name, Object.assign({}, facts, ...statements));
}

/** That of a cluster is named by AWS; its cluster is read, and the roles that trust it name it. */
function issuerTarget(graph: StackGraph, issuer: GraphResource): readonly Target[] {
  const { url, client_id_list: clients } = issuer.attributes;
  const account = (graph.provider.allowed_account_ids as readonly string[] | undefined)?.[0];
  const host = String(url).startsWith('$') ? '*' : String(url).replace(/^https:\/\//, '');
  const name = `${account} ${host}`;
  return [target(graph, issuer, 'issuer', name, { clients: listed((clients ?? []) as readonly string[]) })];
}
