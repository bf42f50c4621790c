import { createHash } from 'node:crypto';
import type { Command, Input, Terminal } from '../command.js';
import { usageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readStacks } from '../infra/graph.js';
import type { Fact, Row, Verdict } from '../infra/target.js';
import { verifyStacks } from '../infra/verify.js';
import { renderTable } from '../table.js';

export const infraVerify: Command = {
  about:
    'Reads keys, locks, recovery windows, TLS, networks and rights through the APIs of the cloud and compares each with ' +
    'the synthesised stack (docs/reference/infra-verify.md). It only reads. AWS: the credentials of the SDK; Google ' +
    'Cloud: gcloud; Azure: az.',
  parameters: [{ name: 'STACK', summary: 'aws-prod-vault, or aws-prod for all stacks of it', repeats: true }],
  flags: [
    { name: 'out', value: 'FOLDER', summary: 'where synth wrote (cdktf.out)' },
    { name: 'drift-only', summary: 'leave out what is as it should be' },
    { name: 'endpoint-url', value: 'URL', summary: 'ask everything there: a private endpoint, or a stand-in' },
  ],
  exits: [
    [EXIT.ok, 'everything is as synthesised'],
    [EXIT.no, 'something differs or does not exist'],
    [
      EXIT.unusable,
      'no stack, no credentials, no answer; or something could not be read, or nobody has said how, and nothing differs',
    ],
  ],
  examples: ['memoryctl infra verify aws-prod', 'memoryctl infra verify gcp-prod-vault --json | jq .summary'],
  run,
};

async function run(input: Input, terminal: Terminal): Promise<ExitCode> {
  const endpoint = input.value('endpoint-url');
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    throw usageError(`--endpoint-url ${endpoint} is not a URL`, 'such as https://localhost:5000');
  }
  const stacks = await readStacks(input.value('out') ?? 'cdktf.out', input.parameters);
  const rows = await verifyStacks(stacks, endpoint, terminal);
  const summary = summarise(rows);
  const shown = input.isSet('drift-only') ? rows.filter(({ verdict }) => verdict !== 'ok') : rows;
  terminal.out(terminal.json ? asJson(shown, summary) : asTable(shown, summary));
  if (summary.drift + summary.missing > 0) return EXIT.no;
  return summary.unreadable > 0 ? EXIT.unusable : EXIT.ok;
}

type Summary = Readonly<Record<Verdict, number>>;

function summarise(rows: readonly Row[]): Summary {
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length;
  return { ok: count('ok'), drift: count('drift'), missing: count('missing'), unreadable: count('unreadable') };
}

/** "not set" is null in JSON, where undefined would leave the field out. */
const asJson = (rows: readonly Row[], summary: Summary): string =>
  `${JSON.stringify({ summary, rows: rows.map((row) => ({ ...row, expected: row.expected ?? null, live: row.live ?? null })) }, null, 2)}\n`;

/** Characters of a value in a column, and in a line of its own. */
const WIDEST = { column: 48, line: 240 } as const;

/** A policy is longer than a table is wide: enough to see which, and a mark of all of it; `--json` has the whole. */
function shownFact(fact: Fact, place: keyof typeof WIDEST = 'column'): string {
  const text = fact === undefined ? '–' : String(fact);
  const longest = WIDEST[place];
  if (text.length <= longest) return text;
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 6);
  return `${text.slice(0, longest - 9)}… #${mark}`;
}

function asTable(rows: readonly Row[], summary: Summary): string {
  const lines = rows.map(({ resource, property, expected, live, verdict, reason }) => [
    resource,
    property,
    shownFact(expected),
    reason ?? shownFact(live),
    verdict,
  ]);
  const total = `${summary.ok} ok, ${summary.drift} drift, ${summary.missing} missing, ${summary.unreadable} unreadable\n`;
  if (rows.length === 0) return total;
  return `${renderTable(['RESOURCE', 'PROPERTY', 'EXPECTED', 'LIVE', 'VERDICT'], lines)}${remediesOf(rows)}${total}`;
}

/** A line of what is not as it should be: which resource, which setting, wanted, found, what to do. */
function remediesOf(rows: readonly Row[]): string {
  return rows
    .filter(({ remedy }) => remedy !== undefined)
    .map(({ resource, name, property, expected, live, reason, remedy }) => {
      const found = reason === undefined ? `found ${shownFact(live, 'line')}` : reason;
      return `${resource} (${name}) ${property}: wanted ${shownFact(expected, 'line')}, ${found}; ${remedy}\n`;
    })
    .join('');
}
