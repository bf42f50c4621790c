import type { Command, Input, Terminal } from '../command.js';
import { unusableError } from '../errors.js';
import { readBundle } from '../evidence/read.js';
import { parseStore, type Stored, storeEvidence } from '../evidence/store.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';

export const infraEvidenceStore: Command = {
  about:
    'Puts signed evidence into a bucket with object lock, under COMPLIANCE, for as long as the bucket keeps what says ' +
    'nothing else: nobody can delete, overwrite or shorten it, root of the account included. A bucket that does not ' +
    'lock so is refused, and so is a file that is not whole. The name has the hash of the content, so storing it again ' +
    'changes nothing.',
  parameters: [
    { name: 'FILE', summary: 'what "infra evidence sign" wrote' },
    { name: 'BUCKET', summary: 's3://NAME[/PREFIX][?region=REGION&endpoint=URL] (PREFIX: evidence)' },
  ],
  flags: [],
  exits: [
    [EXIT.ok, 'there, locked, and the lock was read back'],
    [EXIT.unusable, 'not whole, no lock, no rights, no answer: nothing was stored'],
  ],
  examples: [
    'memoryctl infra evidence store aws-prod-1.5.0.jsonl "s3://memplane-prod-audit-123456789012?region=eu-central-1"',
  ],
  run,
};

async function run({ parameters: [file = '', bucket = ''] }: Input, terminal: Terminal): Promise<ExitCode> {
  const store = parseStore(bucket);
  const { header, findings } = await readBundle(file, terminal, undefined);
  if (findings.length > 0) throw unusableError(`${file} is not whole`, findings);
  const stored = await storeEvidence(await readText(file, terminal), header, store);
  if (terminal.json) terminal.out(`${JSON.stringify(stored, null, 2)}\n`);
  else terminal.out(`${describeStored(stored)}\n`);
  return EXIT.ok;
}

export const describeStored = ({ object, until, already }: Stored): string =>
  `${object}: ${already ? 'was there already, ' : ''}locked until ${until.toISOString().slice(0, 10)}`;
