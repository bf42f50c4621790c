import { isAction, wildcard } from '../../../stacks/proofs/iam/actions.js';
import { type Context, conditionHolds } from '../../../stacks/proofs/iam/aws-conditions.js';
import { azureHolds } from '../../../stacks/proofs/iam/azure-conditions.js';
import { builtIn, rolePermits } from '../../../stacks/proofs/iam/azure-roles.js';
import { celHolds } from '../../../stacks/proofs/iam/gcp-evaluator.js';
import type { World } from '../../../stacks/proofs/index.js';
import { answersOf } from '../../../stacks/proofs/permissions.js';
import { resourcesOf } from '../../../stacks/proofs/terraform-json.js';
import { broken, worldFor } from '../../support/worlds.js';

const context = (given: Readonly<Record<string, readonly string[]>>): Context =>
  new Map(Object.entries(given).map(([key, values]) => [key.toLowerCase(), values]));
const plain = (text: string): string => text;
const ITSELF = `\${${'x.y.principal_id'}}`;

describe('a condition of AWS', () => {
  it.each([
    // What the documentation of IAM says of each, with the key there, another value, and absent.
    { operator: 'StringEquals', there: true, other: false, absent: false },
    { operator: 'StringNotEquals', there: false, other: true, absent: true },
    { operator: 'StringEqualsIfExists', there: true, other: false, absent: true },
    { operator: 'StringNotLikeIfExists', there: false, other: true, absent: true },
    { operator: 'ArnNotEquals', there: false, other: true, absent: true },
    { operator: 'ForAnyValue:StringEquals', there: true, other: false, absent: false },
    { operator: 'ForAllValues:StringEquals', there: true, other: false, absent: true },
    { operator: 'BoolIfExists', there: true, other: false, absent: true },
  ])('$operator: there $there, another $other, absent $absent', ({ operator, there, other, absent }) => {
    const asked = { [operator]: { 'aws:X': 'a' } };
    expect(conditionHolds(asked, context({ 'aws:x': ['a'] }), plain)).toBe(there);
    expect(conditionHolds(asked, context({ 'aws:x': ['b'] }), plain)).toBe(other);
    expect(conditionHolds(asked, context({}), plain)).toBe(absent);
  });

  it('compares numbers as numbers, and absence with Null', () => {
    const less = { NumericLessThan: { days: '365' } };
    expect(conditionHolds(less, context({ days: ['30'] }), plain)).toBe(true);
    expect(conditionHolds(less, context({ days: ['1000'] }), plain)).toBe(false);
    expect(conditionHolds(less, context({}), plain)).toBe(false);
    expect(conditionHolds({ Null: { x: 'true' } }, context({}), plain)).toBe(true);
    expect(conditionHolds({ Null: { x: 'true', y: 'true' } }, context({ y: ['1'] }), plain)).toBe(false);
  });

  it('that nobody has taught it is refused, not guessed', () => {
    expect(() => conditionHolds({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, context({}), plain)).toThrow(
      'the operator IpAddress',
    );
  });

  it('knows actions and their patterns, and no misspelt one', () => {
    for (const one of ['*', 's3:*', 's3:GetObject', 's3:getobject', 'kms:ReEncrypt*', 'kms:Describe*'])
      expect({ one, known: isAction(one) }).toEqual({ one, known: true });
    for (const one of ['s3:DeleteObjects*x', 's3:GetObjekt', 'kms:Decyrpt*', 'nothing:*'])
      expect({ one, known: isAction(one) }).toEqual({ one, known: false });
    expect(wildcard('arn:aws:s3:::a.b/*').test('arn:aws:s3:::axb/c')).toBe(false);
  });
});

describe('a condition of Azure', () => {
  const list = "((!(ActionMatches{'read'} AND NOT SubOperationMatches{'Blob.List'})))";
  const admit =
    "((!(ActionMatches{'write'})) OR (@Request[role] ForAnyOfAnyValues:GuidEquals {a, b} AND " +
    `@Request[principal] ForAnyOfAllValues:GuidNotEquals {${ITSELF}}))`;

  it.each([
    [list, { action: 'read', subOperation: 'Blob.List' }, true],
    [list, { action: 'read' }, false],
    [list, { action: 'delete' }, true],
    [admit, { action: 'delete' }, true],
    [admit, { action: 'write', attributes: { role: 'a', principal: 'p' } }, true],
    [admit, { action: 'write', attributes: { role: 'c', principal: 'p' } }, false],
    [admit, { action: 'write', attributes: { role: 'b', principal: ITSELF } }, false],
    [admit, { action: 'write' }, false],
  ])('%s of %j is %s', (condition, request, holds) => {
    expect(azureHolds(condition, request)).toBe(holds);
  });

  it('that nobody has taught it is refused, not guessed', () => {
    expect(() => azureHolds('@Request[x] DateTimeEquals {y}', { action: 'a', attributes: { x: 'y' } })).toThrow(
      'DateTimeEquals',
    );
    expect(() => azureHolds("(ActionMatches{'a'}", { action: 'a' })).toThrow('open bracket');
  });

  it('keeps what manages apart from what is in it', () => {
    const [owner, officer] = [builtIn('Owner'), builtIn('Key Vault Crypto Officer')];
    if (owner === undefined || officer === undefined) throw new Error('roles are gone');
    expect(rolePermits(owner, 'Microsoft.KeyVault/vaults/keys/unwrap/action')).toBe(false);
    expect(rolePermits(owner, 'Microsoft.KeyVault/vaults/delete')).toBe(true);
    expect(rolePermits(officer, 'Microsoft.KeyVault/vaults/keys/unwrap/action')).toBe(true);
    expect(rolePermits(officer, 'Microsoft.KeyVault/vaults/delete')).toBe(false);
  });
});

describe('a condition of Google Cloud', () => {
  it('is one of two forms, or refused', () => {
    expect(celHolds('resource.name.startsWith("a/b")', 'a/b/c')).toBe(true);
    expect(celHolds('resource.name.startsWith("a/b")', 'a/c')).toBe(false);
    expect(celHolds('resource.name == "a"', 'a')).toBe(true);
    expect(() => celHolds('request.time < timestamp("2030-01-01T00:00:00Z")', 'a')).toThrow('request.time');
  });
});

const wrong = (world: World): number =>
  answersOf(world).filter(({ question, decision }) => decision.allowed !== (question.want === 'allow')).length;

/** Grants of which the table speaks: those of the plane's own identities. */
const GRANTS: readonly (readonly [cloud: string, type: string, spoken: RegExp])[] = [
  ['gcp-prod', 'google_kms_crypto_key_iam_member', /^identity_/],
  ['gcp-prod', 'google_kms_key_ring_iam_member', /^identity_/],
  ['gcp-prod', 'google_secret_manager_secret_iam_member', /^identity_/],
  [
    'gcp-prod',
    'google_storage_bucket_iam_member',
    /^(identity_(operator_(keyringAdmin|reaper_on_artifacts)|witness)|audit_replication)/,
  ],
  [
    'azure-prod',
    'azurerm_role_assignment',
    /^identity_(operator_(keys|on_keys|on_artifacts|on_backups|admits_to_(vault_tenant_\w{8}$|audit_\w{8}$))|witness_(appends|signs)|external)/,
  ],
];

describe('every grant of which the table speaks', () => {
  it.each(GRANTS)('is missed on %s when it is gone: %s', (name, type, spoken) => {
    const world = worldFor(name);
    const grants = world.stacks.flatMap(({ layer, json }) =>
      resourcesOf(json, type)
        .filter(({ id }) => spoken.test(id))
        .map((one) => ({ layer, id: one.id })),
    );
    expect(grants.length).toBeGreaterThan(0);
    for (const { layer, id } of grants) {
      const without = broken(world, layer, (stack) => delete stack.stack.resource[type]?.[id]);
      expect({ id, missed: wrong(without) > 0 }).toEqual({ id, missed: true });
    }
    expect(wrong(world)).toBe(0);
  });

  it('is of a table of many rows on every cloud', () => {
    const rows = Object.fromEntries(
      ['aws', 'gcp', 'azure'].map((cloud) => [cloud, answersOf(worldFor(`${cloud}-prod`)).length]),
    );
    console.info(`truth table: ${JSON.stringify(rows)} rows`);
    for (const count of Object.values(rows)) expect(count).toBeGreaterThanOrEqual(57);
  });

  it('on Azure locks what the second apply locks', () => {
    const world = worldFor('azure-prod');
    const place = { ...world.environment.place, immutability: 'Locked' } as typeof world.environment.place;
    const edited = ['vault', 'plane'].reduce<World>(
      (inner, layer) =>
        broken(inner, layer as 'vault', (stack) => {
          for (const account of Object.values(stack.stack.resource.azurerm_storage_account ?? {})) {
            const policy = account.immutability_policy;
            if (policy !== undefined) account.immutability_policy = { ...(policy as object), state: 'Locked' };
          }
        }),
      world,
    );
    const locked = { ...edited, environment: { ...edited.environment, place } };
    const rows = answersOf(locked).filter(({ decision }) => decision.by === 'immutability');
    expect(rows.length).toBe(4);
    expect(wrong(locked)).toBe(0);
  });
});
