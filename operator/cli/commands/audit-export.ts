import { existsSync, readdirSync } from 'node:fs';
import { writeBundle } from '../../../app/audit/bundle.js';
import { httpSource } from '../../../app/audit/export.js';
import { readKey } from '../audit-service.js';
import type { Command, Input, Terminal } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { fetchTenant } from '../tenants/fetch-tenant.js';
import { readEndpointFlag } from '../tenants/service.js';

export const auditExport: Command = {
  about:
    'Writes all events up to now with their tree, their batches and their sealed details, and the checkpoint that was ' +
    'signed over them. Readers of C2SP tlog-tiles can read the folder as it is. Into a folder of an earlier export only ' +
    'what is new is added; its checkpoints stay, and the next verification compares with them too.',
  parameters: [{ name: 'FOLDER', summary: 'new, empty, or an earlier export of the same log' }],
  flags: [
    { name: 'endpoint', value: 'URL', summary: 'of the tenant' },
    { name: 'key-file', value: 'FILE', summary: 'holds a key that may read the log; - for standard input' },
  ],
  exits: [[EXIT.unusable, 'the service does not answer, or the key may not read the log']],
  examples: ['memoryctl audit export ./acme-audit --endpoint https://acme.memory.example.com --key-file key'],
  run,
};

async function run(input: Input, terminal: Terminal) {
  const [folder = ''] = input.parameters;
  const endpoint = readEndpointFlag(input)?.href;
  if (endpoint === undefined) throw usageError('no --endpoint was given', 'the URL of the tenant');
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(`${folder}/checkpoint`)) {
    throw unusableError(`${folder} holds something else`, ['give a new folder, or one of an earlier export']);
  }
  const source = httpSource(endpoint, await readKey(input, terminal), fetchTenant);
  const { size, files } = await writeBundle(source, folder).catch((cause: Error) => {
    throw unusableError(`the log of ${endpoint} could not be exported: ${reasonOf(cause)}`, [], cause);
  });
  if (terminal.json) terminal.out(`${JSON.stringify({ folder, size, files })}\n`);
  else terminal.out(`${folder}: ${size} events in ${files} files\n`);
  return EXIT.ok;
}

/** Of several addresses that were tried the error says nothing but its code. */
const reasonOf = ({ message, code }: NodeJS.ErrnoException): string => message || (code ?? 'no answer');
