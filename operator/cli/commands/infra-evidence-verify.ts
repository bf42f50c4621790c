import type { Command, Input, Terminal } from '../command.js';
import { usageError } from '../errors.js';
import type { OpenBundle } from '../evidence/bundle.js';
import { compareFacts } from '../evidence/compare.js';
import type { EvidenceFact } from '../evidence/fact.js';
import { readSynthesised } from '../evidence/facts.js';
import { demandVerifier, readBundle } from '../evidence/read.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { renderTable } from '../table.js';

export const infraEvidenceVerify: Command = {
  about:
    'Hashes every line, follows the chain, and compares it with the checkpoint that the given key signed. Needs no ' +
    'network. With --out the facts and the hashes of the stacks are also compared with what synth proved anew. With ' +
    '--control it lists the facts that are evidence for one control.',
  parameters: [{ name: 'FILE', summary: 'what "infra evidence sign" wrote, or - for standard input' }],
  flags: [
    { name: 'public-key', value: 'FILE', summary: 'whose signature counts, in PEM' },
    { name: 'out', value: 'FOLDER', summary: 'compare with what synth wrote there, of the same release' },
    {
      name: 'control',
      value: 'ID',
      summary: 'list what is evidence for it: HIPAA:164.312(c)(1), CKV_AWS_16, WORM-LOCK',
    },
  ],
  exits: [
    [EXIT.ok, 'whole, and signed by that key'],
    [EXIT.no, 'changed since it was signed, signed by another key, or not what synth proves; each finding is printed'],
    [EXIT.unusable, 'no key, or no evidence: nothing was decided'],
  ],
  examples: [
    'memoryctl infra evidence verify aws-prod.jsonl --public-key evidence.pub',
    'memoryctl infra evidence verify aws-prod.jsonl --public-key evidence.pub --out cdktf.out',
    "memoryctl infra evidence verify aws-prod.jsonl --public-key evidence.pub --control 'HIPAA:164.312(c)(1)'",
  ],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const [path = ''] = input.parameters;
  const bundle = await readBundle(path, terminal, await demandVerifier(input, terminal));
  const out = input.value('out');
  const findings = [...bundle.findings, ...(out === undefined ? [] : await unlike(bundle, out))];
  const listed = listedOf(bundle.facts, input.value('control'));
  const summary = summarise(bundle.facts);
  if (terminal.json) {
    const { header, head } = bundle;
    terminal.out(`${JSON.stringify({ header, head, findings, controls: summary, facts: listed ?? [] }, null, 2)}\n`);
  } else terminal.out(render(bundle, findings, summary, listed));
  return findings.length === 0 ? EXIT.ok : EXIT.no;
}

/** Where the bundle says something else than a synthesis of now. */
async function unlike({ header, facts }: OpenBundle, out: string): Promise<readonly string[]> {
  const now = await readSynthesised(out, header.environment);
  const hashes = new Map(now.stacks.map(({ name, sha256 }) => [name, sha256]));
  const stacks = header.stacks.filter(({ name, sha256 }) => hashes.get(name) !== sha256);
  return [
    ...stacks.map(({ name }) => `${name}: the stack in ${out} is not the one that was signed`),
    ...compareFacts(facts, now.facts).map(
      ({ rule, stack, address, attribute, before, after }) =>
        `${rule} ${stack} ${address} ${attribute}: signed ${before.join(', ') || 'nothing'}, proved ${after.join(', ') || 'nothing'}`,
    ),
  ];
}

const idsOf = ({ rule, controls, checkov, trivy }: EvidenceFact) => [rule, ...controls, ...checkov, ...trivy];

function listedOf(facts: readonly EvidenceFact[], control: string | undefined): readonly EvidenceFact[] | undefined {
  if (control === undefined) return undefined;
  const found = facts.filter((fact) => idsOf(fact).includes(control));
  if (found.length > 0) return found;
  const known = [...new Set(facts.flatMap(({ controls }) => controls))].sort();
  throw usageError(
    `nothing is evidence for ${control}`,
    `there are ${known.join(', ')}, and the ids of rules and scanners`,
  );
}

const VERDICTS = ['pass', 'not yet', 'waived', 'fail'] as const;

function summarise(facts: readonly EvidenceFact[]) {
  const controls = [...new Set(facts.flatMap((fact) => fact.controls))].sort();
  return controls.map((control) => {
    const mine = facts.filter((fact) => fact.controls.includes(control));
    const counts = VERDICTS.map(
      (verdict) => [verdict, mine.filter((fact) => fact.verdict === verdict).length] as const,
    );
    return { control, ...(Object.fromEntries(counts) as Record<EvidenceFact['verdict'], number>) };
  });
}

function render(
  { header, facts, head }: OpenBundle,
  findings: readonly string[],
  summary: ReturnType<typeof summarise>,
  listed: readonly EvidenceFact[] | undefined,
): string {
  const table =
    listed === undefined
      ? renderTable(
          ['CONTROL', 'HOLDS', 'NOT YET', 'WAIVED', 'FAILS'],
          summary.map((one) => [one.control, ...VERDICTS.map((verdict) => String(one[verdict]))]),
        )
      : renderTable(
          ['RULE', 'RESOURCE', 'ATTRIBUTE', 'VALUE', 'VERDICT'],
          listed.map((one) => [one.rule, `${one.stack}/${one.address}`, one.attribute, one.value, one.verdict]),
        );
  const verdict = findings.length === 0 ? 'whole and signed' : 'NOT WHAT WAS SIGNED';
  return [
    table,
    ...findings.map((one) => `found: ${one}\n`),
    `${header.environment}, release ${header.release}, ${header.time}: ${facts.length} facts, ${verdict}; head ${head}\n`,
  ].join('');
}
