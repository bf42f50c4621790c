import { type Change, type Cost, type Policy, type Preview, readable } from './preview.js';

const SIGNS: Readonly<Record<Change['action'], string>> = {
  destroy: '-',
  replace: '-/+',
  forget: 'x',
  change: '~',
  move: '>',
  add: '+',
};

/** More new resources of one type than this are counted, not listed. */
const LISTED = 2;

/** For a terminal: what cannot be taken back stands before what changes. */
export const renderPreview = (preview: Preview): readonly string[] => [
  `${preview.stack}: ${totals(preview)}`,
  ...section('terraform refuses:', preview.refused),
  ...section(
    'cannot be taken back once applied:',
    columns(preview.irreversible.map(({ address, what }) => [readable(address), what])),
  ),
  ...section('changes:', changeLines(preview.changes)),
  ...policyLines(preview.policy),
  ...costLines(preview.cost),
  '',
];

function totals({ counts }: Preview): string {
  const { add, change, replace, destroy, move, forget } = counts;
  const rest = [...(move > 0 ? [`${move} to move`] : []), ...(forget > 0 ? [`${forget} to forget`] : [])];
  const all = [`${add} to add`, `${change} to change`, `${replace} to replace`, `${destroy} to destroy`, ...rest];
  return Object.values(counts).every((one) => one === 0) ? 'no changes' : all.join(', ');
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)];

function changeLines(changes: readonly Change[]): readonly string[] {
  const added = changes.filter(({ action }) => action === 'add');
  const types = [...new Set(added.map(({ type }) => type))].sort();
  return [
    ...changes.filter(({ action }) => action !== 'add').map(lineOf),
    ...types.flatMap((type) => {
      const ones = added.filter((one) => one.type === type);
      return ones.length > LISTED ? [`+ ${type} (${ones.length})`] : ones.map(lineOf);
    }),
  ];
}

function lineOf({ action, address, attributes, from }: Change): string {
  const why = action === 'replace' ? 'forced by ' : '';
  const detail = attributes.length === 0 ? '' : `  (${why}${attributes.join(', ')})`;
  return `${SIGNS[action]} ${readable(address)}${from === undefined ? '' : `  (was ${readable(from)})`}${detail}`;
}

function policyLines({ facts, holds, findings }: Policy): readonly string[] {
  const told = findings.map(({ verdict, rule, address, text }) => `${verdict} ${rule} ${address}: ${text}`);
  return [`  policy: ${holds} of ${facts} facts hold`, ...told.map((line) => `    ${line}`)];
}

const money = (amount: number): string => Math.round(amount).toLocaleString('en-US');
const signed = (amount: number): string => `${amount < 0 ? '-' : '+'}${money(Math.abs(amount))}`;

function costLines({ currency, monthly, monthlyAtMost, before, items }: Cost): readonly string[] {
  if (before === 0) return [`  cost: ${money(monthly)} ${currency} a month, at most ${money(monthlyAtMost)} (new)`];
  const delta = before === null ? 'what it cost before is not known' : `${signed(monthly - before)} to before`;
  const told = items.map(({ item, monthly: amount }) => [item, signed(amount)] as const);
  return [
    `  cost: ${money(monthly)} ${currency} a month, at most ${money(monthlyAtMost)} (${delta})`,
    ...(before === null ? [] : columns(told).map((line) => `    ${line}`)),
  ];
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}
