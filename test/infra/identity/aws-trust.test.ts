import { buildIrsaTrust } from '../../../infra/identity/aws-trust.js';
import { LISTS_ONLY, tenantsOnly, withinFolder } from '../../../infra/identity/azure-conditions.js';
import { AZURE_ROLES, GRANTED_TO_TENANTS } from '../../../infra/identity/azure-roles.js';
import { GCP_ROLES } from '../../../infra/identity/gcp-roles.js';

describe('a trust by a service account', () => {
  const cluster = { federation: 'arn:provider', issuerHost: 'oidc.example.com/id/1' };

  it('names audience, namespace and account, each in full', () => {
    const [statement] = (
      JSON.parse(buildIrsaTrust({ partition: 'aws' }, cluster, 'memplane-system', 'operator')) as {
        Statement: object[];
      }
    ).Statement;
    expect(statement).toMatchObject({
      Principal: { Federated: 'arn:provider' },
      Condition: {
        StringEquals: {
          'oidc.example.com/id/1:aud': 'sts.amazonaws.com',
          'oidc.example.com/id/1:sub': 'system:serviceaccount:memplane-system:operator',
        },
      },
    });
  });

  it('knows the audience of China', () => {
    expect(buildIrsaTrust({ partition: 'aws-cn' }, cluster, 'n', 'a')).toContain('"sts.amazonaws.com.cn"');
  });
});

describe('roles of our own', () => {
  it('that the operator hands to tenants are neither its own nor the witness’s', () => {
    for (const role of [
      'tenantKeyAdmin',
      'keyring',
      'tenantIdentities',
      'retentionExtender',
      'anchorSign',
      'reaper',
    ] as const)
      expect(GRANTED_TO_TENANTS).not.toContain(role);
  });

  it('never purge, and append audit records without deleting any', () => {
    expect(JSON.stringify(AZURE_ROLES)).not.toContain('purge');
    expect(JSON.stringify(AZURE_ROLES.auditAppend)).not.toContain('delete');
    expect(JSON.stringify(GCP_ROLES.auditAppend)).not.toMatch(/delete|update|override/);
  });

  it('that make keys use none', () => {
    expect(JSON.stringify(GCP_ROLES.tenantKeyAdmin)).not.toContain('useTo');
    expect(JSON.stringify(AZURE_ROLES.tenantKeyAdmin)).not.toMatch(/wrap|crypt|sign/);
  });
});

describe('conditions on Azure', () => {
  const roles = Object.fromEntries(GRANTED_TO_TENANTS.map((role, index) => [role, `/roleDefinitions/guid-${index}`]));

  it('let the operator assign our roles to others than itself, and take away only those', () => {
    const condition = tenantsOnly(roles, 'its-own-id');
    for (const index of GRANTED_TO_TENANTS.keys()) expect(condition.split(`guid-${index}`)).toHaveLength(3);
    expect(condition).toContain('ForAnyOfAllValues:GuidNotEquals {its-own-id}');
    expect(condition.split('(').length).toBe(condition.split(')').length);
  });

  it('divide listing from reading, and one folder from the rest', () => {
    expect(LISTS_ONLY).toContain("NOT SubOperationMatches{'Blob.List'}");
    expect(withinFolder('qdrant')).toContain("StringStartsWith 'qdrant/'");
    for (const one of [LISTS_ONLY, withinFolder('qdrant')]) expect(one.split('(').length).toBe(one.split(')').length);
  });
});
