import {
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
} from '@aws-sdk/client-iam';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { nameIn } from './policy.js';
import { type AwsOptions, ask, clientConfig } from './request.js';
import { type Service, serviceOf } from './service.js';
import { readPolicy, statementFacts } from './statements.js';

export const openRoles = (options: AwsOptions): Readonly<Record<string, Service>> => ({
  role: serviceOf((region) => new IAMClient(clientConfig(region, options)), readRole),
  issuer: serviceOf((region) => new IAMClient(clientConfig(region, options)), readIssuer),
});

const ABSENT = ['NoSuchEntity', 'NoSuchEntityException'];

async function readRole(client: IAMClient, { name }: Target, keys: Keys): Promise<Facts | undefined> {
  const role = (await ask(client.send(new GetRoleCommand({ RoleName: name })), ABSENT))?.Role;
  if (role === undefined) return undefined;
  const [inline = [], attached = []] = await Promise.all([
    ask(inlineNames(client, name), ABSENT),
    ask(attachedNames(client, name), ABSENT),
  ]);
  const statements = await Promise.all(
    inline.map(async (policy) => {
      const command = new GetRolePolicyCommand({ RoleName: name, PolicyName: policy });
      const document = (await ask(client.send(command), ABSENT))?.PolicyDocument;
      return statementFacts(await readPolicy(decoded(document), keys), `${policy}: statement`);
    }),
  );
  const trust = await readPolicy(decoded(role.AssumeRolePolicyDocument), keys);
  const facts: Facts = {
    ...statementFacts(trust, 'who becomes it: statement'),
    policies: listed(inline),
    'policies of AWS': listed(attached.map((arn) => nameIn(arn)?.replace(/^policy\//, ''))),
    'at most': nameIn(role.PermissionsBoundary?.PermissionsBoundaryArn),
    'session seconds': role.MaxSessionDuration,
  };
  return Object.assign({}, facts, ...statements);
}

/** IAM gives policies back as they stand in a URL. */
const decoded = (document: string | undefined): string | undefined =>
  document === undefined ? undefined : decodeURIComponent(document);

async function inlineNames(client: IAMClient, RoleName: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { PolicyNames = [] } of paginateListRolePolicies({ client }, { RoleName })) {
    found.push(...PolicyNames);
  }
  return found;
}

async function attachedNames(client: IAMClient, RoleName: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies({ client }, { RoleName })) {
    found.push(...AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn));
  }
  return found;
}

/** `<account> <host>`; `*` is the issuer of a cluster in this account, of which any will do that is one. */
async function readIssuer(client: IAMClient, { name }: Target): Promise<Facts | undefined> {
  const [, host = ''] = name.split(' ');
  const known = await ask(client.send(new ListOpenIDConnectProvidersCommand({})), []);
  const arn = (known?.OpenIDConnectProviderList ?? [])
    .map(({ Arn = '' }) => Arn)
    .find((one) => (host === '*' ? /:oidc-provider\/oidc\.eks\./.test(one) : one.endsWith(`:oidc-provider/${host}`)));
  if (arn === undefined) return undefined;
  const command = new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn });
  const issuer = await ask(client.send(command), ABSENT);
  return issuer === undefined ? undefined : { clients: listed(issuer.ClientIDList) };
}
