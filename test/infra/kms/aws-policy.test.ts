import { buildKeyPolicy } from '../../../infra/kms/aws-policy.js';
import type { KeyPurpose } from '../../../infra/kms/contract.js';
import { evaluate } from '../../support/policy.js';
import { AWS } from '../sites.js';

const { deploy, breakGlass, operator } = AWS.principals;
const tenant = String(AWS.principals.tenant);
const somebody = 'arn:aws:iam::111122223333:role/somebody';
const outsider = 'arn:aws:iam::999988887777:role/outsider';
const viaS3 = { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' };
const context = { 'kms:EncryptionContext:tenant': '7f3c' };
const mfa = { 'aws:MultiFactorAuthPresent': 'true' };

const ask = (purpose: KeyPurpose, principal: string, action: string, given: Readonly<Record<string, string>> = {}) =>
  evaluate(buildKeyPolicy(AWS, purpose), { principal, action: `kms:${action}`, resource: '*', context: given });

describe('the policy of a key', () => {
  it.each(['audit', 'keys', 'tenant', 'anchor', 'objects', 'data', 'ops'] as const)(
    'lets nobody destroy the %s key',
    (purpose) => {
      for (const action of ['ScheduleKeyDeletion', 'DisableKey', 'DeleteAlias']) {
        expect(ask(purpose, deploy, action, mfa)).toEqual({ verdict: 'deny', by: 'OnlyBreakGlassDestroys' });
        expect(ask(purpose, breakGlass, action).by).toBe('NoDestroyWithoutMfa');
        expect(ask(purpose, breakGlass, action, { 'aws:MultiFactorAuthPresent': 'false' }).by).toBe(
          'NoDestroyWithoutMfa',
        );
        // Even with MFA it needs an Allow that somebody adds on purpose.
        expect(ask(purpose, breakGlass, action, mfa).verdict).toBe('none');
      }
    },
  );

  it('lets deploy administer but not use', () => {
    expect(ask('objects', deploy, 'PutKeyPolicy').verdict).toBe('allow');
    expect(ask('objects', outsider, 'Decrypt').verdict).toBe('none');
    expect(ask('objects', outsider, 'PutKeyPolicy').verdict).toBe('none');
  });

  it.each(['audit', 'keys'] as const)('lets the %s key work through S3 only', (purpose) => {
    expect(ask(purpose, somebody, 'Decrypt', viaS3)).toEqual({ verdict: 'allow', by: 'DelegateUseToIam' });
    expect(ask(purpose, somebody, 'Decrypt')).toEqual({ verdict: 'deny', by: 'S3Only' });
    expect(ask(purpose, somebody, 'GenerateDataKey', { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com' }).by).toBe(
      'S3Only',
    );
  });

  it.each([
    { who: 'the tenant’s pods', principal: tenant, action: 'Decrypt', given: context, verdict: 'allow' },
    { who: 'the tenant’s pods without context', principal: tenant, action: 'Decrypt', given: {}, verdict: 'deny' },
    { who: 'the operator', principal: operator, action: 'Decrypt', given: context, verdict: 'deny' },
    { who: 'the operator', principal: operator, action: 'GenerateDataKey', given: context, verdict: 'deny' },
    {
      who: 'the operator',
      principal: operator,
      action: 'GenerateDataKeyWithoutPlaintext',
      given: context,
      verdict: 'allow',
    },
    {
      who: 'the operator, on the same key',
      principal: operator,
      action: 'ReEncryptTo',
      given: { ...context, 'kms:ReEncryptOnSameKey': 'true' },
      verdict: 'allow',
    },
    {
      who: 'the operator, to a foreign key',
      principal: operator,
      action: 'ReEncryptFrom',
      given: { ...context, 'kms:ReEncryptOnSameKey': 'false' },
      verdict: 'deny',
    },
    {
      who: 'the tenant’s pods',
      principal: tenant,
      action: 'ReEncryptTo',
      given: { ...context, 'kms:ReEncryptOnSameKey': 'true' },
      verdict: 'deny',
    },
    { who: 'deploy', principal: deploy, action: 'Decrypt', given: context, verdict: 'deny' },
    { who: 'break-glass', principal: breakGlass, action: 'Decrypt', given: { ...context, ...mfa }, verdict: 'deny' },
    { who: 'anybody', principal: somebody, action: 'CreateGrant', given: {}, verdict: 'deny' },
  ])('answers $verdict to $who who asks the tenant key to $action', ({ principal, action, given, verdict }) => {
    expect(ask('tenant', principal, action, given).verdict).toBe(verdict);
  });

  it('lets the logs of this account use the ops key, and those of no other', () => {
    const logs = (group: string) =>
      ask('ops', 'logs.eu-central-1.amazonaws.com', 'GenerateDataKey', { 'kms:EncryptionContext:aws:logs:arn': group });
    expect(logs('arn:aws:logs:eu-central-1:111122223333:log-group:/memplane/test/flows').by).toBe('LogDelivery');
    expect(logs('arn:aws:logs:eu-central-1:999988887777:log-group:/memplane/test/flows').verdict).toBe('none');
  });

  it('grants the data key to services only: a person who may make a grant could decrypt with it', () => {
    expect(ask('data', somebody, 'CreateGrant').by).toBe('GrantsForServicesOnly');
    expect(ask('data', somebody, 'CreateGrant', { 'kms:GrantIsForAWSResource': 'false' }).by).toBe(
      'GrantsForServicesOnly',
    );
    expect(ask('data', somebody, 'CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }).verdict).toBe('allow');
  });
});
