import type { Cloud } from './bucket-facts.js';
import { at, resource } from './references.js';
import type { Attributes, Json, StackJson } from './terraform-json.js';

/** Who works in a cluster, by what trusts it. The truth table of what each may do is proved with the stacks. */
export interface IdentityFacts {
  /** Every service account that a role, a binding or an identity trusts, in full. */
  readonly trusted: readonly string[];
  /** Nobody holds a key that lies somewhere. */
  readonly keyless: boolean;
  /** The operator makes keys and cannot use one. */
  readonly operatorBlind: boolean;
  /** What serves tenants serves them by what vouches for the pod, and only tenants' namespaces. */
  readonly tenantsBound: boolean;
}

export interface Layers {
  readonly bootstrap: StackJson;
  readonly vault: StackJson;
  readonly plane: StackJson;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const all = (stack: StackJson, type: string): readonly Attributes[] => Object.values(stack.resource[type] ?? {});
const statements = (text: Json | undefined): readonly Statement[] =>
  (JSON.parse(String(text)) as { readonly Statement: readonly Statement[] }).Statement;
const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
const STATIC = /^(aws_iam_(access_key|user)|google_service_account_key|azuread_.*password)$/;

export function identityFacts(cloud: Cloud, layers: Layers): IdentityFacts {
  const keyless = Object.values(layers).every(
    ({ resource: given }) => !Object.keys(given).some((one) => STATIC.test(one)),
  );
  switch (cloud) {
    case 'aws':
      return { keyless, ...awsFacts(layers) };
    case 'gcp':
      return { keyless, ...gcpFacts(layers) };
    case 'azure':
      return { keyless, ...azureFacts(layers) };
  }
}

type Rest = Omit<IdentityFacts, 'keyless'>;

function awsFacts({ plane }: Layers): Rest {
  const trusts = all(plane, 'aws_iam_role').map((role) => statements(role.assume_role_policy)[0]);
  const subjects = trusts.flatMap((trust) =>
    Object.entries(trust?.Condition?.StringEquals ?? {}).flatMap(([key, value]) =>
      key.endsWith(':sub') ? list(value) : [],
    ),
  );
  const ofPods = ['tenant', 'backup', 'audit'].map((id) => resource(plane, 'aws_iam_role', `identity_${id}`));
  const operator = statements(resource(plane, 'aws_iam_role_policy', 'identity_operator_permissions')?.policy);
  const never = operator.find(({ Effect }) => Effect === 'Deny');
  return {
    trusted: subjects.map((one) => one.replace('system:serviceaccount:', '')).sort(),
    operatorBlind:
      list(never?.Action).includes('kms:Decrypt') &&
      operator
        .filter(({ Effect, Action }) => Effect === 'Allow' && list(Action).includes('kms:Decrypt'))
        .every(({ Condition }) => Condition?.StringLike?.['kms:ViaService'] !== undefined),
    tenantsBound: ofPods.every((role) => {
      const condition = statements(role?.assume_role_policy)[0]?.Condition;
      return (
        condition?.StringLike?.['aws:RequestTag/kubernetes-namespace'] === 'mem-*' &&
        condition.ArnEquals?.['aws:SourceArn'] !== undefined &&
        list(condition.StringEquals?.['aws:RequestTag/kubernetes-service-account']).length > 0
      );
    }),
  };
}

const SUBJECT = /\/subject\/ns\/([^/]+)\/sa\/([^/]+)$/;

function gcpFacts({ plane, vault }: Layers): Rest {
  const members = Object.entries(plane.resource)
    .filter(([type]) => type.endsWith('_iam_member'))
    .flatMap(([, ofType]) => Object.values(ofType).map(({ member }) => String(member)));
  const subjects = members.flatMap((member) => {
    const [, namespace, account] = SUBJECT.exec(member) ?? [];
    return namespace === undefined ? [] : [`${namespace}:${account}`];
  });
  const [denials] = all(vault, 'google_iam_deny_policy');
  const first = at(denials, 'rules', 0, 'deny_rule');
  return {
    trusted: [...new Set(subjects)].sort(),
    operatorBlind:
      SUBJECT.exec(String(at(first, 'denied_principals', 0)))?.[2] === 'operator' &&
      JSON.stringify(at(first, 'denied_permissions')).includes('useToDecrypt') &&
      at(first, 'exception_principals') === undefined,
    // What all pods may do is to connect; keys and objects are granted a tenant, by the operator.
    tenantsBound: [
      'google_kms_key_ring_iam_member',
      'google_kms_crypto_key_iam_member',
      'google_storage_bucket_iam_member',
    ]
      .flatMap((type) => all(plane, type))
      .every(({ member }) => !String(member).startsWith('principalSet:')),
  };
}

function azureFacts({ plane, bootstrap }: Layers): Rest {
  const subjects = all(plane, 'azurerm_federated_identity_credential').map(({ subject }) => String(subject));
  const rights = (role: string) =>
    JSON.stringify(at(resource(bootstrap, 'azurerm_role_definition', `roles_${role}`), 'permissions'));
  const admits = Object.entries(plane.resource.azurerm_role_assignment ?? {}).filter(([id]) => id.includes('_admits_'));
  return {
    trusted: subjects.map((one) => one.replace('system:serviceaccount:', '')).sort(),
    operatorBlind: !/unwrap|decrypt|sign|purge/.test(rights('tenantKeyAdmin')),
    tenantsBound:
      admits.length > 0 &&
      admits.every(
        ([, { condition, condition_version: version }]) =>
          version === '2.0' &&
          String(condition).includes('GuidNotEquals') &&
          String(condition).includes("{'ServicePrincipal'}"),
      ),
  };
}
