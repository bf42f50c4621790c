import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command, Input, Terminal } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { buildBundle, FORMAT } from '../evidence/bundle.js';
import { readSynthesised } from '../evidence/facts.js';
import { readSigner } from '../evidence/keys.js';
import { readBundle } from '../evidence/read.js';
import { parseStore, storeEvidence } from '../evidence/store.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { describeStored } from './infra-evidence-store.js';

export const infraEvidenceSign: Command = {
  about:
    'Writes what synth proved of an environment as evidence: control and clause, ids of public scanners, resource, ' +
    'attribute, value, verdict. Each line carries the hash of the one before, and your Ed25519 key signs the last. ' +
    'The header has the hash of each stack that Terraform applies, and the head of the release before.',
  parameters: [{ name: 'ENVIRONMENT', summary: 'aws-prod' }],
  flags: [
    { name: 'key', value: 'FILE', summary: 'Ed25519 private key in PEM (openssl genpkey -algorithm ed25519)' },
    { name: 'out', value: 'FOLDER', summary: 'where synth wrote (cdktf.out)' },
    { name: 'to', value: 'FILE', summary: 'where it goes (evidence/ENVIRONMENT.jsonl beside the stacks)' },
    { name: 'release', value: 'NAME', summary: 'of what is deployed (the version of memoryctl)' },
    { name: 'previous', value: 'FILE', summary: 'evidence of the release before, which this one then follows' },
    { name: 'store', value: 'BUCKET', summary: 'and put it there under COMPLIANCE: s3://NAME?region=REGION' },
  ],
  exits: [
    [EXIT.ok, 'written, and stored where that was asked for'],
    [EXIT.unusable, 'no key, no stacks, or a synth that failed: nothing was written; or it is written and not stored'],
  ],
  examples: [
    'memoryctl infra evidence sign aws-prod --key evidence.pem',
    'memoryctl infra evidence sign aws-prod --key evidence.pem --store "s3://memplane-prod-audit-123456789012?region=eu-central-1"',
    'memoryctl infra evidence sign aws-prod --key evidence.pem --release 1.5.0 --previous aws-prod-1.4.0.jsonl',
  ],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const [environment = ''] = input.parameters;
  const keyPath = input.value('key');
  if (keyPath === undefined)
    throw usageError('--key is missing', 'openssl genpkey -algorithm ed25519 -out evidence.pem');
  const given = input.value('store');
  const store = given === undefined ? undefined : parseStore(given);
  const signer = readSigner(keyPath, await readText(keyPath, terminal));
  const out = input.value('out') ?? 'cdktf.out';
  const { facts, stacks } = await readSynthesised(out, environment);
  const header = {
    format: FORMAT,
    environment,
    release: input.value('release') ?? terminal.version,
    time: new Date().toISOString(),
    previous: await headOf(input.value('previous'), environment, terminal),
    stacks,
  };
  const to = input.value('to') ?? join(out, 'evidence', `${environment}.jsonl`);
  const text = buildBundle(header, facts, signer);
  await writeWhole(to, text);
  const line = `${to}: ${facts.length} facts of ${stacks.length} stacks, release ${header.release}`;
  if (!terminal.json) terminal.out(`${line}\n`);
  const stored = store === undefined ? undefined : await storeEvidence(text, header, store);
  const said = { file: to, environment, release: header.release, facts: facts.length, stacks };
  if (terminal.json) terminal.out(`${JSON.stringify({ ...said, ...(stored && { stored }) }, null, 2)}\n`);
  else if (stored !== undefined) terminal.out(`${describeStored(stored)}\n`);
  return EXIT.ok;
}

async function headOf(path: string | undefined, environment: string, terminal: Terminal): Promise<string | null> {
  if (path === undefined) return null;
  const { header, head, findings } = await readBundle(path, terminal, undefined);
  if (findings.length > 0) throw unusableError(`${path} is not whole`, findings);
  if (header.environment === environment) return head;
  throw unusableError(`${path} is of ${header.environment}, not of ${environment}`);
}

/** Never half of it. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}
