import { buildBucketPolicy } from '../../../infra/bucket/aws-policy.js';
import { type BucketPurpose, type Lock, withBucketDefaults } from '../../../infra/bucket/contract.js';
import { evaluate } from '../../support/policy.js';
import { AWS, TAGS } from '../sites.js';

const { deploy, compliance, operator, witness } = AWS.principals;
const tenant = String(AWS.principals.tenant);
const writer = 'arn:aws:iam::111122223333:role/memplane/test/memplane-test-audit';
const BUCKET = 'arn:aws:s3:::memplane-test';
const mfa = { 'aws:MultiFactorAuthPresent': 'true' };
const noMfa = { 'aws:MultiFactorAuthPresent': 'false' };
const conditional = { 's3:if-none-match': '*' };

const key = {
  purpose: 'audit',
  id: 'arn',
  pinnedId: 'arn',
  grantOn: 'arn',
  name: 'audit',
  address: 'aws_kms_key.audit',
  ready: [],
} as const;

function policyOf(purpose: BucketPurpose, lock?: Lock): string {
  const config = { site: AWS, name: 'memplane-test', purpose, tags: TAGS, ...(lock === undefined ? {} : { lock }) };
  const full = purpose === 'accessLogs' ? config : { ...config, key, logsTo: 'logs' };
  return buildBucketPolicy(withBucketDefaults(full));
}

function ask(
  purpose: BucketPurpose,
  principal: string,
  action: string,
  context: Readonly<Record<string, string>> = {},
) {
  const resource = /Bucket|Configuration$/.test(action) ? BUCKET : `${BUCKET}/mem-acme/1`;
  return evaluate(policyOf(purpose), { principal, action: `s3:${action}`, resource, context });
}

describe('the policy of a bucket', () => {
  it.each(['artifacts', 'backups', 'audit', 'keys', 'accessLogs'] as const)(
    'refuses plain and old TLS on %s',
    (purpose) => {
      expect(ask(purpose, operator, 'ListBucket', { 'aws:SecureTransport': 'false' }).by).toBe('TlsOnly');
      expect(ask(purpose, operator, 'ListBucket', { 's3:TlsVersion': '1.1' }).by).toBe('Tls12');
      expect(ask(purpose, operator, 'ListBucket', { 's3:TlsVersion': '1.3' }).verdict).toBe('none');
    },
  );

  it.each([
    { who: 'a writer', principal: writer, action: 'DeleteObjectVersion', given: {}, by: 'NobodyDeletes' },
    { who: 'deploy', principal: deploy, action: 'DeleteObject', given: mfa, by: 'NobodyDeletes' },
    {
      who: 'compliance without MFA',
      principal: compliance,
      action: 'DeleteObject',
      given: noMfa,
      by: 'ComplianceWithMfa',
    },
    {
      who: 'compliance, absent MFA',
      principal: compliance,
      action: 'DeleteObject',
      given: {},
      by: 'ComplianceWithMfa',
    },
    { who: 'anybody', principal: compliance, action: 'BypassGovernanceRetention', given: mfa, by: 'NobodyBypasses' },
    { who: 'a writer', principal: writer, action: 'PutBucketVersioning', given: {}, by: 'NobodyUnlocks' },
    { who: 'a writer', principal: writer, action: 'PutLifecycleConfiguration', given: {}, by: 'NobodyUnlocks' },
    {
      who: 'a writer with 30 days',
      principal: writer,
      action: 'PutObject',
      given: { 's3:object-lock-remaining-retention-days': '30' },
      by: 'RetentionFloor',
    },
    {
      who: 'a writer in governance mode',
      principal: writer,
      action: 'PutObject',
      given: { 's3:object-lock-mode': 'GOVERNANCE' },
      by: 'ComplianceModeOnly',
    },
  ])('refuses $who to $action audit records', ({ principal, action, given, by }) => {
    expect(ask('audit', principal, action, given)).toEqual({ verdict: 'deny', by });
  });

  it('leaves writers of audit records what they need', () => {
    const seven = { 's3:object-lock-remaining-retention-days': '2556', 's3:object-lock-mode': 'COMPLIANCE' };
    expect(ask('audit', writer, 'PutObject', seven).verdict).toBe('none');
    expect(ask('audit', writer, 'PutObject').verdict).toBe('none');
    expect(ask('audit', compliance, 'DeleteObject', mfa).verdict).toBe('none');
    expect(ask('audit', deploy, 'PutBucketVersioning').verdict).toBe('none');
  });

  it.each([
    { who: 'deploy', principal: deploy, action: 'GetObject', given: {}, by: 'OnlyPlane' },
    { who: 'a writer of audit', principal: writer, action: 'GetObject', given: {}, by: 'OnlyPlane' },
    { who: 'a tenant', principal: tenant, action: 'DeleteObject', given: {}, by: 'OnlyOperatorDeletes' },
    { who: 'a tenant, unconditionally', principal: tenant, action: 'PutObject', given: {}, by: 'ConditionalPutsOnly' },
    {
      who: 'the operator, unconditionally',
      principal: operator,
      action: 'PutObject',
      given: {},
      by: 'ConditionalPutsOnly',
    },
    { who: 'the operator', principal: operator, action: 'PutBucketVersioning', given: {}, by: 'NoCopies' },
    { who: 'the operator', principal: operator, action: 'PutReplicationConfiguration', given: {}, by: 'NoCopies' },
  ])('refuses $who to $action keyrings', ({ principal, action, given, by }) => {
    expect(ask('keys', principal, action, given)).toEqual({ verdict: 'deny', by });
  });

  it('leaves the plane what it needs of keyrings', () => {
    expect(ask('keys', tenant, 'PutObject', conditional).verdict).toBe('none');
    expect(ask('keys', tenant, 'GetObject').verdict).toBe('none');
    expect(ask('keys', witness, 'GetObject').verdict).toBe('none');
    expect(ask('keys', operator, 'DeleteObject').verdict).toBe('none');
  });

  it('lets the log service of this account in, and of no other', () => {
    const statement = JSON.parse(policyOf('accessLogs')).Statement.find(
      (one: { Sid: string }) => one.Sid === 'LogDelivery',
    );
    expect(statement).toMatchObject({
      Principal: { Service: 'logging.s3.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
    });
  });

  it('does not promise compliance where the lock is governance', () => {
    const governed = policyOf('audit', { mode: 'Governance', floorDays: 1, retentionDays: 30 });
    expect(governed).not.toContain('ComplianceModeOnly');
    expect(governed).not.toContain('NobodyBypasses');
    expect(governed).toContain('NobodyUnlocks');
  });
});
