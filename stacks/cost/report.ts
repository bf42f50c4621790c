import { type Estimate, type Line, sum } from './estimate.js';
import { HORIZON_DAYS } from './objects.js';

export interface PromisedRecovery {
  readonly environment: string;
  readonly promises: readonly {
    readonly promise: string;
    readonly promised: number | null;
    /** null: lost, or never back. */
    readonly derived: number | null;
    readonly because: string;
  }[];
}

const LAYERS = ['bootstrap', 'vault', 'plane'] as const;

const money = (amount: number): string => Math.round(amount).toLocaleString('en-US');

const ofLayer = ({ lines, environment }: Estimate, layer: string): number =>
  sum(lines.filter(({ stack }) => stack === `${environment}-${layer}`).map(({ monthly }) => monthly));

/** One line an environment, for the terminal. */
export function buildCostTable(estimates: readonly Estimate[]): readonly string[] {
  const [first] = estimates;
  if (first === undefined) return [];
  const heading = ['a month', ...LAYERS, 'total', 'at most', 'locked', ''];
  const rows = estimates.map((one) => [
    one.environment,
    ...LAYERS.map((layer) => money(ofLayer(one, layer))),
    money(one.monthly),
    money(one.monthlyAtMost),
    money(one.locked.total),
    `${one.currency}, list prices of ${one.book.date}, ${one.book.region}`,
  ]);
  return [heading, ...rows].map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(12) : column === cells.length - 1 ? ` ${cell}` : cell.padStart(10),
      )
      .join('')
      .trimEnd(),
  );
}

export function buildCostMarkdown(estimates: readonly Estimate[], recovery: readonly PromisedRecovery[]): string {
  return [
    '# What the environments cost, and what they promise\n',
    ...estimates.map(environmentSection),
    '## Recovery: promised and derived, in minutes\n',
    '| environment | promise | promised | settings give | because |\n|---|---|---|---|---|',
    ...recovery.flatMap(({ environment, promises }) =>
      promises.map(
        ({ promise, promised, derived, because }) =>
          `| ${environment} | ${promise} | ${promised ?? '–'} | ${derived ?? 'no recovery'} | ${because} |`,
      ),
    ),
    '',
  ].join('\n');
}

function environmentSection(one: Estimate): string {
  const { book, currency, lines, locked } = one;
  return [
    `## ${one.environment}\n`,
    `${money(one.monthly)} ${currency} a month at its smallest, ${money(one.monthlyAtMost)} with everything scaled out. ` +
      `Prices of ${book.date}, region ${book.region}. ${book.source} Stored objects and logs as after ${HORIZON_DAYS} days.\n`,
    locked.total === 0
      ? 'Nothing is locked so that it outlives the environment.\n'
      : `Cannot be switched off: ${Math.round(locked.gb)} GB of audit records of a year stay locked for up to ` +
        `${Math.round(locked.months)} months and cost ${money(locked.total)} ${currency} until then.\n`,
    ...(one.unpriced.length === 0 ? [] : [`Not in the estimate: ${one.unpriced.join(', ')}.\n`]),
    '| stack | item | unit | quantity | price | a month |\n|---|---|---|---|---|---|',
    ...grouped(lines).map(
      ({ stack, item, unit, quantity, price, monthly }) =>
        `| ${stack} | ${item} | ${unit} | ${Number(quantity.toFixed(1)).toLocaleString('en-US')} | ${Number(price.toFixed(4))} | ${money(monthly)} |`,
    ),
    '',
  ].join('\n');
}

/** The same item of one stack is one line; the dearest comes first. */
function grouped(lines: readonly Line[]): readonly Line[] {
  const groups = new Map<string, Line>();
  for (const line of lines) {
    const key = `${line.stack} ${line.item}`;
    const known = groups.get(key);
    groups.set(key, known === undefined ? line : merged(known, line));
  }
  return [...groups.values()].sort((a, b) => b.monthly - a.monthly);
}

const merged = (a: Line, b: Line): Line => ({
  ...a,
  quantity: a.quantity + b.quantity,
  monthly: a.monthly + b.monthly,
  monthlyAtMost: a.monthlyAtMost + b.monthlyAtMost,
});
