import { CONTROLS } from './controls.js';
import { described, type Proofs, type Proven } from './index.js';
import type { Rule } from './rule.js';

/** Rows of evidence that a table shows before it says how many more there are; all of them are in the SARIF file. */
const SHOWN = 3;

export function buildMarkdown(proofs: Proofs, rules: readonly Rule[]): string {
  const environments = [...new Set(proofs.all.map(({ environment }) => environment))];
  return [
    '# What was proved of these stacks',
    '',
    'Each line is read from the Terraform JSON beside this file. `proofs.sarif` has every single fact.',
    '',
    ...failures(proofs),
    ...controls(proofs),
    ...environments.flatMap((name) => section(name, proofs, rules)),
  ].join('\n');
}

function failures({ failures: failed, all }: Proofs): readonly string[] {
  const waived = all.filter((one) => one.waived !== undefined);
  const open = failed.length === 0 ? ['No failure.'] : failed.map((one) => `- ${escaped(one)}`);
  const accepted = waived.map((one) => `- ${escaped(described(one))}: waived, ${escaped(reasonOf(one))}`);
  return ['## Failures', '', ...open, '', ...(waived.length === 0 ? [] : ['## Waived', '', ...accepted, ''])];
}

const reasonOf = ({ waived }: Proven): string =>
  waived === undefined ? '' : `${waived.reason} (${waived.owner}, until ${waived.expires})`;

function controls({ all }: Proofs): readonly string[] {
  const ids = [...new Set(Object.values(CONTROLS).flat())].sort();
  const rows = ids.map((id) => {
    const mine = all.filter(({ rule }) => CONTROLS[rule.topic].includes(id));
    const rules = [...new Set(mine.map(({ rule }) => rule.id))];
    return `| ${id} | ${rules.length} | ${count(mine, 'pass')} | ${count(mine, 'warn')} | ${count(mine, 'fail')} |`;
  });
  return ['## By control', '', '| control | rules | holds | not yet | fails |', '|---|---|---|---|---|', ...rows, ''];
}

const count = (of: readonly Proven[], verdict: string): number =>
  of.filter(({ evidence }) => evidence.verdict === verdict).length;

function section(name: string, { all }: Proofs, rules: readonly Rule[]): readonly string[] {
  const rows = rules.flatMap((rule) => {
    const mine = all.filter((one) => one.environment === name && one.rule.id === rule.id);
    return mine.length === 0 ? [] : [row(rule, mine)];
  });
  const head = ['| rule | what it says | facts | evidence |', '|---|---|---|---|'];
  return [`## ${name}`, '', ...head, ...rows, ''];
}

function row({ id, title }: Rule, mine: readonly Proven[]): string {
  // What does not hold comes first.
  const worst = [...mine].sort((a, b) => Number(a.evidence.verdict === 'pass') - Number(b.evidence.verdict === 'pass'));
  const shown = worst.slice(0, SHOWN).map(({ evidence: { verdict, address, attribute, value } }) => {
    const mark = verdict === 'pass' ? '' : `**${verdict}** `;
    return `${mark}\`${address}\` ${attribute} = ${escaped(value)}`;
  });
  const more = mine.length > SHOWN ? [`and ${mine.length - SHOWN} more`] : [];
  return `| ${id} | ${escaped(title)} | ${mine.length} | ${[...shown, ...more].join('<br>')} |`;
}

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
