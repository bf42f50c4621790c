import type { Cloud } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { type IdentityFacts, identityFacts, type Layers } from '../support/identity-facts.js';
import { at } from '../support/references.js';
import { reviewed } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const layersOf = (cloud: Cloud): Layers => ({
  bootstrap: reviewed(`${cloud}-prod-bootstrap`),
  vault: reviewed(`${cloud}-prod-vault`),
  plane: reviewed(`${cloud}-prod-plane`),
});

const PROMISE: IdentityFacts = {
  trusted: [
    'cert-manager:cert-manager',
    'external-dns:external-dns',
    'external-secrets:external-secrets',
    'memplane-data:qdrant',
    'memplane-system:operator',
    'memplane-system:witness',
  ],
  keyless: true,
  operatorBlind: true,
  tenantsBound: true,
};

describe('who works in the cluster', () => {
  it.each(CLOUDS)('is trusted by name on %s, without a key anywhere', (cloud) => {
    // Elsewhere the cloud scrapes itself.
    const scrapers = cloud === 'aws' ? ['monitoring:prometheus'] : [];
    const trusted = [...PROMISE.trusted, ...scrapers];
    expect(identityFacts(cloud, layersOf(cloud))).toEqual({ ...PROMISE, trusted });
  });

  it('is annotated as each cloud wants it', () => {
    const annotations = CLOUDS.map((cloud) => at(layersOf(cloud).plane.output.memplane?.value.identity, 'annotations'));
    expect(annotations[0]).toMatchObject({
      operator: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::444455556666:role/memplane/prod/memplane-prod-operator' },
    });
    expect(annotations[1]).toEqual({ operator: {}, witness: {}, externalSecrets: {}, qdrant: {} });
    expect(annotations[2]).toMatchObject({ witness: { 'azure.workload.identity/client-id': expect.any(String) } });
  });
});

interface Mutant {
  readonly cloud: Cloud;
  readonly layer: keyof Layers;
  readonly because: string;
  readonly changes: keyof IdentityFacts;
  readonly mutate: (stack: Editable) => void;
}

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    layer: 'plane',
    because: 'any account of a namespace is not one account',
    changes: 'trusted',
    mutate: (s) =>
      s.replace(
        'aws_iam_role',
        'identity_operator',
        'assume_role_policy',
        'memplane-system:operator',
        'memplane-system:*',
      ),
  },
  {
    cloud: 'aws',
    layer: 'plane',
    because: 'pods of every namespace would be tenants',
    changes: 'tenantsBound',
    mutate: (s) => s.replace('aws_iam_role', 'identity_tenant', 'assume_role_policy', '"mem-*"', '"*"'),
  },
  {
    cloud: 'aws',
    layer: 'plane',
    because: 'an operator that decrypts reads every tenant',
    changes: 'operatorBlind',
    mutate: (s) =>
      s.replace(
        'aws_iam_role_policy',
        'identity_operator_permissions',
        'policy',
        '"Effect":"Deny"',
        '"Effect":"Allow"',
      ),
  },
  {
    cloud: 'gcp',
    layer: 'vault',
    because: 'without the denial the operator grants itself the key',
    changes: 'operatorBlind',
    mutate: (s) =>
      s.set('google_iam_deny_policy', 'baseline_denials', ['rules', 0, 'deny_rule', 'denied_permissions'], []),
  },
  {
    cloud: 'gcp',
    layer: 'plane',
    because: 'every pod of the cluster would use the keys of all',
    changes: 'tenantsBound',
    mutate: (s) =>
      s.set('google_kms_key_ring_iam_member', 'identity_operator_on_tenant', ['member'], 'principalSet://all'),
  },
  {
    cloud: 'azure',
    layer: 'bootstrap',
    because: 'who makes keys would also use them',
    changes: 'operatorBlind',
    mutate: (s) =>
      s.set('azurerm_role_definition', 'roles_tenantKeyAdmin', ['permissions', 0, 'data_actions', 0], 'unwrap/action'),
  },
  {
    cloud: 'azure',
    layer: 'plane',
    because: 'the operator would assign roles to itself',
    changes: 'tenantsBound',
    mutate: (s) =>
      s.replace(
        'azurerm_role_assignment',
        'identity_operator_admits_to_keys',
        'condition',
        'GuidNotEquals',
        'GuidEquals',
      ),
  },
  {
    cloud: 'azure',
    layer: 'plane',
    because: 'another namespace may have an account of this name',
    changes: 'trusted',
    mutate: (s) =>
      s.set(
        'azurerm_federated_identity_credential',
        'identity_operator_credential',
        ['subject'],
        'system:serviceaccount:default:operator',
      ),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, layer, mutate, changes }) => {
    const layers = layersOf(cloud);
    const edited = new Editable(layers[layer]);
    mutate(edited);
    expect(identityFacts(cloud, { ...layers, [layer]: edited.stack })[changes]).not.toEqual(PROMISE[changes]);
  });
});
