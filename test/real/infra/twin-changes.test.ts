import { jest } from '@jest/globals';
import { describeWith, openRehearsal, type Rehearsal, terraformMissing } from '../../support/rehearsal.js';
import { stackOf, synth } from '../../support/stacks.js';
import type { Attributes, StackJson } from '../../support/terraform-json.js';

jest.setTimeout(900_000);

const synthesised = synth();

type Editable = StackJson & { moved?: { from: string; to: string }[] };

const copyOf = (name: string): Editable => JSON.parse(JSON.stringify(stackOf(synthesised, name))) as Editable;

function only(stack: StackJson, type: string): readonly [id: string, attributes: Attributes] {
  const [first] = Object.entries(stack.resource[type] ?? {});
  if (first === undefined) throw new Error(`no ${type} in the stack`);
  return first;
}

const CLOUDS = {
  'aws-dev-vault': { bucket: 'aws_s3_bucket', name: 'bucket' },
  'gcp-dev-vault': { bucket: 'google_storage_bucket', name: 'name' },
  'azure-dev-vault': { bucket: 'azurerm_storage_account', name: 'name' },
} as const;

describeWith(terraformMissing(), 'a change of a stack that is applied', () => {
  let rehearsal: Rehearsal;

  beforeAll(async () => {
    rehearsal = await openRehearsal();
  });

  afterAll(() => rehearsal.close());

  describe.each(Object.entries(CLOUDS))('%s', (name, { bucket, name: nameOf }) => {
    const plan = async (stack: StackJson): Promise<string> => {
      rehearsal.write(name, stack);
      return (await rehearsal.terraform(name, 'plan')).said;
    };

    /** The first bucket under another logical id; whatever refers to it follows. */
    const renamed = (): { readonly stack: Editable; readonly from: string; readonly to: string } => {
      const [id] = only(copyOf(name), bucket);
      const text = JSON.stringify(copyOf(name)).replace(new RegExp(`${bucket}\\.${id}\\b`, 'g'), `${bucket}.renamed`);
      const stack = JSON.parse(text) as Editable;
      const ofType = stack.resource[bucket] ?? {};
      const { [id]: attributes = {} } = ofType;
      delete ofType[id];
      ofType.renamed = attributes;
      return { stack, from: `${bucket}.${id}`, to: `${bucket}.renamed` };
    };

    beforeAll(async () => {
      rehearsal.write(name, copyOf(name));
      await rehearsal.apply(name);
    });

    it('a new logical id is one more and one less, and prevent_destroy goes with the old one', async () => {
      const { stack, from, to } = renamed();
      const said = await plan(stack);
      expect(said).toMatch(new RegExp(`# ${from} will be destroyed`));
      expect(said).toMatch(new RegExp(`# ${to} will be created`));
    });

    it('with moved it keeps its state: nothing is added, changed or destroyed', async () => {
      const { stack, from, to } = renamed();
      stack.moved = [{ from, to }];
      const said = await plan(stack);
      expect(said).toContain(`# ${from} has moved to ${to}`);
      expect(said).toContain('Plan: 0 to add, 0 to change, 0 to destroy.');
    });

    it('another name would replace the bucket, which prevent_destroy refuses', async () => {
      const stack = copyOf(name);
      const [id, attributes] = only(stack, bucket);
      attributes[nameOf] = 'anothername';
      const said = await plan(stack);
      expect(said).toContain('Instance cannot be destroyed');
      expect(said).toContain(`${bucket}.${id}`);
    });

    it('another tag changes one resource in place', async () => {
      const stack = copyOf(name);
      const [id, attributes] = only(stack, bucket);
      const labels = bucket === 'google_storage_bucket' ? 'labels' : 'tags';
      attributes[labels] = { ...(attributes[labels] as Attributes), rehearsal: 'yes' };
      const said = await plan(stack);
      expect(said).toContain(`# ${bucket}.${id} will be updated in-place`);
      expect(said).toContain('Plan: 0 to add, 1 to change, 0 to destroy.');
    });

    it('what prevents destruction prevents terraform destroy as well', async () => {
      rehearsal.write(name, copyOf(name));
      const { code, said } = await rehearsal.terraform(name, 'destroy', '-auto-approve');
      expect(code).not.toBe(0);
      expect(said).toContain('Instance cannot be destroyed');
    });

    it('without that it goes, all of it', async () => {
      const stack = copyOf(name);
      for (const ofType of Object.values(stack.resource)) {
        for (const one of Object.values(ofType)) delete one.lifecycle;
      }
      rehearsal.write(name, stack);
      const { said } = await rehearsal.terraform(name, 'destroy', '-auto-approve');
      const count = Object.values(stack.resource).reduce((sum, ofType) => sum + Object.keys(ofType).length, 0);
      expect(said).toContain(`Destroy complete! Resources: ${count} destroyed.`);
    });
  });
});

