import { bucketName } from '../spec/names.js';
import { policiesOf, type Statement, stringsOf } from './iam/aws-document.js';
import { type Evidence, evidence, type ProvenStack, type Rule } from './rule.js';
import { allResources, at, listOf, resourcesOf, shown } from './terraform-json.js';

/** A token is let in by what its subject is, letter by letter: a pattern lets in who comes next. */
const exact = (subject: unknown): boolean => typeof subject === 'string' && subject !== '' && !/[*?]/.test(subject);

/** U07: nobody becomes a workload's identity but that workload. */
const subjects: Rule = {
  id: 'IAM-SUBJECT',
  title: 'Whoever comes with a token is let in as one exact subject, for one audience',
  topic: 'access',
  scanners: [],
  remedy: 'name the namespace and the service account, or the pipeline, without a pattern',
  prove: ({ stacks }) => stacks.flatMap((stack) => [...azure(stack), ...google(stack), ...aws(stack)]),
};

const WANTED = 'one exact subject and audience';

const azure = (stack: ProvenStack): readonly Evidence[] =>
  resourcesOf(stack.json, 'azurerm_federated_identity_credential').map((one) => {
    const [subject, audience] = [at(one.attributes, 'subject'), listOf(at(one.attributes, 'audience'))];
    const holds = exact(subject) && shown(audience) === '["api://AzureADTokenExchange"]';
    return evidence(stack, one, holds, {
      attribute: 'subject',
      value: `${shown(subject)} for ${shown(audience)}`,
      wanted: WANTED,
    });
  });

const PRINCIPAL = /^principal(Set)?:\/\//;

/** What all tenants of a cluster share, keyed by prefix or by what they may not read: its cache and its queue. */
const SHARED = ['roles/memorystore.dbConnectionUser', 'roles/pubsub.publisher', 'roles/pubsub.subscriber'];
/** The pods of the cluster of this stack, and of no other. */
const PODS =
  /\/kubernetes\.cluster\/https:\/\/container\.googleapis\.com\/v1\/[^*]+\/clusters\/\$\{google_container_cluster\.\w+\.name\}$/;

const google = (stack: ProvenStack): readonly Evidence[] =>
  allResources(stack.json).flatMap((one) =>
    [at(one.attributes, 'member'), ...listOf(at(one.attributes, 'members'))]
      .filter((member) => typeof member === 'string' && PRINCIPAL.test(member))
      .map((member) => {
        const shared = SHARED.includes(String(at(one.attributes, 'role'))) && PODS.test(String(member));
        const holds = shared || (/^principal:\/\/.+\/subject\/.+$/.test(String(member)) && exact(member));
        return evidence(stack, one, holds, { attribute: 'member', value: shown(member), wanted: WANTED });
      }),
  );

function aws(stack: ProvenStack): readonly Evidence[] {
  return policiesOf(stack.json).flatMap(({ resource, attribute, statements }) =>
    statements
      .filter(({ Effect, Action }) => Effect === 'Allow' && stringsOf(Action).includes('sts:AssumeRoleWithWebIdentity'))
      .map((statement) =>
        evidence(stack, resource, isExact(statement), {
          attribute,
          value: shown(JSON.stringify(statement.Condition ?? {})),
          wanted: WANTED,
        }),
      ),
  );
}

/** In another operator than StringEquals a `*` would be a pattern; in StringEquals it would be a letter that nobody has. */
function isExact({ Condition = {} }: Statement): boolean {
  const claims = Object.entries(Condition.StringEquals ?? {});
  const one = (claim: string): boolean => {
    const values = claims.filter(([key]) => key.endsWith(`:${claim}`)).flatMap(([, value]) => stringsOf(value));
    return values.length === 1 && exact(values[0]);
  };
  return one('sub') && one('aud');
}

const ENDS = /^s3:(\*|Delete|Bypass|PutBucket|PutLifecycle|PutReplication|PutEncryption|PutObject\*)/;

/** The bucket's policy and its lock forbid it as well; that is no reason to grant it. */
const writers: Rule = {
  id: 'IAM-WRITER',
  title: 'Whoever writes audit records is granted nothing that deletes them or takes off their lock',
  topic: 'access',
  scanners: [],
  remedy: 'grant s3:PutObject, PutObjectRetention, PutObjectLegalHold and reading only',
  prove: ({ environment, cloud, stacks }) => {
    if (cloud !== 'aws') return [];
    const names = [bucketName(environment, 'audit'), bucketName(environment, 'auditReplica')];
    return stacks.flatMap((stack) =>
      policiesOf(stack.json)
        .filter(({ resource }) => resource.type === 'aws_iam_role_policy')
        .flatMap(({ resource, attribute, statements }) =>
          statements
            .filter(({ Effect, Resource }) => Effect === 'Allow' && names.some((name) => isWithin(Resource, name)))
            .map(({ Action }) => {
              const ending = stringsOf(Action).filter((action) => ENDS.test(action));
              const told = { attribute, value: ending.join(', ') || 'no such action', wanted: 'no such action' };
              return evidence(stack, resource, ending.length === 0, told);
            }),
        ),
    );
  },
};

const isWithin = (resource: Statement['Resource'], bucket: string): boolean =>
  stringsOf(resource).some((one) => one.endsWith(`:${bucket}`) || one.includes(`:${bucket}/`));

export const workloadRules: readonly Rule[] = [subjects, writers];
