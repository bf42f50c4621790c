import type { Command, Input, Terminal } from '../command.js';
import { unusableError } from '../errors.js';
import { compareFacts, type Difference } from '../evidence/compare.js';
import { readBundle, verifierOf } from '../evidence/read.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { renderTable } from '../table.js';

export const infraEvidenceDiff: Command = {
  about:
    'Compares the evidence of two releases: what is new, what is gone, what has another value or verdict, and whether ' +
    'the second follows the first. Both are verified before.',
  parameters: [
    { name: 'BEFORE', summary: 'evidence of the earlier release' },
    { name: 'AFTER', summary: 'evidence of the later one' },
  ],
  flags: [{ name: 'public-key', value: 'FILE', summary: 'whose signature both must carry, in PEM' }],
  exits: [
    [EXIT.ok, 'they say the same'],
    [EXIT.no, 'they differ; each difference is printed'],
    [EXIT.unusable, 'one of them is no evidence, or not whole: nothing was decided'],
  ],
  examples: ['memoryctl infra evidence diff aws-prod-1.4.0.jsonl aws-prod-1.5.0.jsonl --public-key evidence.pub'],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const [first = '', second = ''] = input.parameters;
  const verifier = await verifierOf(input, terminal);
  const [before, after] = [await readBundle(first, terminal, verifier), await readBundle(second, terminal, verifier)];
  const problems = [
    ...before.findings.map((one) => `${first}: ${one}`),
    ...after.findings.map((one) => `${second}: ${one}`),
  ];
  if (problems.length > 0) throw unusableError('not both are what was signed', problems);
  if (before.header.environment !== after.header.environment) {
    throw unusableError(`${first} is of ${before.header.environment}, ${second} of ${after.header.environment}`);
  }
  const differences = compareFacts(before.facts, after.facts);
  const follows = after.header.previous === before.head;
  if (terminal.json) terminal.out(`${JSON.stringify({ follows, differences }, null, 2)}\n`);
  else terminal.out(render(differences, follows));
  return differences.length === 0 ? EXIT.ok : EXIT.no;
}

function render(differences: readonly Difference[], follows: boolean): string {
  const rows = differences.map(({ kind, rule, stack, address, attribute, before, after }) => [
    kind,
    rule,
    `${stack}/${address}`,
    attribute,
    before.join(', ') || '–',
    after.join(', ') || '–',
  ]);
  const table =
    rows.length === 0 ? '' : renderTable(['WHAT', 'RULE', 'RESOURCE', 'ATTRIBUTE', 'BEFORE', 'AFTER'], rows);
  const chain = follows ? 'the second follows the first' : 'the second does not name the first as its previous';
  return `${table}${rows.length === 0 ? 'no' : rows.length} difference${rows.length === 1 ? '' : 's'}; ${chain}\n`;
}