describeWith(terraformMissing(), 'a stack that is wrong is refused by Terraform on the twins', () => {
  let rehearsal: Rehearsal;

  beforeAll(async () => {
    rehearsal = await openRehearsal();
  });

  afterAll(() => rehearsal.close());

  const server = (stack: StackJson) => only(stack, 'google_sql_database_instance')[1];
  const settings = (stack: StackJson) => server(stack).settings as Attributes;

  it.each<[string, (stack: Editable) => void, RegExp]>([
    ['an unknown argument', (stack) => Object.assign(server(stack), { databse_version: 'X' }), /databse_version/],
    ['an unknown argument in a block', (stack) => Object.assign(settings(stack), { teir: 'X' }), /teir/],
    ['a missing argument', (stack) => delete server(stack).database_version, /database_version/],
    ['a missing argument in a block', (stack) => delete settings(stack).tier, /"?tier"?/],
    ['a wrong type', (stack) => Object.assign(server(stack), { deletion_protection: { yes: true } }), /bool required/],
    [
      'two blocks where one may be',
      (stack) => Object.assign(server(stack), { settings: [settings(stack), settings(stack)] }),
      /Too many settings blocks/,
    ],
    [
      'a reference to nothing',
      (stack) => Object.assign(server(stack), { encryption_key_name: `\${google_kms_crypto_key.none.id}` }),
      /undeclared resource/,
    ],
    [
      'a reference to an attribute that is not',
      (stack) => {
        const [network] = only(stack, 'google_compute_network');
        server(stack).encryption_key_name = `\${google_compute_network.${network}.nosuch}`;
      },
      /Unsupported attribute/,
    ],
    ['a computed attribute that is set', (stack) => Object.assign(server(stack), { self_link: 'x' }), /self_link/],
    ['a type that is not', (stack) => Object.assign(stack.resource, { google_nosuch: { one: {} } }), /google_nosuch/],
    [
      'a misspelt word in a block',
      (stack) => Object.assign(settings(stack), { availability_type: 'REGIONALE' }),
      /settings\.availability_type:\s+"REGIONALE"\s+is\s+none\s+of\s+REGIONAL/,
    ],
  ])('%s', async (what, spoil, expected) => {
    const name = what.replaceAll(' ', '-');
    const stack = copyOf('gcp-dev-plane');
    spoil(stack);
    rehearsal.write(name, stack);
    await rehearsal.terraform(name, 'init');
    const { code, said } = await rehearsal.terraform(name, 'validate');
    expect(code).not.toBe(0);
    expect(said).toMatch(expected);
  });

  it('a misspelt word on Azure', async () => {
    const stack = copyOf('azure-dev-vault');
    const [, account] = only(stack, 'azurerm_storage_account');
    account.account_replication_type = 'ZRSS';
    rehearsal.write('azure', stack);
    await rehearsal.terraform('azure', 'init');
    const { code, said } = await rehearsal.terraform('azure', 'validate');
    expect(code).not.toBe(0);
    expect(said).toMatch(/account_replication_type: "ZRSS"\s+is\s+none\s+of/);
  });
});
